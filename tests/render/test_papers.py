"""Papers in every format: what a spreadsheet must not execute, what charts show, and that pages fetch nothing."""

from __future__ import annotations

import csv
import re
from io import BytesIO, StringIO

import pypdfium2
import pytest
from openpyxl import load_workbook

from sales_operations.render import charts
from sales_operations.render.pages import as_html, as_pdf
from sales_operations.render.paper import Chart, Column, Paper, Table
from sales_operations.render.sheets import as_csv, as_xlsx, safe

COLUMNS = (
    Column("rep", "Sales rep"),
    Column("won", "Won", "money"),
    Column("quota", "Quota", "money"),
    Column("rate", "Win rate", "share"),
    Column("deals", "Deals", "count"),
)
ROWS = [["Ada <b>&", 1234.5, 2000, 0.625, 1200], ['=HYPERLINK("http://evil")', -3, None, None, 0]]
TABLE = Table("reps", "Reps [all]", COLUMNS, ROWS, Chart("Won against quota", "rep", ("won", "quota")), "A note.")
PAPER = Paper(
    *("scorecard", "Scorecard", "Each <i>rep</i>.", [("As of", "2026-05-20"), ("Sum", "-3")], [TABLE]),
    *([("won", "Won deals.")], "USD"),
)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_what_a_spreadsheet_would_take_for_a_formula_gets_a_quote(text: str) -> None:
    assert safe(text) == f"'{text}"
    sheet = Table("t", "T", (Column(text, text),), [[text]])
    assert list(csv.reader(StringIO(as_csv(sheet), newline=""))) == [[f"'{text}"], [f"'{text}"]]


@pytest.mark.parametrize("value", ["Ada", "", "a=1", "1-2", -3, -3.5, None])
def test_everything_else_stays_as_it_is(value: object) -> None:
    assert safe(value) == value


def test_csv_is_for_programs_plain_numbers_and_empty_cells_for_what_is_unknown() -> None:
    head, first, second = csv.reader(StringIO(as_csv(TABLE), newline=""))
    assert head == ["rep", "won", "quota", "rate", "deals"]
    assert first == ["Ada <b>&", "1234.5", "2000", "0.625", "1200"]
    assert second == ['\'=HYPERLINK("http://evil")', "-3", "", "", "0"]


def test_a_workbook_has_a_sheet_for_each_table_with_typed_cells_and_no_formula() -> None:
    book = load_workbook(BytesIO(as_xlsx(PAPER)))
    assert book.sheetnames == ["Report", "Reps -all-", "Definitions"]
    sheet = book["Reps -all-"]
    assert [cell.value for cell in sheet[1]] == ["Sales rep", "Won", "Quota", "Win rate", "Deals"]
    assert [cell.value for cell in sheet[2]] == ["Ada <b>&", 1234.5, 2000, 0.625, 1200]
    assert [cell.number_format for cell in sheet[2]] == ["@", "#,##0.00", "#,##0.00", "0.0%", "#,##0"]
    assert [cell.value for cell in sheet[3]] == ['\'=HYPERLINK("http://evil")', -3, None, None, 0]
    assert {cell.data_type for page in book for row in page for cell in row} <= {"s", "n"}
    assert ["Sum", "'-3"] in [[cell.value for cell in row] for row in book["Report"]]


def test_html_is_one_file_that_fetches_nothing_and_shows_texts_as_texts() -> None:
    page = as_html(PAPER)
    assert not re.findall(r"(?:src|href|url\()\s*[=(]?\s*[\"']?(?:https?:)?//", page)
    assert "<script" not in page
    assert "Ada &lt;b&gt;&amp;" in page
    assert "<b>" not in page
    assert "<i>" not in page
    assert "@media print" in page
    assert page.index("<svg") < page.index("<td>Ada")  # the data table is beside the chart
    for text in ("$1,234.50", "62.5%", "-$3.00", "1,200", "–", "A note.", "Won deals."):
        assert text in page


def test_a_pdf_has_the_same_rows_and_the_same_bytes_each_time() -> None:
    made = as_pdf(PAPER)
    assert made == as_pdf(PAPER)
    text = " ".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(made))
    for part in ("Scorecard", "Ada <b>&", "$1,234.50", "62.5%", "A note.", "Won against quota (USD)", "Page 1 of 1"):
        assert part in " ".join(text.split()), part


def test_the_axis_of_the_values_starts_at_zero() -> None:
    high = Table("t", "T", COLUMNS, [["Ada", 1_000_000, 1_000_100, None, 0]], TABLE.chart)
    labels = re.findall(r">([^<>]+)</text>", charts.svg(high, "USD"))
    assert "0" in labels
    assert "Won against quota (USD)" in labels
    assert {"Ada", "Won", "Quota"} <= set(labels)


def test_of_many_rows_the_largest_are_drawn_and_the_axis_says_so() -> None:
    many = Table("t", "T", COLUMNS, [[f"Rep {number}", number, 0, None, 0] for number in range(100)], TABLE.chart)
    labels = re.findall(r">([^<>]+)</text>", charts.svg(many, "USD"))
    assert {label for label in labels if label.startswith("Rep ")} == {f"Rep {number}" for number in range(70, 100)}
    assert "Won against quota (USD), the 30 largest of 100" in labels


def test_a_row_may_be_left_to_the_table() -> None:
    chart = Chart("Won against quota", "rep", ("won", "quota"), omit=("Bo",))
    some = Table("t", "T", COLUMNS, [["Ada", 1, 2, None, 0], ["Bo", 9, 9, None, 0]], chart)
    drawn = charts.svg(some, "USD")
    assert (">Ada<" in drawn, ">Bo<" in drawn) == (True, False)


def test_where_nothing_is_known_nothing_is_drawn() -> None:
    empty = Table("t", "T", COLUMNS, [["Ada", None, 0, None, 0]], TABLE.chart)
    assert not charts.is_drawn(empty)
    page = as_html(Paper("n", "N", "About.", [], [empty, Table("e", "E", COLUMNS, [])], [], "USD"))
    assert "<svg" not in page
    assert "Nothing to show." in page
