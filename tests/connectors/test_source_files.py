from __future__ import annotations

import datetime
import gzip
import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest

from sales_operations.connectors.files import open_source
from sales_operations.connectors.source import Rows, Source
from sales_operations.domain.errors import SourceError

Write = Callable[..., Path]


def all_of(source: Source, **keywords: Any) -> Rows:
    """Every row of a source, as one batch."""
    found = Rows([], [], [], 0)
    for batch in source.batches(**keywords):
        found.rows += batch.rows
        found.lines += batch.lines
        found.faults += batch.faults
        found.position = batch.position
    return found


def read_through(path: Path) -> None:
    source = open_source(path)
    source.check()
    all_of(source)


def workbook(rows: list[list[Any]], sheets: tuple[str, ...] = ("Deals",)) -> bytes:
    book = openpyxl.Workbook()
    for place, name in enumerate(sheets):
        sheet = book.active if place == 0 else book.create_sheet()
        sheet.title = name
        for row in rows if place == 0 else [["other"], ["x"]]:
            sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


NOISE = random.Random(1).randbytes(9000).hex().encode()
BAD = {
    "an empty file": (b"", "a.csv", "is empty"),
    "a file of blank lines": (b"\n\n \n", "a.csv", "there is no header"),
    "an empty gzip": (gzip.compress(b""), "a.csv.gz", "there is no header"),
    "a gzip cut short": (gzip.compress(b"id,name\n" + NOISE)[:-400], "a.csv.gz", "gzip is damaged"),
    "a gzip with wrong bytes inside": (gzip.compress(NOISE)[:20] + b"\xff" * 60, "a.csv.gz", "gzip is damaged"),
    "a CSV that is called gzip": (b"id,name\n", "a.csv.gz", "its name says a gzip file, but it is text"),
    "a gzip that is called CSV": (gzip.compress(b"id\n1\n"), "a.csv", "but it is a gzip file"),
    "a workbook that is called CSV": (workbook([["id"], [1]]), "a.csv", "an Excel workbook; rename"),
    "a CSV that is called workbook": (b"id,name\n1,2\n", "a.xlsx", "its name says an Excel workbook, but it is text"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.xlsx", "old Excel workbook"),
    "a corrupt workbook": (b"PK\x03\x04" + b"junk" * 50, "a.xlsx", "workbook is damaged"),
    "a workbook cut short": (workbook([["id"], [1]])[:-300], "a.xlsx", "workbook is damaged"),
    "a corrupt Parquet file": (b"PAR1" + b"junk" * 50 + b"PAR1", "a.parquet", "no Parquet file"),
    "a CSV that is called Parquet": (b"id,name\n", "a.parquet", "but it is text"),
    "a kind of file that cannot be read": (b"{}", "a.json", ".json cannot be read"),
    "a file without ending": (b"id\n", "deals", "cannot be read"),
    "a NUL byte": (b"id,name\n1,a\n2,b\0\n", "a.csv", "line 3: holds a NUL byte"),
    "UTF-16 without its mark": ("id,name\n1,a\n".encode("utf-16-le"), "a.csv", "--encoding utf-16-le"),
    "bytes of another encoding": (
        "id,name\n1,ok\n2,Zoë\n".encode("cp1252"),
        "a.csv",
        "line 3: byte 5 of the line (0xeb) is not utf-8; say the encoding with --encoding",
    ),
    "a quote that is never closed": (
        b'id,name\n1,a\n2,"b\n3,c\n',
        "a.csv",
        "line 3: a quote opens a cell and is never",
    ),
    "the same column twice": (b"id,name,id\n", "a.csv", "'id' stands there twice, as column 1 and as column 3"),
    "the same column twice but for blanks": (b"id,name, id \n", "a.csv", "stands there twice"),
}


@pytest.mark.parametrize("case", BAD, ids=str)
def test_a_file_that_cannot_be_read_is_refused_with_what_is_wrong(case: str, write: Write) -> None:
    content, name, message = BAD[case]
    with pytest.raises(SourceError) as refused:
        read_through(write(content, name))
    assert message in str(refused.value)
    assert name in str(refused.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        open_source(tmp_path / "none.csv")
    with pytest.raises(SourceError, match="is a folder"):
        open_source(tmp_path)


def test_a_field_of_100_mb_is_refused_before_it_fills_the_memory(write: Write) -> None:
    path = write(b"id,note\n1,x\n2,")
    with path.open("ab") as stream:
        for _ in range(100):
            stream.write(b"x" * 1_000_000)
    with pytest.raises(SourceError, match="line 3: a line is longer than"):
        open_source(path).check()


def test_a_long_field_of_short_lines_is_refused(write: Write) -> None:
    path = write(b'id,note\n1,"' + b"line\n" * 300_000 + b'"\n')
    with pytest.raises(SourceError, match="line 2: a cell is longer than"):
        all_of(open_source(path))


def test_a_hundred_thousand_columns_are_refused(write: Write) -> None:
    header = ",".join(f"c{number}" for number in range(100_000))
    with pytest.raises(SourceError, match="has 100000 columns; at most 10000"):
        open_source(write(f"{header}\n"))


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-8", None), ("utf-8-sig", None), ("utf-16", None), ("cp1252", "cp1252"), ("utf-16-le", "utf-16-le")],
)
def test_text_is_read_in_its_encoding(encoding: str, said: str | None, write: Write) -> None:
    source = open_source(write("id,name\n1,Zoë Müller\n".encode(encoding)), encoding=said)
    source.check()
    assert source.columns == ["id", "name"]
    assert all_of(source).rows == [["1", "Zoë Müller"]]


def test_an_encoding_that_does_not_exist_is_refused(write: Write) -> None:
    with pytest.raises(SourceError, match="'klingon' is not known"):
        open_source(write("id\n"), encoding="klingon")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str, write: Write) -> None:
    text = f'id{delimiter}name\n1{delimiter}"Mills, ltd; & | co"\n2{delimiter}b\n'
    source = open_source(write(text))
    assert all_of(source).rows == [["1", "Mills, ltd; & | co"], ["2", "b"]]


