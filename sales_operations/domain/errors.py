"""The errors a caller can meet, as a tree. Each says what was wrong, where, and what to do."""

from __future__ import annotations

from dataclasses import dataclass


class SalesOperationsError(Exception):
    """Root of every error that this package raises on purpose."""


class InvalidInput(SalesOperationsError, ValueError):
    """A value that a caller passed in cannot be used."""


class NotFound(SalesOperationsError, LookupError):
    """A record, period, method or stage of that name does not exist."""


class Conflict(SalesOperationsError):
    """Another writer changed the record after it was read; read it again and repeat the change."""


class Disabled(SalesOperationsError):
    """A switch of the configuration turns this off; the message names the key."""


class GateUnmet(SalesOperationsError):
    """A stage asks for more before the deal may go on; ``reasons`` lists all that is missing."""

    def __init__(self, message: str, reasons: tuple[str, ...] = ()) -> None:
        self.reasons = reasons
        super().__init__(message)


class NotAllowed(SalesOperationsError):
    """This person may not do that; the message says who may."""


class StoreError(SalesOperationsError):
    """The store cannot be opened, read or written."""


class StoreMissing(StoreError):
    """A store was named, but nothing is there to read."""


class SourceError(SalesOperationsError):
    """A file that should be imported cannot be read at all."""


class HistoryTooThin(SalesOperationsError):
    """There is not enough history for an honest estimate; the message says what is missing."""


@dataclass(frozen=True)
class Problem:
    """One finding about a configuration file: where it is, what is wrong, what to do."""

    key: str
    message: str
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file and self.line else f"{self.file}: " if self.file else ""
        return f"{place}{self.key}: {self.message}"


class SettingsError(SalesOperationsError, ValueError):
    """The configuration cannot be used; ``problems`` lists every finding, not just the first."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))
