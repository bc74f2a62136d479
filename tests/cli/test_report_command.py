"""The report command: what it prints, what it writes, and what it refuses."""

from __future__ import annotations

import csv
import json
from io import StringIO
from typing import Any

import pytest
from openpyxl import load_workbook

from sales_operations.pipeline.reporting.catalogue import KINDS


def test_list_names_every_report_and_which_are_scheduled(shop: Any) -> None:
    listed = shop.json("report", "list")["reports"]
    assert [row["name"] for row in listed] == list(KINDS)
    assert [row["name"] for row in listed if row["scheduled"]] == list(KINDS)[:4]
    shown = shop.invoke("report").stdout
    assert all(row["name"] in shown for row in listed)


@pytest.mark.parametrize("name", KINDS)
def test_every_report_is_printed_and_given_as_json(shop: Any, name: str) -> None:
    found = shop.json("report", name)
    assert (found["report"], found["currency"]) == (name, "USD")
    done = shop.invoke("report", name)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith(KINDS[name].title)
    assert "As of" in done.stdout


def test_a_narrow_terminal_gets_tables_in_blocks_and_no_number_is_cut(shop: Any, monkeypatch: Any) -> None:
    from rich.console import Console

    monkeypatch.setattr("sales_operations.cli.report.console", lambda: Console(width=60))
    monkeypatch.setattr("sales_operations.cli.common.console", lambda: Console(width=60))
    done = shop.invoke("report", "pipeline_summary")
    assert max(map(len, done.stdout.splitlines())) <= 60
    assert "$5,000.00" in done.stdout
    assert done.stdout.count("Won amount") == 1


@pytest.mark.parametrize("form", ["json", "csv", "html"])
def test_texts_go_to_standard_output_where_no_file_is_named(shop: Any, form: str) -> None:
    done = shop.invoke("report", "stage_report", "--format", form)
    assert done.exit_code == 0
    if form == "json":
        assert json.loads(done.stdout)["report"] == "stage_report"
    elif form == "csv":
        rows = list(csv.DictReader(StringIO(done.stdout, newline="")))
        assert [row["stage"] for row in rows][:2] == ["lead", "qualified"]
        assert next(row for row in rows if row["stage"] == "proposal")["amount"] == "5000.0"
    else:
        assert done.stdout.startswith("<!doctype html>")


def test_the_ending_of_the_file_names_the_format(shop: Any) -> None:
    for ending, begins in (("pdf", b"%PDF-"), ("xlsx", b"PK"), ("html", b"<!doctype html>"), ("csv", b"stage,")):
        file = shop.folder / "out" / f"stages.{ending}"
        done = shop.invoke("report", "stage_report", "--output", str(file))
        assert (done.exit_code, done.stdout) == (0, "")
        assert f"Written: {file}" in done.stderr
        assert file.read_bytes().startswith(begins)
    assert load_workbook(shop.folder / "out" / "stages.xlsx").sheetnames[1] == "Deals by stage"


def test_csv_has_the_table_that_is_asked_for_and_tells_of_the_others(shop: Any) -> None:
    first = shop.invoke("report", "win_loss", "--format", "csv")
    assert "Further tables of this report: lost_after, lead_sources; choose one with --table." in first.stderr
    done = shop.invoke("report", "win_loss", "--format", "csv", "--table", "lead_sources")
    assert (done.stdout.splitlines()[0].split(",")[0], done.stderr) == ("lead_source", "")


def test_a_report_of_an_earlier_day_is_that_of_the_day(shop: Any) -> None:
    now, then = (shop.json("report", "stage_report", *extra) for extra in ([], ["--as-of", "2000-01-01"]))
    assert (sum(one["count"] for one in now["stages"]), sum(one["count"] for one in then["stages"])) == (4, 0)
    assert then["as_of"] == "2000-01-01"
    known = shop.json("report", "stage_report", "--known-at", "2000-01-01")
    assert (known["known_at"], sum(one["count"] for one in known["stages"])) == ("2000-01-01", 0)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("funel", "there is no report 'funel'; use funnel"),
        ("everything", "there is no report 'everything'; use one of pipeline_summary, stage_report"),
        ("funnel --format docx", "format 'docx' does not exist; use one of json, csv, xlsx, html, pdf"),
        ("funnel --format pdf", "--format pdf needs a file: --output funnel.pdf"),
        ("funnel --json --format csv", "--json and --format csv ask for two things"),
        (
            "funnel --format csv --table nothing",
            "the report funnel has no table 'nothing'; it has stages, days_in_stage",
        ),
        ("funnel --format html --table stages", "a table is chosen for csv alone; html has them all"),
        ("quota_attainment --format csv", "the report quota_attainment has no table now: "),
        ("funnel --output sales_operations.db/x.pdf", "sales_operations.db/x.pdf cannot be written: "),
        ("funnel --as-of tomorrow", "as_of: 'tomorrow' is neither a date"),
    ],
)
def test_what_cannot_be_done_is_said(shop: Any, arguments: str, says: str) -> None:
    done = shop.invoke("report", *arguments.split())
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith(f"error: {says}")
