"""Tables as files for spreadsheets: CSV, and XLSX with one sheet for each table. No cell is ever taken for a formula."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any

from sales_operations.domain.money import exponent
from sales_operations.render.paper import Paper, Table

if TYPE_CHECKING:
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_NAME_LENGTH, _WIDEST = 31, 60
_FORBIDDEN = str.maketrans("[]:*?/\\", "-------")


def safe(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula with a quote before it; anything else as it is."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_STARTS) else value


def as_csv(table: Table) -> str:
    """One table as CSV (RFC 4180) with the columns' keys as its head; numbers plain, shares from 0 to 1, unknown empty."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([safe(column.key) for column in table.columns])
    writer.writerows([safe(value) for value in row] for row in table.rows)
    return out.getvalue()


def as_xlsx(paper: Paper) -> bytes:
    """A paper as a workbook: its facts first, then a sheet for each table, and what the figures mean."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    lines = [(paper.title,), (paper.about,), (), *paper.facts]
    _plain(book.create_sheet("Report"), lines)
    for table in paper.tables:
        _sheet(book.create_sheet(table.title.translate(_FORBIDDEN)[:_NAME_LENGTH]), table, paper.currency)
    _plain(book.create_sheet("Definitions"), [("Figure", "Meaning"), *paper.definitions])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _sheet(sheet: WriteOnlyWorksheet, table: Table, currency: str) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.utils import get_column_letter

    places = exponent(currency)
    formats = {
        "count": "#,##0",
        "money": "#,##0" + ("." + "0" * places if places else ""),
        "share": "0.0%",
        "times": "0.00",
        "days": "0.0",
        "text": "@",
    }
    for index, column in enumerate(table.columns, 1):
        longest = max((len(column.shown(row[index - 1], currency)) for row in table.rows), default=0)
        width = min(max(longest, len(column.title)) + 2, _WIDEST)
        sheet.column_dimensions[get_column_letter(index)].width = width
    sheet.freeze_panes = "A2"
    sheet.append([_bold(sheet, column.title) for column in table.columns])
    for row in table.rows:
        cells = []
        for column, value in zip(table.columns, row, strict=True):
            cell = WriteOnlyCell(sheet, safe(value))
            cell.number_format = formats[column.unit]
            cells.append(cell)
        sheet.append(cells)


def _plain(sheet: WriteOnlyWorksheet, lines: list[tuple[str, ...]]) -> None:
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 32, 100
    for number, line in enumerate(lines):
        sheet.append([_bold(sheet, text) if not number else safe(text) for text in line])


def _bold(sheet: WriteOnlyWorksheet, text: str) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    cell = WriteOnlyCell(sheet, safe(text))
    cell.font = Font(bold=True)
    return cell
