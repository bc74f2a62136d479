"""A report in the format in which somebody wants to read it."""

from __future__ import annotations

import json
from typing import Any, Literal, get_args

from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.pipeline.reporting.catalogue import paper_of
from sales_operations.render.paper import Paper, Table

Format = Literal["json", "csv", "xlsx", "html", "pdf"]
FORMATS: tuple[str, ...] = get_args(Format)


def written_as(name: str, result: dict[str, Any], form: str, table: str | None = None) -> bytes:
    """The file of a report's result. ``table``: the one of its tables that CSV shows, by default the first.

    Raises NotFound for a format or table that does not exist.
    """
    if form not in FORMATS:
        raise NotFound(f"format {form!r} does not exist; use one of {', '.join(FORMATS)}")
    if table is not None and form != "csv":
        raise InvalidInput(f"a table is chosen for csv alone; {form} has them all")
    if form == "json":
        return (json.dumps(result, ensure_ascii=False, allow_nan=False, indent=2) + "\n").encode()
    paper = paper_of(name, result)
    if form == "csv":
        from sales_operations.render.sheets import as_csv

        return as_csv(_chosen(paper, table)).encode()
    if form == "xlsx":
        from sales_operations.render.sheets import as_xlsx

        return as_xlsx(paper)
    from sales_operations.render.pages import as_html, as_pdf

    return as_html(paper).encode() if form == "html" else as_pdf(paper)


def _chosen(paper: Paper, name: str | None) -> Table:
    if not paper.tables:
        raise NotFound(f"the report {paper.name} has no table now: {'; '.join(map(': '.join, paper.facts))}")
    found = [table for table in paper.tables if name in (None, table.name)]
    if not found:
        there = ", ".join(table.name for table in paper.tables)
        raise NotFound(f"the report {paper.name} has no table {name!r}; it has {there}")
    return found[0]
