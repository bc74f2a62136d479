"""Commands of the process: the whole run, leads, opportunities, the inbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sales_operations.cli import contacts, stages
from sales_operations.cli.common import (
    AsOf,
    Config,
    Database,
    Json,
    block,
    console,
    display,
    guarded,
    notice,
    opened,
    print_json,
    table,
)

if TYPE_CHECKING:
    from sales_operations.domain.events import Event

_UNTOLD = ("attributes", "owner_id", "account_id", "created_at", "pipeline", "lead_id", "contact_id", "currency")
"""What a change of a deal carries beside what people want to read."""
LIST_WIDTH = 120
"""Columns that a listed opportunity needs to stand on one line."""
_LISTED = ("Opportunity", "Account", "Amount", "Stage", "Prob.", "Close date", "Sales rep")

lead_app = typer.Typer(help="Leads.", no_args_is_help=True)
opportunity_app = typer.Typer(help="Opportunities.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Hang these commands into the program."""
    app.command("run")(run)
    app.add_typer(lead_app, name="lead")
    stages.add_to(opportunity_app)
    contacts.add_to(opportunity_app)
    app.add_typer(opportunity_app, name="opportunity")
    app.command("inbox")(inbox)


@guarded
def run(
    lead: Annotated[str | None, typer.Option("--lead", metavar="ID", help="Convert this lead only.")] = None,
    as_of: AsOf = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Convert the open leads, forecast the quarter, manage the pipeline, and write the result files.

    With --as-of no lead is converted, and the rest is looked at from that date.
    """
    from rich.console import Console
    from rich.text import Text

    from sales_operations import workflow
    from sales_operations.domain.clock import written_as_of

    workspace = opened(config, database, create=as_of is None)
    with Console(stderr=True).status("Starting") as status:
        outcome = workflow.run(workspace, lead, as_of, lambda step: status.update(f"{step} …"))
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
    display(
        Text(f"As of {written_as_of(outcome.forecast['as_of'])}\n"),
        *(block(title, lines) for title, lines in workflow.summary(outcome)),
        Text(f"Results: {', '.join(str(file) for file in outcome.files)}"),
    )


@lead_app.command("convert")
@guarded
def convert(
    lead_ids: Annotated[list[str], typer.Argument(metavar="LEAD…", help="Ids of leads, here or in their source.")],
    no_opportunity: Annotated[
        bool, typer.Option("--no-opportunity", help="Make account and contact only, or find them.")
    ] = False,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Turn leads into opportunities; a converted lead gives the opportunity that it has."""
    from sales_operations.process.conversion import Converter
    from sales_operations.workflow import opportunity_block, plain

    converter = Converter(opened(config, database, create=True))
    if no_opportunity:
        from dataclasses import asdict

        ended = converter.convert_without_opportunity(lead_ids)
        if as_json:
            print_json([asdict(one) for one in ended])
            return
        rows = [[one.lead_id, one.account_id or "", one.contact_id or "", one.opportunity_id or ""] for one in ended]
        headings = ("Lead", "Account", "Contact", "Opportunity")
        display(table("Converted", [(heading, "left") for heading in headings], rows))
        return
    found = converter.convert_many(lead_ids)
    if as_json:
        print_json([plain(one) for one in found])
        return
    display(*(block(*opportunity_block(one)) for one in found))


@opportunity_app.command("show")
@guarded
def show(
    opportunity_id: Annotated[str, typer.Argument(metavar="OPPORTUNITY", help="Its id, here or in its source.")],
    as_of: AsOf = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """One opportunity, its contacts and its history, as they are now or were on a date."""
    import asyncio

    from sales_operations.domain.clock import iso, parse_as_of
    from sales_operations.domain.events import derive
    from sales_operations.process.stages.audit import overrides
    from sales_operations.process.stages.contacts import listed
    from sales_operations.process.stores import OpportunityStore
    from sales_operations.store import history
    from sales_operations.workflow import opportunity_block, plain

    workspace = opened(config, database)
    found = asyncio.run(OpportunityStore(workspace).get_opportunity(opportunity_id, as_of))
    until = None if as_of is None else parse_as_of(as_of, workspace.settings.company.timezone).micros
    with workspace.reading() as connection:
        events = history.of_deals(connection, [found.opportunity_id])[found.opportunity_id]
        passed = overrides(connection, found.opportunity_id)
        people = listed(connection, {**derive(events, until), "id": found.opportunity_id}, until)
    if until is not None:
        events = [event for event in events if event.occurred_at <= until]
    events.sort(key=lambda event: (event.occurred_at, event.seq))
    why = {one["at"]: one["override"] for one in passed}
    told = [
        {
            "occurred_at": iso(event.occurred_at),
            "recorded_at": iso(event.recorded_at),
            "basis": event.basis,
            "previous": event.previous,
            "changes": {**event.values, **event.other},
            **({"override": why[iso(event.recorded_at)]} if iso(event.recorded_at) in why else {}),
        }
        for event in events
    ]
    if as_json:
        print_json({**plain(found), "contacts": people, "history": told})
        return
    currency = found.metadata.get("currency") or workspace.settings.company.currency
    lines = [(event, _told(event, currency, why.get(iso(event.recorded_at)))) for event in events]
    rows = [[iso(event.occurred_at)[:19].replace("T", " "), event.basis, what] for event, what in lines if what]
    columns = [("When (UTC)", "left"), ("Known by", "left"), ("What", "left")]
    title, facts = opportunity_block(found)
    parts = [contacts.contacts_table(people)] if people else []
    display(block(f"{title} as of {as_of}" if as_of else title, facts), *parts, table("History", columns, rows))


def _told(event: Event, currency: str, override: str | None) -> str:
    """What an event changed, as people read it; ids and what an import repeats are left out."""
    from sales_operations.domain.money import to_major, written

    values = {**event.values, **event.other}
    told = []
    for name, value in values.items():
        if value is None or name in _UNTOLD or (name == "is_deleted" and not value):
            continue
        if name == "amount_minor":
            code = values.get("currency") or currency
            told.append(f"amount {written(to_major(value, code), code)}")
        else:
            told.append(f"{name.removesuffix('_text').replace('_', ' ')} {value}")
    return ", ".join([*told, f"gate overridden: {override}"] if override else told)


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
    from sales_operations.domain.clock import written_as_of
    from sales_operations.domain.money import written
    from sales_operations.pipeline.listing import listing

    found = listing(opened(config, database), stage, limit, as_of)
    if as_json:
        print_json(found)
        return
    narrow = console().width < LIST_WIDTH
    headings = ("Opportunity", "Amount", "Stage", "Close date") if narrow else _LISTED
    columns = [(heading, "right" if heading in ("Amount", "Prob.") else "left") for heading in headings]
    rows = []
    for one in found["opportunities"]:
        amount = "unknown" if one["amount"] is None else written(one["amount"], found["currency"])
        account, rep, due = one["account_name"] or "unknown", one["sales_rep"], one["close_date"] or "unknown"
        chance = f"{one['probability'] * 100:.0f}%"
        if narrow:
            rows.append([f"{one['opportunity_id']}\n{account}\n{rep}", amount, f"{one['stage']}\n{chance}", due])
        else:
            rows.append([one["opportunity_id"], account, amount, one["stage"], chance, due, rep])
    display(
        table(f"{len(rows)} of {found['total']:,} opportunities as of {written_as_of(found['as_of'])}", columns, rows)
    )


@guarded
def inbox(
    recipient: Annotated[str | None, typer.Option("--for", metavar="REP", help="Only this person's.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 20,
    as_of: AsOf = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """The newest notifications."""
    from sales_operations.domain.clock import parse_as_of
    from sales_operations.effects.notifications import deliveries_of
    from sales_operations.effects.notifications import inbox as read

    workspace = opened(config, database)
    until = None if as_of is None else parse_as_of(as_of, workspace.settings.company.timezone).micros
    with workspace.reading() as connection:
        notes = read(connection, recipient, limit, until)
        sent = deliveries_of(connection, [note["id"] for note in notes])
    if as_json:
        print_json([note | {"deliveries": sent.get(note["id"], [])} for note in notes])
        return
    rows = [
        [note["created_at"][:16].replace("T", " "), note["recipient"], note["subject"], note["message"]]
        for note in notes
    ]
    columns = [("When (UTC)", "left"), ("For", "left"), ("Subject", "left"), ("Message", "left")]
    if sent:
        columns.append(("Sent", "left"))
        for note, row in zip(notes, rows, strict=True):
            row.append(", ".join(f"{one['channel']} {one['state']}" for one in sent.get(note["id"], [])))
    display(table("Inbox", columns, rows))
