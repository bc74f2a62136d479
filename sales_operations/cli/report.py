"""The commands that make reports."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sales_operations.cli.common import (
    AsOf,
    Config,
    Database,
    Json,
    KnownAt,
    block,
    console,
    display,
    guarded,
    notice,
    opened,
    print_json,
    settings,
    table,
)

if TYPE_CHECKING:
    from sales_operations.render.paper import Column, Paper, Table

LIST = "list"
_TEXT_WIDTH, _GAP = 26, 3
"""Letters of a text in a line of a table on a narrow terminal, and between its columns."""
Name = Annotated[str, typer.Argument(metavar="NAME", help="The report's name; list shows all of them.")]


def add_to(app: typer.Typer) -> None:
    """Hang this command into the program."""
    app.command("report")(report)


@guarded
def report(
    name: Name = LIST,
    form: Annotated[
        str | None, typer.Option("--format", metavar="FORMAT", help="json, csv, xlsx, html or pdf.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Where to write; its ending names the format.")
    ] = None,
    of_table: Annotated[
        str | None, typer.Option("--table", metavar="NAME", help="The table that csv shows; by default the first.")
    ] = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Make a report, on the terminal or as JSON, CSV, XLSX, HTML or PDF; "list" names all of them."""
    import asyncio

    from sales_operations.domain.errors import InvalidInput
    from sales_operations.pipeline import PipelineReporter
    from sales_operations.pipeline.reporting.catalogue import kind_of, paper_of
    from sales_operations.pipeline.reporting.formats import written_as

    if name == LIST:
        _list(config, as_json)
        return
    kind_of(name)
    if as_json and form not in (None, "json"):
        raise InvalidInput(f"--json and --format {form} ask for two things")
    if form is None and output is not None:
        form = output.suffix.removeprefix(".").lower() or "json"
    if form in ("xlsx", "pdf") and output is None:
        raise InvalidInput(f"--format {form} needs a file: --output {name}.{form}")
    found = asyncio.run(PipelineReporter(opened(config, database)).report(name, as_of, known_at))
    if output is None and form in (None, "json"):
        if as_json or form:
            print_json(found)
        else:
            _show(paper_of(name, found))
        return
    content = written_as(name, found, form or "json", of_table)
    if output is None:
        sys.stdout.write(content.decode())
    else:
        _write(output, content)
    if form == "csv" and of_table is None and (more := [one.name for one in paper_of(name, found).tables][1:]):
        notice(f"Further tables of this report: {', '.join(more)}; choose one with --table.")


def _list(config: str | None, as_json: bool) -> None:
    from sales_operations.pipeline.reporting.catalogue import KINDS

    listed = settings(config).pipeline_management.reporting.reports
    rows = [
        {"name": name, "title": kind.title, "about": kind.about, "scheduled": name in listed}
        for name, kind in KINDS.items()
    ]
    if as_json:
        print_json({"reports": rows})
        return
    columns = [("Report", "left"), ("Scheduled", "left"), ("What it tells", "left")]
    display(table("", columns, [[name, _yes(name in listed), kind.about] for name, kind in KINDS.items()]))


def _yes(holds: bool) -> str:
    return "yes" if holds else ""


def _show(paper: Paper) -> None:
    display(block(paper.title, list(paper.facts)))
    for one in paper.tables:
        texts = one.texts(paper.currency)
        for number, places in enumerate(_blocks(one, texts, console().width)):
            columns = [(one.columns[place].title, _side(one.columns[place])) for place in places]
            display(table("" if number else one.title, columns, [[row[place] for place in places] for row in texts]))
        if one.note:
            display(one.note, "")


def _side(column: Column) -> str:
    return "right" if column.is_number else "left"


def _blocks(one: Table, texts: list[list[str]], width: int) -> list[list[int]]:
    """The columns in blocks that fit into a width, the first column in each; numbers are never cut, texts are folded."""
    widths = []
    for place, column in enumerate(one.columns):
        longest = max([len(column.title), *(len(row[place]) for row in texts)])
        widths.append(longest if column.is_number else min(longest, _TEXT_WIDTH))
    blocks, used = [[0]], widths[0]
    for place in range(1, len(widths)):
        if used + _GAP + widths[place] > width and blocks[-1] != [0]:
            blocks.append([0])
            used = widths[0]
        blocks[-1].append(place)
        used += _GAP + widths[place]
    return blocks


def _write(output: Path, content: bytes) -> None:
    from sales_operations.domain.errors import StoreError

    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(content)
    except OSError as error:
        raise StoreError(f"{output} cannot be written: {error.strerror}") from None
    notice(f"Written: {output}")