def test_a_delimiter_can_be_said_and_a_single_column_needs_none(write: Write) -> None:
    assert open_source(write("a:b\n1:2\n"), delimiter=":").columns == ["a", "b"]
    assert all_of(open_source(write("id\n1\n2\n"))).rows == [["1"], ["2"]]
    with pytest.raises(SourceError, match="a delimiter is one character"):
        open_source(write("a,b\n"), delimiter="::")


def test_a_header_alone_is_a_file_without_rows(write: Write) -> None:
    source = open_source(write("id,name\n"))
    source.check()
    assert list(source.batches()) == []


def test_a_column_without_a_name_is_called_by_its_number(write: Write) -> None:
    source = open_source(write("id,,name\n1,2,3\n"))
    assert source.columns == ["id", "column_2", "name"]
    assert source.warnings == ["column 2 has no name; it is called column_2"]


def test_rows_carry_the_line_that_they_begin_on(write: Write) -> None:
    text = 'id,note\r\n1,"two\r\nlines"\r\n2,"and\n\nthree"\n\n3,x\n'
    found = all_of(open_source(write(text)))
    assert [row[0] for row in found.rows] == ["1", "2", "3"]
    assert found.lines == [2, 4, 8]


def test_rows_of_the_wrong_width_or_with_stray_quotes_are_faults_of_their_own(write: Write) -> None:
    found = all_of(open_source(write('id,name\n1,a\n2\n3,b,c\n"4"x,d\n5,e\n')))
    assert found.rows == [["1", "a"], ["5", "e"]]
    assert [(fault.line, fault.reason.partition(":")[0]) for fault in found.faults] == [
        (5, "text follows a closing quote; inside of quotes, a quote is written twice"),
        (3, "too few cells"),
        (4, "too many cells"),
    ]


def test_formulas_are_data(write: Write) -> None:
    assert all_of(open_source(write("id,name\n1,=1+1\n2,@cmd\n"))).rows == [["1", "=1+1"], ["2", "@cmd"]]


