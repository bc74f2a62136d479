"""The import command, and the demonstration store's."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from enum import Enum, StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from sales_operations.cli.common import Config, Database, Json, block, display, guarded, notice, print_json, settings
from sales_operations.domain.kinds import KINDS

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from sales_operations.connectors.importer import ImportOptions
    from sales_operations.connectors.summary import Summary
    from sales_operations.settings import Settings

demo_app = typer.Typer(help="The demonstration company.", no_args_is_help=True)
_SHOWN = 5
"""How many reasons of rejects, and how many unknown references, are printed."""
Kind = Enum("Kind", {name: name for name in KINDS}, type=str)  # type: ignore[misc]


class DateOrder(StrEnum):
    """How a date such as 03/04/2026 is meant."""

    mdy = "mdy"
    dmy = "dmy"


def add_to(app: typer.Typer) -> None:
    """Hang these commands into the program."""
    app.command("import")(import_)
    app.add_typer(demo_app, name="demo")


@guarded
def import_(
    kind: Annotated[Kind, typer.Argument(metavar="KIND", help=f"One of {', '.join(KINDS)}.", show_default=False)],
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="CSV, TSV (also .gz), .xlsx or .parquet.")],
    mapping: Annotated[
        str | None, typer.Option("--mapping", help="A mapping file, or a shipped one: maven, bpic2012, salesforce, …")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--source", metavar="NAME", help="The system that the ids belong to; else the mapping's."),
    ] = None,
    exported: Annotated[
        str | None, typer.Option("--exported", metavar="DATE", help="When the file was made, if that was not today.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything, write nothing.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if a row was rejected.")] = False,
    rejects: Annotated[Path | None, typer.Option("--rejects", help="Where rejected rows go.")] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", help="The sheet of a workbook.")] = None,
    encoding: Annotated[str | None, typer.Option("--encoding", help="The text's encoding, if not UTF-8.")] = None,
    delimiter: Annotated[str | None, typer.Option("--delimiter", help="What stands between cells.")] = None,
    date_order: Annotated[DateOrder | None, typer.Option("--date-order", help="How 03/04/2026 is meant.")] = None,
    decimal: Annotated[str | None, typer.Option("--decimal", help="The decimal mark: . or ,")] = None,
    zone: Annotated[str | None, typer.Option("--zone", help="The time zone of times that name none.")] = None,
    currency: Annotated[str | None, typer.Option("--currency", help="The currency of amounts that name none.")] = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Import files of a CRM: recognised by their columns, or read by a mapping."""
    from sales_operations.connectors.context import ReadOptions
    from sales_operations.connectors.importer import ImportOptions

    known = settings(config)
    read = ReadOptions(
        date_order=cast(Any, date_order.value if date_order else None),
        decimal=cast(Any, decimal),
        zone=zone,
        currency=currency,
    )
    options = ImportOptions(
        mapping=mapping,
        source=source,
        sheet=sheet,
        encoding=encoding,
        delimiter=delimiter,
        read=read,
        exported_at=_exported_at(exported, known),
        rejects=rejects,
        dry_run=dry_run,
    )
    summaries: list[Summary] = []
    try:
        summaries.extend(_imported(str(kind.value), files, options, known, database))
    finally:  # where one file cannot be imported, what became of those before it is told all the same
        _tell(summaries, as_json)
    if strict and any(summary.rejected for summary in summaries):
        raise typer.Exit(1)


def _exported_at(text: str | None, known: Settings) -> int | None:
    from sales_operations.domain.clock import parse_as_of
    from sales_operations.domain.errors import InvalidInput

    try:
        return parse_as_of(text, known.company.timezone).micros if text else None
    except InvalidInput as error:
        raise InvalidInput(f"--exported: {str(error).removeprefix('as_of: ')}") from None


def _imported(
    kind: str, files: list[Path], options: ImportOptions, known: Settings, database: str | None
) -> Iterator[Summary]:
    import tempfile

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from sales_operations.connectors.importer import check_readable, import_file
    from sales_operations.workspace import open_real, real_store_exists

    for file in files:
        check_readable(known, kind, file, options)  # before a store is made for what cannot be read
    with tempfile.TemporaryDirectory(prefix="sales-operations-") as folder:
        if options.dry_run and not real_store_exists(known, database):
            database = str(Path(folder) / "dry_run.db")
        workspace = open_real(known, database=database)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[rows]:,} rows"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
            for file in files:
                told = partial(_advance, bar, bar.add_task(file.name, total=1, rows=0))
                yield import_file(workspace, kind, file, options, told)
        workspace.close()


def _tell(summaries: list[Summary], as_json: bool) -> None:
    if not summaries:
        return
    if as_json:
        print_json({"imports": [summary.as_json() for summary in summaries]})
    else:
        for summary in summaries:
            _show(summary)


def _advance(bar: Progress, task: TaskID, read: int, size: int, rows: int) -> None:
    bar.update(task, completed=read, total=size, rows=rows)


def _show(summary: Summary) -> None:
    told = summary.as_json()
    lines = [("Source", told["recognised"])]
    if told["resumed_at"]:
        lines.append(("Resumed", f"behind row {told['resumed_at']:,} of an interrupted import"))
    names = ("read", "created", "updated", "unchanged", "repeated", "erased", "skipped", "rejected", "history_rows",
             "amount_unknown")  # fmt: skip
    always = ("read", "created", "updated", "unchanged", "rejected")
    lines += [(name.replace("_", " ").title(), f"{told[name]:,}") for name in names if told[name] or name in always]
    for currency, sums in told["amounts"].items():
        rest = f", not taken {sums['difference']:,.2f}" if sums["difference"] else ", equal"
        lines.append((f"Amounts {currency}", f"file {sums['file']:,.2f}, store {sums['store']:,.2f}{rest}"))
    if told["rejects_file"]:
        lines.append(("Rejects", f"{told['rejects_file']} (each row with its reason)"))
    what = "Would import" if summary.dry_run else "Imported"
    display(block(f"{what} {summary.kind} from {summary.file}", lines))
    for one in told["reasons"][:_SHOWN]:
        more = f" (and {one['rows'] - 1:,} more)" if one["rows"] > 1 else ""
        value = f"{one['column']} {one['value']!r} " if one["column"] else ""
        notice(f"rejected: line {one['line']}: {value}{one['reason']}{more}")
    if len(told["reasons"]) > _SHOWN:
        notice(f"rejected: and for {len(told['reasons']) - _SHOWN} further reasons")
    for one in told["unresolved"][:_SHOWN]:
        notice(f"warning: {one['field']} {one['value']!r} is no known record; kept as text in {one['rows']} rows")
    if len(told["unresolved"]) > _SHOWN:
        notice(f"warning: and {len(told['unresolved']) - _SHOWN} further references that are no known record")
    for text in told["warnings"]:
        notice(f"warning: {text}")


@demo_app.command("reset")
@guarded
def reset(
    as_json: Json = False,
) -> None:
    """Build the demonstration company anew, as of today."""
    from sales_operations.demo import store
    from sales_operations.domain.clock import utc_now

    began = time.monotonic()
    store.reset(store.FILE, utc_now)
    seconds = time.monotonic() - began
    if as_json:
        print_json({"store": str(store.FILE), "seconds": seconds})
    else:
        print(f"Built {store.FILE} in {seconds:.1f} s.")
