"""Commands for whoever runs it: configuration, database, audit."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from sales_operations.cli.common import (
    Config,
    Database,
    Json,
    display,
    guarded,
    opened,
    print_json,
    settings,
)

config_app = typer.Typer(help="The configuration.", no_args_is_help=True)
audit_app = typer.Typer(help="The audit log.", no_args_is_help=True)
database_app = typer.Typer(help="The store.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Hang these commands into the program."""
    app.add_typer(config_app, name="config")
    app.add_typer(audit_app, name="audit")
    app.add_typer(database_app, name="db")


@config_app.command("validate")
@guarded
def validate(
    file: Annotated[
        str | None, typer.Argument(metavar="FILE", help="The configuration; else the one in force.")
    ] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """List every problem of a configuration, with key, line and what to do. Exits with 1 if there is one."""
    from sales_operations.settings import validate as problems_of

    problems = problems_of(file or config)
    if as_json:
        found = [{"key": one.key, "message": one.message, "file": one.file, "line": one.line} for one in problems]
        print_json({"valid": not problems, "problems": found})
    else:
        for problem in problems:
            print(problem)
        if not problems:
            print("The configuration is valid.")
    if problems:
        raise typer.Exit(1)


@config_app.command("show")
@guarded
def show(config: Config = None, as_json: Json = False) -> None:
    """Every key in force: its value, where it comes from, and whether anything obeys it yet."""
    from rich.text import Text

    from sales_operations.settings import describe

    rows = describe(config)
    if as_json:
        print_json([{"key": row.key, "value": row.value, "origin": row.origin, "note": row.note} for row in rows])
        return
    lines = []
    for row in rows:
        value = row.value if isinstance(row.value, str) else json.dumps(row.value, ensure_ascii=False)
        remark = f"{row.origin}; {row.note}" if row.note else row.origin
        lines.append(Text.assemble((row.key, "bold"), f": {value}", (f"  # {remark}", "dim")))
    display(*lines)


@audit_app.command("verify")
@guarded
def verify(
    head: Annotated[
        str | None, typer.Option("--head", metavar="HASH", help="A head noted earlier: it must stand in the chain.")
    ] = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Check audit chain, history, present state and passed gates against each other. Exits with 1 for findings."""
    from sales_operations.process.stages import audit as stage_audit
    from sales_operations.store import audit, history

    workspace = opened(config, database)
    with workspace.reading() as connection:
        verdict = audit.verify(connection, head)
        passed = stage_audit.unmet_without_override(connection, workspace.settings)
        findings = [*verdict.findings, *history.verify(connection), *passed]
    if as_json:
        print_json(
            {
                "intact": not findings,
                "entries": verdict.entries,
                "events": verdict.events,
                "records": verdict.records,
                "head": verdict.head,
                "findings": [{"seq": one.seq, "what": one.what} for one in findings],
            }
        )
    else:
        for one in findings:
            print(f"{one.seq or '-'}: {one.what}")
        counts = f"{verdict.entries:,} entries, {verdict.events:,} events, {verdict.records:,} records"
        print(f"{'Intact' if not findings else 'NOT intact'}: {counts}. Head {verdict.head}")
    if findings:
        raise typer.Exit(1)


@database_app.command("upgrade")
@guarded
def upgrade(database: Database = None, config: Config = None, as_json: Json = False) -> None:
    """Create the tables of the store, or bring them up to date."""
    from sales_operations.store import schema
    from sales_operations.workspace import named_store

    url = named_store(settings(config), database)
    shown = schema.upgrade_url(url)
    if as_json:
        print_json({"store": shown, "revision": schema.HEAD})
    else:
        print(f"{shown} stands at revision {schema.HEAD}.")