def test_title_lines_and_a_footer_are_left_out_with_a_warning(write: Write) -> None:
    source = open_source(write("Deals of May\n\nid,stage\n1,Won\n\n\nGrand total\nCopyright\n"))
    assert all_of(source).rows == [["1", "Won"]]
    assert [warning.partition(",")[0] for warning in source.warnings] == [
        "2 title line(s) before the header were left out",
        "headings or a footer among the rows were left out",
    ]


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "xlsx", "parquet"])
def test_reading_goes_on_where_it_stopped(ending: str, write: Write) -> None:
    rows = [[str(number), f"deal {number}"] for number in range(25)]
    if ending == "xlsx":
        content = workbook([["id", "name"], *rows])
    elif ending == "parquet":
        buffer = io.BytesIO()
        pyarrow.parquet.write_table(
            pyarrow.table({"id": [row[0] for row in rows], "name": [row[1] for row in rows]}), buffer
        )
        content = buffer.getvalue()
    else:
        content = b"id,name\n" + "".join(f"{','.join(row)}\n" for row in rows).encode()
        content = gzip.compress(content) if ending == "csv.gz" else content
    source = open_source(write(content, f"deals.{ending}"))
    source.check()
    assert source.bytes_read == 0
    first = next(iter(source.batches(size=10)))
    rest = all_of(source, start=first.position, size=10)
    assert first.rows + rest.rows == rows
    assert rest.position == 25
    assert source.rows_total in (25, None)
    assert source.bytes_read == source.bytes_total


def test_a_workbook_gives_dates_and_numbers_as_plain_text(write: Write) -> None:
    rows = [
        ["id", "when", "amount", "open", "none"],
        [1.0, datetime.datetime.fromisoformat("2024-05-01T10:30"), 1.234, True, None],
        ["x", datetime.date(2024, 5, 1), 1_000_000, False, ""],
    ]
    source = open_source(write(workbook(rows, ("Deals", "Notes")), "a.xlsx"))
    assert all_of(source).rows == [
        ["1", "2024-05-01T10:30:00", "1.2340", "true", ""],
        ["x", "2024-05-01", "1000000", "false", ""],
    ]
    assert "only the first of 2 sheets is read" in source.warnings[0]
    assert open_source(source.path, sheet="Notes").columns == ["other"]
    with pytest.raises(SourceError, match="has no sheet 'Leads'; it has 'Deals', 'Notes'"):
        open_source(source.path, sheet="Leads")


def test_a_sheet_that_begins_further_down_keeps_its_line_numbers(write: Write) -> None:
    book = openpyxl.Workbook()
    for cell, value in {"B3": "id", "C3": "name", "B4": 7, "C4": "x"}.items():
        book.active[cell] = value
    content = io.BytesIO()
    book.save(content)
    source = open_source(write(content.getvalue(), "a.xlsx"))
    found = all_of(source)
    assert (found.rows, found.lines, source.rows_total) == ([["7", "x"]], [4], 1)


def test_a_parquet_file_gives_its_typed_columns_as_text(write: Write) -> None:
    table = pyarrow.table(
        {
            "id": [1, None],
            "at": pyarrow.array(
                [datetime.datetime(2024, 5, 1, 10, tzinfo=datetime.UTC), None], pyarrow.timestamp("us", "UTC")
            ),
            "kind": pyarrow.array(["a", None]).dictionary_encode(),
            "tags": [["x", "y"], None],
        }
    )
    content = io.BytesIO()
    pyarrow.parquet.write_table(table, content)
    found = all_of(open_source(write(content.getvalue(), "a.parquet")))
    assert found.rows == [["1", "2024-05-01T10:00:00+00:00", "a", '["x","y"]']]
    assert found.lines == [1]


def test_a_sheet_of_a_text_file_is_refused(write: Write) -> None:
    with pytest.raises(SourceError, match="only a workbook"):
        open_source(write("id\n"), sheet="Deals")
