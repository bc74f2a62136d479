"""Opens a file as a source of rows, whatever its format, and refuses what cannot be one."""

from __future__ import annotations

import os
from pathlib import Path

from sales_operations.connectors.delimited import Delimited
from sales_operations.connectors.source import Source
from sales_operations.connectors.tables import Parquet, Workbook
from sales_operations.domain.errors import SourceError

_TEXT = (".csv", ".tsv", ".tab", ".txt")
_MAGIC = (
    (b"PK\x03\x04", ".xlsx", "a zip archive or an Excel workbook"),
    (b"PAR1", ".parquet", "a Parquet file"),
    (b"\x1f\x8b", ".gz", "a gzip file"),
    (b"\xd0\xcf\x11\xe0", ".xls", "an old Excel workbook (.xls); save it as .xlsx or CSV"),
    (b"%PDF", ".pdf", "a PDF document"),
)


def open_source(
    path: str | os.PathLike[str],
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> Source:
    """The file as a source of rows: CSV, TSV and relatives (also in gzip), ``.xlsx`` or ``.parquet``.

    Text is UTF-8, or UTF-16 with its mark; any other ``encoding`` has to be said. The delimiter is found among comma,
    semicolon, tab and bar. ``sheet`` names a sheet of a workbook.
    Raises SourceError for a file that is missing, empty, damaged, of another format than its name says, has a column
    twice or more than 10,000 of them.
    """
    file = Path(path)
    first = _first_bytes(file)
    name = file.name.lower()
    ending = file.suffix.lower()
    inner = Path(name[: -len(".gz")]).suffix if ending == ".gz" else ending
    if ending not in (".xlsx", ".parquet") and inner not in _TEXT:
        raise SourceError(f"{file}: {ending or 'a name without ending'} cannot be read; give .csv, .tsv, .txt "
                          "(each also as .gz), .xlsx or .parquet")  # fmt: skip
    found = next(((suffix, words) for magic, suffix, words in _MAGIC if first.startswith(magic)), ("", "text"))
    expected = ending if ending in (".xlsx", ".parquet", ".gz") else ""
    if found[0] != expected:
        wanted = {"": "text", ".gz": "a gzip file", ".xlsx": "an Excel workbook", ".parquet": "a Parquet file"}[
            expected
        ]
        raise SourceError(f"{file}: its name says {wanted}, but it is {found[1]}; rename it or export it again")
    if expected == ".xlsx":
        return Workbook(file, sheet)
    if sheet is not None:
        raise SourceError(f"{file}: only a workbook (.xlsx) has sheets; leave --sheet out")
    return Parquet(file) if expected == ".parquet" else Delimited(file, encoding, delimiter)


def _first_bytes(file: Path) -> bytes:
    try:
        if file.is_dir():
            raise SourceError(f"{file}: is a folder; name a file in it")
        with file.open("rb") as stream:
            first = stream.read(8)
    except FileNotFoundError:
        raise SourceError(f"{file}: there is no such file; check the path") from None
    except (OSError, ValueError) as error:
        raise SourceError(f"{file}: cannot be opened ({getattr(error, 'strerror', None) or error})") from None
    if not first:
        raise SourceError(f"{file}: is empty; export it again")
    return first
