"""The import command with all that can be wrong with a file: what it says, its exit code, and what it leaves alone."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from sales_operations.cli.main import app

COMMAND = Path(sys.executable).with_name("sales-operations")
HEADER = "id,name,stage,amount,currency,close_date\n"
GOOD = "d1,Loom,lead,1,USD,2026-01-01\n"
Make = Callable[[Path], Path]


def command(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["import", *map(str, arguments)])


def text(content: str | bytes, name: str = "deals.csv") -> Make:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return make


def workbook(*sheets: str) -> bytes:
    from openpyxl import Workbook

    book, held = Workbook(), io.BytesIO()
    book.remove(book.active)
    for name in sheets:
        sheet = book.create_sheet(name)
        for row in csv.reader(f"{HEADER}{GOOD}".splitlines()):
            sheet.append(row)
    book.save(held)
    return held.getvalue()


def parquet() -> bytes:
    import pyarrow
    import pyarrow.parquet

    held = io.BytesIO()
    columns = {"id": [f"d{n}" for n in range(5000)], "name": ["Loom"] * 5000, "stage": ["lead"] * 5000}
    pyarrow.parquet.write_table(pyarrow.table(columns), held)
    return held.getvalue()


def spoiled(content: bytes) -> bytes:
    """With another content in its middle."""
    middle = len(content) // 2
    return content[: middle - 50] + b"\xff" * 100 + content[middle + 50 :]


def a_folder(folder: Path) -> Path:
    path = folder / "deals.csv"
    path.mkdir()
    return path


def unreadable(folder: Path) -> Path:
    path = folder / "deals.csv"
    path.symlink_to(path)  # forbidden files are no hindrance for root
    return path


ZIPPED = gzip.compress((HEADER + GOOD * 5000).encode())
UMLAUT = f"{HEADER}d1,Müller,lead,1,USD,\n"
REFUSED: dict[str, tuple[Make, str, list[str]]] = {
    "a gzip cut short": (text(ZIPPED[:-20], "deals.csv.gz"), "the gzip is damaged or cut short .* export it again", []),
    "a spoiled gzip": (text(spoiled(ZIPPED), "deals.csv.gz"), "the gzip is damaged or cut short", []),
    "a spoiled workbook": (text(workbook("A")[:900], "deals.xlsx"), "the workbook is damaged .* save it again", []),
    "a text called workbook": (text(HEADER + GOOD, "deals.xlsx"), "its name says an Excel workbook, but it is text", []),
    "a parquet cut short": (text(parquet()[:-40], "deals.parquet"), "no Parquet file that can be read", []),
    "a spoiled parquet": (text(spoiled(parquet()), "deals.parquet"), "Parquet file is damaged .* export it again", []),
    "an empty file": (text(""), "is empty; export it again", []),
    "blank lines only": (text("\n\n \n"), "is empty: there is no header", []),
    "cp1252 that is not said": (text(UMLAUT.encode("cp1252")), r"line 2: byte 5 .*0xfc.* is not utf-8; .*--encoding cp1252", []),
    "Latin-1 said to be UTF-8": (text(UMLAUT.encode("latin-1")), "line 2: .* is not utf-8;", ["--encoding", "utf-8"]),
    "UTF-16 without its mark": (text((HEADER + GOOD).encode("utf-16-le")), "line 1: holds a NUL byte.*--encoding utf-16-le", []),
    "an encoding that is none": (text(HEADER + GOOD), "the encoding 'utf-7x' is not known", ["--encoding", "utf-7x"]),
    "a column twice": (text("id,name,stage,name\nd1,a,lead,b\n"), "the column 'name' stands there twice, as column 2 and", []),
    "a NUL byte": (text(f"{HEADER}d1,a\0b,lead,1,USD,\n"), "line 2: holds a NUL byte", []),
    "an unclosed quote": (text(f'{HEADER}{GOOD}d2,"Loom,lead,1,USD,\n{GOOD * 9}'), "line 3: a quote opens a cell and is never", []),
    "a long cell": (text(f"{HEADER}d1,{'x' * 1_100_000},lead,1,USD,\n"), "a cell is longer than 1048576 characters", []),
    "a folder": (a_folder, "is a folder; name a file in it", []),
    "an unreadable file": (unreadable, "cannot be opened", []),
    "a missing file": (lambda folder: folder / "deals.csv", "there is no such file; check the path", []),
    "another format": (text(b"%PDF-1.4", "deals.pdf"), r"\.pdf cannot be read; give \.csv", []),
    "foreign columns": (text("Nr,Title\n1,a\n"), "of no known source .*nothing gives id.*Write a mapping", []),
    "a mapping that is not there": (text(HEADER), "there is no mapping 'sugar'; give a file or one of", ["--mapping", "sugar"]),
    "a mapping without what is needed": (
        text("source: x\nkinds:\n  opportunities:\n    fields: {name: Title}\n", "half.yaml"),
        r"half.yaml:4: kinds.opportunities.fields: leaves out id",
        ["--mapping", "half.yaml"],
    ),
    "half a mapping": (
        text("source: x\nkinds:\n  opportunities:\n    fields: {id: [Nr\n", "half.yaml"),
        r"half.yaml:5: .*not YAML",
        ["--mapping", "half.yaml"],
    ),
    "a mapping for other columns": (text("Nr,Title\n1,a\n"), "nothing gives id", ["--mapping", "salesforce"]),
    "a sheet that is not there": (text(workbook("A", "B"), "deals.xlsx"), "has no sheet 'C'; it has 'A', 'B'", ["--sheet", "C"]),
    "a sheet of a text": (text(HEADER), "only a workbook .* has sheets", ["--sheet", "A"]),
    "a date that could be two": (text(f"{HEADER}d1,a,lead,1,USD,03/04/2026\n"), "could be month/day or .*--date-order", []),
    "a number that could be two": (
        text(f'{HEADER}d1,a,lead,"1.234",USD,\nd2,a,lead,"1,5",USD,\nd3,a,lead,"1.5",USD,\n'), "say which with --decimal", [],
    ),
    "a zone that is none": (text(HEADER + GOOD), "'Mars/Base' is not a time zone", ["--zone", "Mars/Base"]),
    "a currency that is none": (text(HEADER + GOOD), "'dollars' is not a three-letter", ["--currency", "dollars"]),
    "a decimal mark that is none": (text(HEADER + GOOD), r"'x' is none of \. and ,", ["--decimal", "x"]),
    "a day of export that is none": (text(HEADER + GOOD), "--exported: 'soon' is neither a date", ["--exported", "soon"]),
    "a delimiter that is none": (text(HEADER + GOOD), "a delimiter is one character", ["--delimiter", ",,"]),
    "too many columns": (text("id,stage," + ",".join(f"c{n}" for n in range(10_000)) + "\n"), "at most 10000 can be read", []),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("SALES_OPERATIONS_")]:
        monkeypatch.delenv(name)
    return tmp_path


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_imported_is_refused_with_a_reason_and_no_store_is_made(case: str, folder: Path) -> None:
    make, message, arguments = REFUSED[case]
    path = make(folder)
    if path.suffix == ".yaml":
        path = text("Nr,Title\n1,a\n")(folder)
    before = sorted(folder.iterdir())
    result = command("opportunities", path, *arguments)
    told = " ".join(result.stderr.split())
    assert result.exit_code == 2, told
    assert told.startswith("error: ")
    assert re.search(message, told), told
    assert result.stdout == ""
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("case", REFUSED)
def test_a_store_that_is_there_stays_as_it_was(case: str, stores: Any) -> None:
    if stores.backend == "postgresql" and case not in ("a long cell", "a date that could be two"):
        return  # what is refused before the store is opened knows no database
    stores.open()
    assert (
        command("opportunities", text(HEADER + GOOD, "first.csv")(stores.folder), "--database", stores.url).exit_code
        == 0
    )
    before = stores.dump()
    make, _, arguments = REFUSED[case]
    path = make(stores.folder)
    if path.suffix == ".yaml":
        path = text("Nr,Title\n1,a\n")(stores.folder)
    assert command("opportunities", path, *arguments, "--database", stores.url).exit_code == 2
    assert stores.dump() == before


CIRCLES = {
    "users": ("id,name,manager\nu1,Ada,u2\nu2,Ben,u1\n", "Ada → Ben → Ada; correct the manager"),
    "teams": ("id,name,parent\nt1,North,t2\nt2,South,t1\n", "North → South → North; correct the parent"),
}


@pytest.mark.parametrize("kind", CIRCLES)
def test_those_who_lead_each_other_in_a_circle_are_refused(kind: str, folder: Path) -> None:
    content, said = CIRCLES[kind]
    assert command(kind, text("id,name\nx,Zoe\n")(folder)).exit_code == 0
    result = command(kind, text(content)(folder), "--json")
    assert result.exit_code == 2
    assert f"deals.csv: {kind} lead each other in a circle" in result.stderr
    assert said in " ".join(result.stderr.split())
    assert result.stdout == ""


def test_an_unknown_kind_is_a_usage_error_that_lists_the_kinds(folder: Path) -> None:
    result = command("oportunities", text(HEADER + GOOD)(folder))
    assert result.exit_code == 2
    assert "'oportunities' is not one of" in " ".join(result.stderr.replace("│", " ").split())
    assert "'opportunities'" in result.stderr


ROWS = {
    "n1,a,lead,-5,USD,": ("amount", "is negative"),
    "n2,a,lead,NaN,USD,": ("amount", "is not a finite number"),
    "n3,a,lead,inf,USD,": ("amount", "is not a finite number"),
    "n4,a,lead,1e400,USD,": ("amount", "is"),
    "n5,a,lead,1,USD,0000-01-01": ("close_date", "has a year outside of 1900 to 2199"),
    "n6,a,lead,1,USD,9999-12-31": ("close_date", "has a year outside of 1900 to 2199"),
    "n7,a,lead,1,USD,2026-02-31": ("close_date", "is not a date; use YYYY-MM-DD"),
    "n8,a,Verbal,1,USD,": (
        "stage",
        'is no known stage; write a mapping with `extends: sales_operations` and under `stages:` the line `"Verbal": qualified`',
    ),
    "n9,a,lead,€5,USD,": ("amount", "is an amount in EUR, but the currency of the row is USD"),
    ",a,lead,1,USD,": ("id", "is missing"),
    "n10,a,lead": ("", "too few cells: 3 where the header has 6"),
}


@pytest.mark.parametrize("row", ROWS)
def test_a_row_that_cannot_be_used_is_rejected_with_its_reason_and_the_rest_comes_in(row: str, folder: Path) -> None:
    column, reason = ROWS[row]
    file = text(f"{HEADER}{GOOD}{row}\n")(folder)
    result = command("opportunities", file, "--json")
    assert result.exit_code == 0
    [told] = json.loads(result.stdout)["imports"]
    assert (told["read"], told["created"], told["rejected"]) == (2, 1, 1)
    [why] = told["reasons"]
    assert (why["line"], why["column"], why["rows"]) == (3, column, 1)
    assert why["reason"].startswith(reason)
    with Path(told["rejects_file"]).open(encoding="utf-8-sig", newline="") as stream:
        [reject] = csv.DictReader(stream)
    assert (reject["line"], reject["column"], reject["reason"]) == ("3", column, why["reason"])


def test_with_strict_rejects_are_an_exit_code_of_1_and_the_rest_is_in(folder: Path) -> None:
    file = text(f"{HEADER}{GOOD}d2,a,Verbal,1,USD,\n")(folder)
    strict = command("opportunities", file, "--strict")
    assert strict.exit_code == 1
    assert "rejected: line 3: stage 'Verbal' is no known stage" in strict.stderr
    assert command("opportunities", text(HEADER + GOOD)(folder), "--strict").exit_code == 0
    assert command("opportunities", file).exit_code == 0


def test_a_header_without_rows_is_said(folder: Path) -> None:
    result = command("opportunities", text(HEADER)(folder))
    assert result.exit_code == 0
    assert "there is no row below the header, so nothing was imported" in result.stderr


def test_of_a_workbook_with_two_sheets_the_first_is_read_and_said(folder: Path) -> None:
    file = text(workbook("Deals", "Notes"), "deals.xlsx")(folder)
    result = command("opportunities", file)
    assert result.exit_code == 0
    assert "only the first of 2 sheets is read, 'Deals'; another one with --sheet" in result.stderr
    assert command("opportunities", file, "--sheet", "Notes").exit_code == 0


def test_amounts_of_several_currencies_are_summed_apart_and_a_missing_rate_is_said(folder: Path) -> None:
    result = command("opportunities", text(f"{HEADER}{GOOD}d2,b,lead,2,EUR,\n")(folder), "--json")
    [told] = json.loads(result.stdout)["imports"]
    assert {currency: sums["store"] for currency, sums in told["amounts"].items()} == {"EUR": 2.0, "USD": 1.0}
    assert "amounts in EUR have no rate to USD" in told["warnings"][0]


def test_a_dry_run_makes_no_store_and_tells_what_would_be(folder: Path) -> None:
    file = text(f"{HEADER}{GOOD}d2,a,Verbal,1,USD,\n")(folder)
    before = sorted(folder.iterdir())
    dry = command("opportunities", file, "--dry-run")
    assert (dry.exit_code, sorted(folder.iterdir())) == (0, before)
    assert "Would import opportunities" in dry.stdout
    assert "rejected: line 3: stage 'Verbal'" in dry.stderr
    assert command("opportunities", file).exit_code == 0
    size = (folder / "sales_operations.db").stat().st_size
    told = json.loads(command("opportunities", file, "--dry-run", "--json").stdout)["imports"][0]
    assert (told["unchanged"], told["rejected"], told["dry_run"]) == (1, 1, True)
    assert (folder / "sales_operations.db").stat().st_size == size


def test_a_dry_run_leaves_an_empty_database_of_a_server_empty(new_database: Callable[..., str], folder: Path) -> None:
    import psycopg

    url = new_database()
    dry = command("opportunities", text(HEADER + GOOD)(folder), "--dry-run", "--database", url)
    assert dry.exit_code == 0, dry.stderr
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_what_came_in_before_a_file_that_cannot_is_told_all_the_same(folder: Path) -> None:
    first = text("id,name,manager\nu1,Ada,\n", "first.csv")(folder)
    second = text(CIRCLES["users"][0].replace("u1", "u8").replace("u2", "u9"), "second.csv")(folder)
    result = command("users", first, second, "--json")
    assert result.exit_code == 2
    assert [one["created"] for one in json.loads(result.stdout)["imports"]] == [1]
    assert "second.csv" in result.stderr


def run(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SALES_OPERATIONS_")}
    return subprocess.run(
        [str(COMMAND), "import", *map(str, arguments)],
        cwd=folder, capture_output=True, text=True, timeout=250, env=environment,
    )  # fmt: skip


def test_json_is_one_document_on_standard_output_and_the_rest_goes_to_standard_error(tmp_path: Path) -> None:
    rows = "".join(f"d{n},Deal {n},lead,1,USD,\n" for n in range(2_100))
    file = text(f"{HEADER[:-1]},owner\n" + rows.replace(",\n", ",,Ada\n") + "x,,Verbal,1,USD,,\n")(tmp_path)
    done = run(tmp_path, "opportunities", file, "--json")
    assert done.returncode == 0
    [told] = json.loads(done.stdout)["imports"]
    assert (told["read"], told["created"], told["rejected"]) == (2_101, 2_100, 1)
    shown = run(tmp_path, "opportunities", file)
    assert "Unchanged    2,100" in shown.stdout
    assert "warning: owner 'Ada' is no known record; kept as text in 2100 rows" in shown.stderr
    assert "warning" not in shown.stdout


MEASURED = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
print(done.stderr[:600])
"""


