"""A paper as a page to be read: HTML in one file that fetches nothing, and PDF with the same charts."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sales_operations.render import charts
from sales_operations.render.documents import pdf, source_file
from sales_operations.render.paper import Paper

if TYPE_CHECKING:
    from jinja2 import Template

_TEMPLATE = "report"


def as_html(paper: Paper) -> str:
    """The paper as HTML: styles and charts are in it, and it prints well."""
    from markupsafe import Markup

    parts = [
        {
            "title": table.title,
            "chart": Markup(charts.svg(table, paper.currency)) if charts.is_drawn(table) else "",
            "chart_title": table.chart.title if table.chart else "",
            "columns": table.columns,
            "rows": [list(zip(table.columns, row, strict=True)) for row in table.texts(paper.currency)],
            "note": table.note,
        }
        for table in paper.tables
    ]
    return _template().render(paper=paper, parts=parts)


def as_pdf(paper: Paper) -> bytes:
    """The paper as PDF. The same paper gives the same bytes."""
    return pdf(
        _TEMPLATE,
        {
            "title": paper.title,
            "about": paper.about,
            "as_of": next((value for name, value in paper.facts if name == "As of"), ""),
            "facts": list(paper.facts),
            "parts": [_part(paper, index) for index in range(len(paper.tables))],
            "definitions": list(paper.definitions),
        },
    )


def _part(paper: Paper, index: int) -> dict[str, Any]:
    table = paper.tables[index]
    return {
        "title": table.title,
        "chart": list(charts.pdf(table, paper.currency)) if charts.is_drawn(table) else None,
        "columns": [column.title for column in table.columns],
        "numbers": [column.is_number for column in table.columns],
        "rows": table.texts(paper.currency),
        "note": table.note,
    }


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return made.from_string(source_file(_TEMPLATE, ".html", None).read_text("utf-8"))
