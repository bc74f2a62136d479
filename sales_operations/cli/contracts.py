"""Commands on contracts: from the draft to the signature, to the renewal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from sales_operations.cli import contract_signing
from sales_operations.cli.common import Config, Database, Json, display, guarded, opened, print_json, table
from sales_operations.cli.contract_page import read_file, show_contract, write_file

Contract = Annotated[str, typer.Argument(metavar="CONTRACT", help="The contract's id.")]
By = Annotated[
    str | None,
    typer.Option("--as", metavar="USER", help="Who acts: an e-mail, id or name; else the system's user."),
]

contract_app = typer.Typer(help="Contracts.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Hang these commands into the program."""
    contract_signing.add_to(contract_app)
    app.add_typer(contract_app, name="contract")


@contract_app.command("draft")
@guarded
def draft(
    opportunity_id: Annotated[str, typer.Argument(metavar="OPPORTUNITY", help="Its id, here or in its source.")],
    template: Annotated[str | None, typer.Option("--template", metavar="NAME", help="Another template.")] = None,
    starts_on: Annotated[str | None, typer.Option("--starts-on", metavar="DATE", help="The first day.")] = None,
    term_months: Annotated[int | None, typer.Option("--term-months", min=1, max=600, help="How long it runs.")] = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Draft a contract from the accepted quote of an opportunity, or from the opportunity."""
    from sales_operations.process.contract_life import life as contract_life

    made = contract_life.draft(
        opened(config, database), opportunity_id, template=template, starts_on=_day(starts_on), term_months=term_months
    )
    show_contract(made, as_json)


@contract_app.command("show")
@guarded
def show(contract_id: Contract, database: Database = None, config: Config = None, as_json: Json = False) -> None:
    """One contract: its text, versions, signatures and obligations."""
    from sales_operations.process.contract_life import reading as contract_reading

    with opened(config, database).reading() as connection:
        found = contract_reading.show(connection, contract_id)
    show_contract(found, as_json, text=True)


@contract_app.command("list")
@guarded
def list_(
    opportunity_id: Annotated[
        str | None, typer.Option("--opportunity", metavar="ID", help="Only the contracts of this opportunity.")
    ] = None,
    status: Annotated[str | None, typer.Option("--status", help="Only contracts in this state.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 50,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """The newest contracts."""
    from sales_operations.domain.money import written
    from sales_operations.process.contract_life import reading as contract_reading

    with opened(config, database).reading() as connection:
        found = contract_reading.listing(connection, status=status, opportunity_id=opportunity_id, limit=limit)
    if as_json:
        print_json(found)
        return
    rows = [
        [one["contract_id"], one["account_name"] or "unknown", written(one["amount"], one["currency"]),
         one["status"].replace("_", " "), one["starts_on"] or "at signature", one["ends_on"] or "-"]
        for one in found
    ]  # fmt: skip
    columns = [("Contract", "left"), ("Account", "left"), ("Amount", "right"), ("Status", "left"), ("Begins", "left")]
    display(table("1 contract" if len(rows) == 1 else f"{len(rows)} contracts", [*columns, ("Ends", "left")], rows))


@contract_app.command("redline")
@guarded
def redline(
    contract_id: Contract,
    older: Annotated[int | None, typer.Option("--from", metavar="N", help="The older version.")] = None,
    newer: Annotated[int | None, typer.Option("--to", metavar="N", help="The newer version.")] = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """What changed in the text between two versions, the last two where none are named."""
    from sales_operations.process.contract_life import reading as contract_reading

    with opened(config, database).reading() as connection:
        first, last, pieces = contract_reading.changes(connection, contract_id, older, newer)
    if as_json:
        told = [{"kind": piece.kind, "text": piece.text} for piece in pieces]
        print_json({"contract_id": contract_id, "from": first, "to": last, "pieces": told})
        return
    from rich.text import Text

    styles = {"same": "", "removed": "red strike", "added": "green underline"}
    marks = {"same": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}
    page = Text(f"Version {first} to version {last}\n", style="bold")
    for piece in pieces:
        page.append(marks[piece.kind].format(piece.text), style=styles[piece.kind] or "not bold")
    display(page)


@contract_app.command("revise")
@guarded
def revise(
    contract_id: Contract,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", metavar="FILE", help="The new text; else it is made anew.")
    ] = None,
    starts_on: Annotated[str | None, typer.Option("--starts-on", metavar="DATE", help="Another first day.")] = None,
    term_months: Annotated[int | None, typer.Option("--term-months", min=1, max=600, help="Another term.")] = None,
    notice_days: Annotated[int | None, typer.Option("--notice-days", min=0, max=3650, help="Another notice.")] = None,
    note: Annotated[str | None, typer.Option("--note", help="Why, in a few words.")] = None,
    version: Annotated[
        int | None, typer.Option("--version", metavar="N", help="Only if this is still the present version.")
    ] = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Give a contract a new text or other terms; it is a draft again, and the former text is kept."""
    from sales_operations.process.contract_life import life as contract_life

    text = read_file(file).decode("utf-8", "replace") if file else None
    terms = {"starts_on": _day(starts_on), "term_months": term_months, "notice_days": notice_days}
    workspace = opened(config, database)
    show_contract(contract_life.revise(workspace, contract_id, text, note=note, version=version, **terms), as_json)


@contract_app.command("submit")
@guarded
def submit(
    contract_id: Contract, by: By = None, database: Database = None, config: Config = None, as_json: Json = False
) -> None:
    """Hand a draft in for approval; where nobody has to approve it, it is ready to be sent."""
    from sales_operations.process.contract_life import life as contract_life

    show_contract(contract_life.submit(opened(config, database), contract_id, by=by), as_json)


@contract_app.command("approve")
@guarded
def approve(
    contract_id: Contract,
    reject: Annotated[str | None, typer.Option("--reject", metavar="REASON", help="Refuse it, and say why.")] = None,
    by: By = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Approve a contract that was handed in, or refuse it."""
    from sales_operations.process.contract_life import life as contract_life

    show_contract(contract_life.approve(opened(config, database), contract_id, by=by, reject=reject), as_json)


@contract_app.command("decline")
@guarded
def decline(
    contract_id: Contract,
    reason: Annotated[str, typer.Option("--reason", help="Why.")],
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Note that the customer does not sign."""
    from sales_operations.process.contract_life import life as contract_life

    show_contract(contract_life.decline(opened(config, database), contract_id, reason), as_json)


@contract_app.command("activate")
@guarded
def activate(contract_id: Contract, database: Database = None, config: Config = None, as_json: Json = False) -> None:
    """Begin a signed contract; the worker does so by itself on its first day."""
    from sales_operations.process.contract_life import renewals as contract_renewals

    show_contract(contract_renewals.activate(opened(config, database), contract_id), as_json)


@contract_app.command("terminate")
@guarded
def terminate(
    contract_id: Contract,
    reason: Annotated[str, typer.Option("--reason", help="Why.")],
    on: Annotated[str | None, typer.Option("--on", metavar="DATE", help="Its last day; else today.")] = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """End a contract before its time, and its amendments with it."""
    from sales_operations.process.contract_life import life as contract_life

    show_contract(contract_life.terminate(opened(config, database), contract_id, reason, on=_day(on)), as_json)


@contract_app.command("amend")
@guarded
def amend(
    contract_id: Contract,
    price: Annotated[str, typer.Option("--price", metavar="AMOUNT", help="Its price for a full term.")],
    subject: Annotated[str, typer.Option("--subject", help="What it adds or changes.")],
    starts_on: Annotated[
        str | None, typer.Option("--starts-on", metavar="DATE", help="Its first day; else today.")
    ] = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Draft an amendment; it ends with the contract, and costs its part of the term."""
    from sales_operations.domain.money import to_minor
    from sales_operations.process.contract_life import life as contract_life
    from sales_operations.process.contract_life import reading as contract_reading

    workspace = opened(config, database)
    with workspace.reading() as connection:
        currency = contract_reading.show(connection, contract_id)["currency"]
    full = to_minor(price, currency)
    show_contract(contract_life.amend(workspace, contract_id, full, subject, starts_on=_day(starts_on)), as_json)


@contract_app.command("renew")
@guarded
def renew(
    contract_id: Contract,
    price: Annotated[
        str | None, typer.Option("--price", help="same, list or uplift; else as the contract says.")
    ] = None,
    uplift: Annotated[float | None, typer.Option("--uplift", metavar="PERCENT", help="By how much.")] = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Open the opportunity that renews a contract; the worker does so by itself ahead of its end."""
    from sales_operations.domain.money import written
    from sales_operations.process.contract_life import renewals as contract_renewals

    made = contract_renewals.renew(opened(config, database), contract_id, price=price, uplift_percent=uplift)
    if as_json:
        print_json(made)
        return
    amount = written(made["amount"], made["currency"])
    display(f"{made['opportunity_id']} renews it: {amount} ({made['price']}), closes on {made['close_date']}.")
    for note in made["notes"]:
        display(f"  {note}")


@contract_app.command("fulfil")
@guarded
def fulfil(
    obligation_id: Annotated[str, typer.Argument(metavar="OBLIGATION", help="The obligation's id.")],
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Note that an obligation is met."""
    from sales_operations.process.contract_life import renewals as contract_renewals

    met = contract_renewals.fulfil(opened(config, database), obligation_id)
    if as_json:
        print_json(met)
    else:
        display(f"{met['title']}, due on {met['due_on']}: met.")


@contract_app.command("pdf")
@guarded
def pdf(
    contract_id: Contract,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where the PDF goes.")],
    changes: Annotated[bool, typer.Option("--redline", help="What changed in the text, marked.")] = False,
    older: Annotated[int | None, typer.Option("--from", metavar="N", help="The older version.")] = None,
    newer: Annotated[int | None, typer.Option("--to", metavar="N", help="The newer version.")] = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Write a contract as a PDF: as it was sent and signed, or else as it stands."""
    from sales_operations.process.contract_life import reading as contract_reading

    workspace = opened(config, database)
    with workspace.reading() as connection:
        if changes or older or newer:
            content = contract_reading.redlined(connection, workspace.settings, contract_id, older, newer)
        else:
            content = contract_reading.document(connection, workspace.settings, contract_id)
    write_file(output, content)
    if as_json:
        print_json({"contract_id": contract_id, "file": str(output), "bytes": len(content)})
    else:
        display(f"{output}: {len(content):,} bytes")


def _day(text: str | None) -> Any:
    from datetime import date

    from sales_operations.domain.errors import InvalidInput

    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidInput(f"{text!r} is no date; write YYYY-MM-DD") from None