def wide(folder: Path) -> Path:
    path = folder / "wide.csv"
    path.write_text("id,stage," + ",".join(f"c{n}" for n in range(100_000)) + "\nd1,lead" + "," * 100_000 + "\n")
    return path


def one_huge_cell(folder: Path, quote: str = "") -> Path:
    path = folder / "huge.csv"
    with path.open("w") as stream:
        stream.write(f"{HEADER}{GOOD}d2,{quote}")
        for _ in range(100):
            stream.write(("x" * 1023 + ("\n" if quote else "x")) * 1024)
        stream.write(f"{quote},lead,1,USD,\n")
    return path


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (wide, "line 1: has 100002 columns; at most 10000 can be read. Check the delimiter"),
        (one_huge_cell, "line 3: a line is longer than 16777216 bytes"),
        (lambda folder: one_huge_cell(folder, '"'), "line 3: a cell is longer than 1048576 characters"),
    ],
    ids=["100,000 columns", "a cell of 100 MB in one line", "a quoted cell of 100 MB in many lines"],
)
def test_giants_are_refused_in_little_memory(make: Make, message: str, tmp_path: Path) -> None:
    path = make(tmp_path)
    before = sorted(tmp_path.iterdir())
    measured = subprocess.run(
        [sys.executable, "-c", MEASURED, str(COMMAND), "import", "opportunities", str(path)],
        cwd=tmp_path, capture_output=True, text=True, timeout=250, check=True,
    )  # fmt: skip
    figures, _, told = measured.stdout.partition("\n")
    code, megabytes = map(int, figures.split())
    assert (code, message in " ".join(told.split())) == (2, True), told
    assert megabytes < 1024
    assert sorted(tmp_path.iterdir()) == before
