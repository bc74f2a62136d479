"""What reading a file gives: batches of typed columns, and the rows that were rejected, each with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sales_operations.connectors.parse import Errors
from sales_operations.connectors.source import Record, Rows, shortened


@dataclass(frozen=True, slots=True)
class Reject:
    """One value that cannot be used: the line its row begins on, its column, the value shortened, the reason.

    ``column`` and ``value`` are empty where the row as a whole is at fault. ``row`` holds the cells as they stand.
    """

    line: int
    column: str
    value: str
    reason: str
    row: Record


@dataclass(slots=True)
class Batch:
    """Records of one kind, as columns of the same length.

    ``lines``: where each record begins in the file. ``columns``: field to values; None is unknown or missing. Types:
    str, int, float (shares from 0 to 1), Decimal, bool; amounts are minor units of the row's ``currency``; dates are
    ``YYYY-MM-DD``; instants are microseconds since 1970 in UTC; references are the text that stands in the file.
    ``attributes``: JSON objects of what stands in other columns.

    ``read`` = records + ``rejected`` + ``skipped``, counted in rows of the file. A row whose records lie in two batches
    is counted in one of them; the other has ``read`` 0. ``position`` is what to hand to ``start`` once this batch is
    safe: of two batches of the same rows, the first has the place before them. ``end`` is the place behind the rows of
    either. ``sums``: for amounts, currency to the sum of all rows read, rejected ones included where they have one.
    ``rows``: the cells that the records come from, where the store may still refuse one.
    """

    kind: str
    lines: list[int]
    columns: dict[str, list[Any]]
    attributes: list[bytes | None]
    rejects: list[Reject] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    read: int = 0
    rejected: int = 0
    skipped: int = 0
    position: int = 0
    end: int = 0
    sums: dict[str, dict[str, int]] = field(default_factory=dict)
    rows: Sequence[Record] = ()

    def __len__(self) -> int:
        return len(self.lines)


class Problems:
    """Values of a batch that cannot be used, by row, and rows that are left out on purpose."""

    def __init__(self) -> None:
        self._found: dict[int, list[tuple[str, str, str]]] = {}
        self.skipped: set[int] = set()

    @property
    def rows(self) -> set[int]:
        """The rows with a problem, from 0."""
        return set(self._found)

    def add(self, column: str, texts: Sequence[str] | Mapping[int, str], errors: Errors) -> None:
        """Take up the errors of a column. ``texts``: its cells, by row."""
        for row, reason in errors.items():
            self._found.setdefault(row, []).append((column, shortened(texts[row], 80), reason))

    def rejects(self, batch: Rows) -> Iterator[Reject]:
        """The problems as rejects of the batch's rows."""
        for row, found in self._found.items():
            for column, value, reason in found:
                yield Reject(batch.lines[row], column, value, reason, batch.rows[row])
