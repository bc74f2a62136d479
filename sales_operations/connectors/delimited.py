"""Delimited text: CSV and its relatives with semicolons, tabs or bars, plain or in gzip, in any encoding."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from sales_operations.connectors.source import BATCH_ROWS, MAX_CELL, Fault, Header, Record, Rows, Source

DELIMITERS = ",;\t|"
MAX_LINE = 16 << 20
"""The longest line, in bytes, that is taken into memory."""
_BLOCK = 1 << 20
_SAMPLE = 1 << 16
_CHUNK = 1 << 17
"""Bytes decoded at a time; the default of 8 KiB takes a fifth longer."""
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Delimited(Source):
    """A text file with a delimiter. ``encoding`` and ``delimiter`` say what was found or given."""

    def __init__(self, path: Path, encoding: str | None = None, delimiter: str | None = None) -> None:
        super().__init__(path)
        self._zipped = path.suffix.lower() == ".gz"
        self._disk: BinaryIO | None = None
        sample = self._sample()
        self.encoding = self._encoding(sample, encoding)
        self._wide = codecs.lookup(self.encoding).name.startswith(("utf-16", "utf-32"))
        self.delimiter = delimiter or _sniffed(sample.decode(self.encoding, "replace"))
        if len(self.delimiter) != 1 or self.delimiter in '"\r\n':
            raise self.error(f"a delimiter is one character such as , or ; and not {self.delimiter!r}")
        header = Header()
        with self._text() as reader:
            try:
                for record in reader:
                    if not header.add(record, reader.line_num):
                        break
            except csv.Error as error:
                raise self._broken(error, 1, reader.line_num) from None
        self._before = self._take_header(header.records, header.lines)
        self._disk = None

    @property
    def bytes_read(self) -> int:
        """How far the latest reading has come, in bytes of the file."""
        return self._disk.tell() if self._disk and not self._disk.closed else self.bytes_total if self._disk else 0

    def batches(self, start: int = 0, size: int = BATCH_ROWS) -> Iterator[Rows]:
        """The rows behind the first ``start`` records, in batches of ``size``. Raises SourceError."""
        self._set_apart = False
        with self._text() as reader:
            position = -self._before
            while position < start:
                wanted = min(size, start - position) if position >= 0 else -position
                passed = self._records(reader, wanted, []).position
                position += passed
                if passed < wanted:
                    return
            while True:
                faults: list[Fault] = []
                taken = self._records(reader, size, faults)
                if not taken.rows and not faults:
                    return
                position += taken.position
                batch = self._sorted_out(taken.rows, taken.lines, position)
                batch.faults = faults + batch.faults
                yield batch

    def check(self) -> None:
        """Read every byte once: the encoding, NUL bytes, overlong lines, a broken gzip, a quote that stays open."""
        other = self.again()
        quotes = other._quotes()
        if quotes % 2:
            # Either a lone quote inside of a cell, which is harmless, or one that is never closed.
            for _ in other.batches():
                pass

    def _quotes(self) -> int:
        decoder = codecs.getincrementaldecoder(self.encoding)()
        count = 0
        with self._guarded() as stream, self._explained():
            while block := stream.read(_BLOCK):
                count += decoder.decode(block).count('"')
            decoder.decode(b"", final=True)
        return count

    def _sample(self) -> bytes:
        with self._guarded(wide=True) as stream, self._explained():
            return stream.read(_SAMPLE)

    def _encoding(self, sample: bytes, given: str | None) -> str:
        if given is None:
            return next((name for mark, name in _BOMS if sample.startswith(mark)), "utf-8")
        try:
            name = codecs.lookup(given).name
            "".encode(name)
        except LookupError:
            raise self.error(f"the encoding {given!r} is not known; common ones are utf-8, cp1252, latin-1") from None
        return "utf-8-sig" if name == "utf-8" else name

    @contextmanager
    def _guarded(self, wide: bool | None = None) -> Iterator[BinaryIO]:
        with self.path.open("rb") as disk:
            self._disk = disk
            content: Any = gzip.GzipFile(fileobj=disk) if self._zipped else disk
            yield io.BufferedReader(_Guard(content, self, self._wide if wide is None else wide), _BLOCK)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except UnicodeDecodeError:
            raise self._undecodable() from None
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise self.error(f"the gzip is damaged or cut short ({error}); copy or export it again") from None

    @contextmanager
    def _text(self) -> Iterator[Any]:
        csv.field_size_limit(MAX_CELL)
        with self._guarded() as stream:
            text = io.TextIOWrapper(stream, self.encoding, newline="")
            text._CHUNK_SIZE = _CHUNK  # type: ignore[attr-defined]
            with self._explained():
                yield csv.reader(text, delimiter=self.delimiter, strict=True)

    def _records(self, reader: Any, count: int, faults: list[Fault]) -> Rows:
        """Up to ``count`` records with their lines; the ``position`` of what is returned is the number passed."""
        taken: list[Record] = []
        lines: list[int] = []
        passed = 0
        while passed < count:
            part: list[Record] = []
            first = reader.line_num + 1
            broken: csv.Error | None = None
            try:
                part.extend(islice(reader, count - passed))
            except csv.Error as error:
                broken = error
            began = _began(part, first, reader.line_num if broken is None else None)
            taken += part
            lines += began[: len(part)]
            passed += len(part)
            if broken is None:
                break
            faults.append(self._fault(broken, began[-1], reader.line_num))
            passed += 1
        return Rows(taken, lines, [], passed)

    def _fault(self, error: csv.Error, first: int, last: int) -> Fault:
        if "expected after" not in str(error):
            raise self._broken(error, first, last)
        return Fault(first, "text follows a closing quote; inside of quotes, a quote is written twice", [])

    def _broken(self, error: csv.Error, first: int, last: int) -> Exception:
        if "end of data" in str(error):
            return self.error("a quote opens a cell and is never closed; close it, or double it if it is text", first)
        if "field limit" in str(error):
            return self.error(
                f"a cell is longer than {MAX_CELL} characters (at line {last}); often a quote that is never closed",
                first,
            )
        return self.error(f"cannot be read as delimited text: {error}", first)

    def _undecodable(self) -> Exception:
        """The error about the first byte that the encoding does not have, found by reading line by line."""
        decoder, name = codecs.getincrementaldecoder(self.encoding)(), self.encoding.removesuffix("-sig")
        with self._guarded() as stream:
            for number, line in enumerate(stream, 1):
                try:
                    decoder.decode(line)
                except UnicodeDecodeError as error:
                    place = error.start + 1
                    return self.error(
                        f"byte {place} of the line (0x{error.object[error.start]:02x}) is not {name}; say the "
                        "encoding with --encoding, such as --encoding cp1252",
                        number,
                    )
        return self.error(f"the end of the file is not {name}; it may have been cut short")


class _Guard(io.RawIOBase):
    """Passes bytes on, and refuses what no text file holds before it fills the memory."""

    def __init__(self, inner: BinaryIO, source: Source, wide: bool) -> None:
        self._inner, self._source, self._wide = inner, source, wide
        self._line, self._length = 1, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._inner.read(len(buffer))
        if not self._wide and b"\0" in block:
            line = self._line + block.count(b"\n", 0, block.index(b"\0"))
            raise self._source.error(
                "holds a NUL byte, so it is no text file; if it is UTF-16, say so with --encoding utf-16-le", line
            )
        ends = block.count(b"\n") or block.count(b"\r")
        tail = len(block) - 1 - max(block.rfind(b"\n"), block.rfind(b"\r"))
        self._line += ends
        self._length = tail if ends else self._length + len(block)
        if self._length > MAX_LINE:
            raise self._source.error(f"a line is longer than {MAX_LINE} bytes; it may be no delimited text", self._line)
        buffer[: len(block)] = block
        return len(block)


def _sniffed(sample: str) -> str:
    """The delimiter that gives the first records the most columns; a comma where none gives more than one."""
    widths = {mark: _width(sample, mark) for mark in DELIMITERS}
    return max(DELIMITERS, key=lambda mark: (widths[mark], -DELIMITERS.index(mark)))


def _width(sample: str, mark: str) -> tuple[int, int]:
    counts: list[int] = []
    with suppress(csv.Error):
        counts.extend(map(len, islice(filter(any, csv.reader(io.StringIO(sample, newline=""), delimiter=mark)), 12)))
    # The sample may end within its last record.
    counts = counts[:-1] if len(counts) > 2 else counts
    common = max(set(counts), key=lambda width: (counts.count(width), width), default=1)
    return (counts.count(common) if common > 1 else 0, common)


def _began(records: list[Record], first: int, last: int | None) -> list[int]:
    """The line that each record began on, and, as one entry more, the line behind them."""
    if last is not None and last - first + 1 == len(records):
        return list(range(first, last + 2))
    began = [first]
    for record in records:
        first += 1 + sum(cell.count("\n") + cell.count("\r") - cell.count("\r\n") for cell in record)
        began.append(first)
    return began
