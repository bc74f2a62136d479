"""What every kind of file is read as: named columns, and rows of text with the line that each began on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from sales_operations.domain.errors import SourceError

BATCH_ROWS = 20_000
MAX_COLUMNS = 10_000
MAX_CELL = 1 << 20
"""The longest cell, in characters, that is read; a longer one ends the reading with an error."""
_TITLE_RECORDS = 10

Record = list[str]


@dataclass(frozen=True, slots=True)
class Fault:
    """A record that cannot be read as a row: the line that it begins on, why, and what stands there."""

    line: int
    reason: str
    cells: Record


@dataclass(slots=True)
class Rows:
    """One batch of a file. ``rows`` and ``lines`` are as long as each other; every row has a cell for each column.

    ``position`` counts the records of the file that have been passed, title and blank ones after the header included:
    handed back as ``start``, reading goes on behind them.
    """

    rows: list[Record]
    lines: list[int]
    faults: list[Fault]
    position: int


class Source(ABC):
    """A file that is open for reading, as often as wanted.

    ``columns`` are the header's names; one that is empty becomes ``column_N``. ``rows_total`` is None where counting
    would mean reading. ``bytes_total`` and ``bytes_read`` are for a progress bar; both count what lies on the disk.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.columns: list[str] = []
        self.warnings: list[str] = []
        self.rows_total: int | None = None
        self.bytes_total = path.stat().st_size
        self._header: Record = []
        self._set_apart = False

    @property
    @abstractmethod
    def bytes_read(self) -> int:
        """How far the latest reading has come, in bytes of the file."""

    @abstractmethod
    def batches(self, start: int = 0, size: int = BATCH_ROWS) -> Iterator[Rows]:
        """The rows behind the first ``start`` records, in batches of ``size``. Raises SourceError."""

    @abstractmethod
    def check(self) -> None:
        """Read through the file and raise SourceError for what would make a reading break off."""

    def again(self) -> Self:
        """The same file for another reading, which leaves this one's progress alone."""
        return copy(self)

    def error(self, message: str, line: int | None = None) -> SourceError:
        """An error about this file, and about a line of it if one is given."""
        return SourceError(f"{self.path}: line {line}: {message}" if line else f"{self.path}: {message}")

    def _take_header(self, first: list[Record], lines: list[int]) -> int:
        """Find the header among the first records and name the columns; gives the number of records up to it.

        One or more title lines, with a single cell each, may stand before a header of several columns.
        """
        filled = [index for index, record in enumerate(first) if any(map(str.strip, record))]
        if not filled:
            raise self.error("is empty: there is no header; export it again, with the column names in the first row")
        wide = [index for index in filled if sum(1 for cell in first[index] if cell.strip()) > 1]
        at = wide[0] if wide else filled[0]
        if at != filled[0]:
            self.warnings.append(f"{at - filled[0]} title line(s) before the header were left out")
        self._header = first[at]
        self.columns = self._named([cell.strip() for cell in self._header], lines[at])
        return at + 1

    def _named(self, names: list[str], line: int) -> list[str]:
        if len(names) > MAX_COLUMNS:
            raise self.error(f"has {len(names)} columns; at most {MAX_COLUMNS} can be read. Check the delimiter", line)
        places: dict[str, int] = {}
        for place, name in enumerate(names, 1):
            if not name:
                name = names[place - 1] = f"column_{place}"
                self.warnings.append(f"column {place} has no name; it is called {name}")
            if name in places:
                twice = (
                    f"the column {shortened(name)!r} stands there twice, as column {places[name]} and as column {place}"
                )
                raise self.error(f"{twice}; rename or remove one of them", line)
            places[name] = place
        return names

    def _sorted_out(self, records: list[Record], lines: list[int], position: int) -> Rows:
        """Rows of the right width; blank records, headings after them and repeated headers are left out."""
        width = len(self.columns)
        batch = Rows(records, lines, [], position)
        if set(map(len, records)) <= {width} and all(map(any, records)) and self._header not in records:
            self._set_apart = self._set_apart and not records
            return batch
        batch.rows, batch.lines = [], []
        for record, line in zip(records, lines, strict=True):
            filled = sum(1 for cell in record if cell)
            if not filled:
                self._set_apart = True
            elif record == self._header or (self._set_apart and filled == 1 and width > 1):
                self._leave_out(line)
            elif len(record) != width:
                batch.faults.append(Fault(line, _wrong_width(len(record), width), record))
            else:
                self._set_apart = False
                batch.rows.append(record)
                batch.lines.append(line)
        return batch

    def _leave_out(self, line: int) -> None:
        if not any(warning.startswith("headings") for warning in self.warnings):
            self.warnings.append(f"headings or a footer among the rows were left out, the first on line {line}")


@dataclass
class Header:
    """The first records of a file, from which the header is found."""

    records: list[Record] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def add(self, record: Record, line: int) -> bool:
        """Take one more record; False when no more are wanted."""
        self.records.append(record)
        self.lines.append(line)
        several = sum(1 for cell in record if cell.strip()) > 1
        return not several and len(self.records) < _TITLE_RECORDS


def shortened(text: str, length: int = 60) -> str:
    """A text cut to what fits into a message."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _wrong_width(found: int, width: int) -> str:
    few = "few" if found < width else "many"
    return f"too {few} cells: {found} where the header has {width}; look for a missing quote or delimiter"
