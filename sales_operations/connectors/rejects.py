"""The file of rejects: what was wrong with which row, and the row itself, to be mended and imported again."""

from __future__ import annotations

import csv
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from sales_operations.connectors.batch import Reject
from sales_operations.domain.errors import SourceError

_HEADER = ("line", "column", "value", "reason")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+\-]?[0-9][0-9.,]*")


def rejects_path(source: Path) -> Path:
    """Where the rejects of a file go: ``<name>.rejects.csv`` beside it."""
    return source.with_name(f"{source.name}.rejects.csv")


class RejectsFile:
    """Writes rejects as CSV: line, column, value, reason, then the row's own columns.

    Cells that a spreadsheet would take for formulas get an apostrophe before them. The file appears as a whole when the
    ``with`` block ends, an error inside of it included, and only if there are rejects; an older one of the name goes.
    Raises SourceError where it cannot be written.
    """

    def __init__(self, target: Path, columns: list[str]) -> None:
        self.target = target
        self.count = 0
        self._columns = columns
        self._file: IO[str] | None = None
        self._writer: Any = None

    def write(self, rejects: Iterable[Reject]) -> None:
        """Add rejects."""
        for reject in rejects:
            if self._file is None:
                self._begin()
            self.count += 1
            cells = (str(reject.line), reject.column, reject.value, reject.reason, *reject.row)
            self._writer.writerow([escaped(cell) for cell in cells])

    def __enter__(self) -> RejectsFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._file is None:
                self.target.unlink(missing_ok=True)
                return
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            Path(self._file.name).replace(self.target)
        except OSError as problem:
            raise self._error(problem) from None

    def _begin(self) -> None:
        try:
            self._file = tempfile.NamedTemporaryFile(  # noqa: SIM115 (closed when the block ends)
                "w",
                encoding="utf-8-sig",
                newline="",
                dir=self.target.parent,
                prefix=f".{self.target.name}.",
                delete=False,
            )
        except OSError as problem:
            raise self._error(problem) from None
        self._writer = csv.writer(self._file)
        self._writer.writerow([escaped(name) for name in (*_HEADER, *self._columns)])

    def _error(self, problem: OSError) -> SourceError:
        reason = problem.strerror or problem
        return SourceError(
            f"{self.target}: the rejects cannot be written ({reason}); name another place with --rejects"
        )


def escaped(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; plain numbers stay as they are."""
    return f"'{cell}" if cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell) else cell
