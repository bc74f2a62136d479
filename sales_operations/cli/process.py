"""Commands of the process: the whole run, leads, opportunities, the inbox."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sales_operations.cli.common import (
    AsOf,
    Config,
    Database,
    Json,
    block,
    console,
    guarded,
    notice,
    opened,
    print_json,
    table,
)

lead_app = typer.Typer(help="Leads.", no_args_is_help=True)
opportunity_app = typer.Typer(help="Opportunities.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Hang these commands into the program."""
    app.command("run")(run)
    app.add_typer(lead_app, name="lead")
    app.add_typer(opportunity_app, name="opportunity")
    app.command("inbox")(inbox)


@guarded
def run(
    lead: Annotated[str | None, typer.Option("--lead", metavar="ID", help="Convert this lead only.")] = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Convert the open leads, forecast the quarter, manage the pipeline, and write the result files."""
    from rich.console import Console

    from sales_operations import workflow

    workspace = opened(config, database, create=True)
    errors = Console(stderr=True)
    with errors.status("Starting") as status:
        outcome = workflow.run(workspace, lead, lambda step: status.update(f"{step} …"))
    for text in outcome.notices:
        notice(text)
    if as_json:
        print_json(
            {
                "opportunities": [workflow.plain(one) for one in outcome.opportunities],
                "forecasts": [outcome.forecast],
                "pipeline": outcome.pipeline,
                "files": [str(file) for file in outcome.files],
            }
        )
        return
    screen = console()
    for title, lines in workflow.summary(outcome):
        screen.print(block(title, lines))
        screen.print()
    screen.print(f"Results: {', '.join(str(file) for file in outcome.files)}", soft_wrap=True)


@lead_app.command("convert")
@guarded
def convert(
    lead_ids: Annotated[list[str], typer.Argument(metavar="LEAD…", help="Ids of leads, here or in their source.")],
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Turn leads into opportunities; a converted lead gives the opportunity that it has."""
    from sales_operations.process.conversion import Converter
    from sales_operations.workflow import opportunity_block, plain

    found = Converter(opened(config, database, create=True)).convert_many(lead_ids)
    if as_json:
        print_json([plain(one) for one in found])
        return
    for one in found:
        console().print(block(*opportunity_block(one)))


@opportunity_app.command("move")
@guarded
def move(
    opportunity_id: Annotated[str, typer.Argument(metavar="OPPORTUNITY", help="Its id, here or in its source.")],
    stage: Annotated[str, typer.Argument(metavar="STAGE", help="One of the six stages, or a pipeline's own.")],
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Move an opportunity to a stage and run what the configuration attaches to that step."""
    from sales_operations.process.transition import move as move_deal
    from sales_operations.workflow import opportunity_block, plain

    moved = move_deal(opened(config, database), opportunity_id, stage)
    if as_json:
        print_json(plain(moved))
    else:
        console().print(block(*opportunity_block(moved)))


@opportunity_app.command("show")
@guarded
def show(
    opportunity_id: Annotated[str, typer.Argument(metavar="OPPORTUNITY", help="Its id, here or in its source.")],
    as_of: AsOf = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """One opportunity and its history, up to a date where one is given."""
    from sales_operations.domain.clock import iso, parse_as_of
    from sales_operations.store import history, opportunities
    from sales_operations.workflow import opportunity_block, plain

    workspace = opened(config, database)
    with workspace.reading() as connection:
        found = opportunities.get(connection, opportunity_id)
        events = history.of_deals(connection, [found.opportunity_id])[found.opportunity_id]
    if as_of is not None:
        until = parse_as_of(as_of, workspace.settings.company.timezone).micros
        events = [event for event in events if event.occurred_at <= until]
    events.sort(key=lambda event: (event.occurred_at, event.seq))
    told = [
        {
            "occurred_at": iso(event.occurred_at),
            "recorded_at": iso(event.recorded_at),
            "basis": event.basis,
            "previous": event.previous,
            "changes": {**event.values, **event.other},
        }
        for event in events
    ]
    if as_json:
        print_json({**plain(found), "history": told})
        return
    screen = console()
    screen.print(block(*opportunity_block(found)))
    rows = [[str(one["occurred_at"])[:19], str(one["basis"]), _told(one["changes"])] for one in told]
    screen.print(table("History", [("When (UTC)", "left"), ("Known by", "left"), ("What", "left")], rows))


def _told(changes: Any) -> str:
    hidden = ("attributes", "owner_id", "account_id", "created_at", "pipeline", "lead_id", "contact_id")
    shown = {name: value for name, value in changes.items() if value is not None and name not in hidden}
    return ", ".join(
        f"{name.removesuffix('_minor')} {value / 100:,.2f}" if name == "amount_minor" else f"{name} {value}"
        for name, value in shown.items()
    )


@opportunity_app.command("list")
@guarded
def list_(
    stage: Annotated[str | None, typer.Option("--stage", help="Only this canonical stage.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many; the biggest first.")] = 50,
    as_of: AsOf = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """The opportunities with the highest amounts, as they are or were."""
    from sales_operations.pipeline.listing import listing

    found = listing(opened(config, database), stage, limit, as_of)
    if as_json:
        print_json(found)
        return
    columns = [("Opportunity", "left"), ("Account", "left"), ("Amount", "right"), ("Stage", "left"), ("Prob.", "right"),
               ("Close date", "left"), ("Sales rep", "left")]  # fmt: skip
    rows = [
        [
            one["opportunity_id"],
            one["account_name"],
            "unknown" if one["amount"] is None else f"{one['amount']:,.2f}",
            one["stage"],
            f"{one['probability'] * 100:.0f}%",
            one["close_date"] or "",
            one["sales_rep"],
        ]
        for one in found["opportunities"]
    ]
    title = f"{len(rows)} of {found['total']} opportunities as of {found['as_of']}"
    console().print(table(title, columns, rows))


@guarded
def inbox(
    recipient: Annotated[str | None, typer.Option("--for", metavar="REP", help="Only this person's.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1)] = 20,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """The newest notifications."""
    from sales_operations.effects.notifications import inbox as read

    with opened(config, database).reading() as connection:
        notes = read(connection, recipient, limit)
    if as_json:
        print_json(notes)
        return
    rows = [[note["created_at"][:16], note["recipient"], note["subject"], note["message"]] for note in notes]
    columns = [("When (UTC)", "left"), ("For", "left"), ("Subject", "left"), ("Message", "left")]
    console().print(table("Inbox", columns, rows))
