"""Files that hold typed cells: Excel workbooks and Parquet. Their cells are given as text, like those of a CSV."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from sales_operations.connectors.source import BATCH_ROWS, MAX_CELL, Header, Record, Rows, Source

MAX_UNPACKED = 2 << 30
"""The largest workbook, in bytes when unpacked, that is opened."""


class Workbook(Source):
    """One sheet of an Excel workbook; the first one unless another is named."""

    def __init__(self, path: Path, sheet: str | None = None) -> None:
        super().__init__(path)
        self._done = 0
        self._unzip_check()
        from python_calamine import CalamineError, CalamineWorkbook

        try:
            with CalamineWorkbook.from_path(str(path)) as book:
                names = book.sheet_names
                if sheet is not None and sheet not in names:
                    raise self.error(f"has no sheet {sheet!r}; it has {', '.join(map(repr, names))}")
                if not names:
                    raise self.error("is empty: there is no sheet in it")
                self.sheet = names[0] if sheet is None else sheet
                self._cells = book.get_sheet_by_name(self.sheet)
        except (CalamineError, OSError, ValueError) as error:
            raise self.error(f"is no workbook that can be read ({error}); save it again as .xlsx") from None
        if sheet is None and len(names) > 1:
            self.warnings.append(
                f"only the first of {len(names)} sheets is read, {self.sheet!r}; another one with --sheet"
            )
        header = Header()
        for number, row in enumerate(self._cells.iter_rows(), 1):
            if not header.add([_text(cell) for cell in row], number):
                break
        self._before = self._take_header(header.records, header.lines)
        last = self._cells.end
        self.rows_total = max(0, last[0] + 1 - self._before) if last else 0

    @property
    def bytes_read(self) -> int:
        """How far the latest reading has come, in bytes of the file."""
        return self.bytes_total * self._done // max(1, self.rows_total or 0)

    def batches(self, start: int = 0, size: int = BATCH_ROWS) -> Iterator[Rows]:
        """The rows behind the first ``start`` records, in batches of ``size``. Raises SourceError."""
        self._set_apart = False
        numbered = islice(enumerate(self._cells.iter_rows(), 1), self._before + start, None)
        self._done = start
        while chunk := list(islice(numbered, size)):
            self._done += len(chunk)
            records = [[_text(cell) for cell in row] for _, row in chunk]
            for (line, _), record in zip(chunk, records, strict=True):
                if any(len(cell) > MAX_CELL for cell in record):
                    raise self.error(f"a cell is longer than {MAX_CELL} characters", line)
            yield self._sorted_out(records, [line for line, _ in chunk], self._done)

    def check(self) -> None:
        """Nothing is left to check: opening the workbook took all of the sheet in."""

    def _unzip_check(self) -> None:
        try:
            with zipfile.ZipFile(self.path) as archive:
                size = sum(entry.file_size for entry in archive.infolist())
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise self.error(f"the workbook is damaged ({error}); save it again as .xlsx") from None
        if size > MAX_UNPACKED:
            raise self.error(f"unpacks to {size} bytes, more than {MAX_UNPACKED}; save it as CSV")


class Parquet(Source):
    """A Parquet file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._done = 0
        with self._opened() as file:
            self.rows_total = file.metadata.num_rows
            self._header = list(file.schema_arrow.names)
        if not self._header:
            raise self.error("is empty: there is no column in it")
        self.columns = self._named([str(name).strip() for name in self._header], 1)

    @property
    def bytes_read(self) -> int:
        """How far the latest reading has come, in bytes of the file."""
        return self.bytes_total * self._done // max(1, self.rows_total or 0)

    def batches(self, start: int = 0, size: int = BATCH_ROWS) -> Iterator[Rows]:
        """The rows behind the first ``start`` records, in batches of ``size``; a row's line is its number from 1."""
        self._set_apart = False
        self._done = passed = 0
        with self._opened() as file:
            for part in self._parts(file, size):
                first, passed = passed, passed + part.num_rows
                if passed <= start:
                    continue
                part = part.slice(max(0, start - first))
                self._done = passed
                records = [list(row) for row in zip(*map(self._column, part.columns), strict=True)]
                yield self._sorted_out(records, list(range(passed - len(records) + 1, passed + 1)), passed)

    def check(self) -> None:
        """Read every page once, without taking its cells apart."""
        with self._opened() as file:
            for _ in self._parts(file, BATCH_ROWS):
                pass

    def _opened(self) -> Any:
        import pyarrow.parquet

        try:
            return pyarrow.parquet.ParquetFile(self.path)
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            raise self.error(f"is no Parquet file that can be read ({_first_line(error)}); export it again") from None

    def _parts(self, file: Any, size: int) -> Iterable[Any]:
        import pyarrow

        try:
            yield from file.iter_batches(batch_size=size)
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            raise self.error(f"the Parquet file is damaged ({_first_line(error)}); export it again") from None

    def _column(self, column: Any) -> Record:
        import pyarrow
        import pyarrow.compute

        kind = column.type
        if pyarrow.types.is_dictionary(kind):
            column = column.cast(kind.value_type)
            kind = column.type
        if not (pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind)):
            return [_text(cell) for cell in column.to_pylist()]
        longest = pyarrow.compute.max(pyarrow.compute.utf8_length(column)).as_py() or 0
        if longest > MAX_CELL:
            raise self.error(f"a cell is longer than {MAX_CELL} characters")
        return ["" if cell is None else cell for cell in column.to_pylist()]


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _text(cell: Any) -> str:
    """A typed cell as the text that the parsers read: ISO dates, plain numbers, nothing for no value."""
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return _number(cell)
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    if isinstance(cell, list | dict | tuple):
        return orjson.dumps(cell, default=str).decode()
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace")
    return str(cell)


def _number(value: float) -> str:
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = repr(value)
    # A fourth decimal place, so that 1.234 can only be read with a decimal point.
    return f"{text}0" if len(text.partition(".")[2]) == 3 and "e" not in text else text
