"""Commands on quotes and their approval."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from sales_operations.cli.common import (
    Config,
    Database,
    Json,
    display,
    guarded,
    notice,
    opened,
    print_json,
    table,
)

Quote = Annotated[str, typer.Argument(metavar="QUOTE", help="The quote's id.")]
Seq = Annotated[
    int | None,
    typer.Option("--seq", metavar="N", help="Only if the quote is still the one shown with this seq."),
]
By = Annotated[
    str | None,
    typer.Option("--as", metavar="USER", help="Who acts: an e-mail, id or name; else the system's user."),
]

quote_app = typer.Typer(help="Quotes.", no_args_is_help=True)
approve_app = typer.Typer(help="Requests for the approval of quotes.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Hang these commands into the program."""
    app.add_typer(quote_app, name="quote")
    app.add_typer(approve_app, name="approve")


@quote_app.command("create")
@guarded
def create(
    opportunity_id: Annotated[str, typer.Argument(metavar="OPPORTUNITY", help="Its id, here or in its source.")],
    currency: Annotated[str | None, typer.Option("--currency", help="Another one than the opportunity's.")] = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Make a quote from the items of an opportunity, or over its amount where it has none."""
    from sales_operations.process.quoting import quoter

    _print(quoter.create(opened(config, database), opportunity_id, currency=currency), as_json)


@quote_app.command("show")
@guarded
def show(
    quote_id: Quote,
    trace: Annotated[bool, typer.Option("--trace", help="Say how the price came about, step by step.")] = False,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """One quote: its lines, totals, terms, versions, and who was asked to approve it."""
    from sales_operations.process.quoting import quotes

    _print(quotes.show(opened(config, database), quote_id), as_json, trace=trace)


@quote_app.command("list")
@guarded
def list_(
    opportunity_id: Annotated[
        str | None, typer.Option("--opportunity", metavar="ID", help="Only the quotes of this opportunity.")
    ] = None,
    status: Annotated[str | None, typer.Option("--status", help="Only quotes in this status.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 50,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """The newest quotes."""
    from sales_operations.domain.money import written
    from sales_operations.process.quoting import quotes

    found = quotes.listing(opened(config, database), opportunity_id, status, limit)
    if as_json:
        print_json(found)
        return
    rows = [
        [one["quote_id"], str(one["version"]), one["status"], written(one["net"], one["currency"]), one["valid_until"],
         one["opportunity_id"]]
        for one in found
    ]  # fmt: skip
    columns = [("Quote", "left"), ("Version", "right"), ("Status", "left"), ("Net", "right"), ("Valid until", "left")]
    display(table("1 quote" if len(rows) == 1 else f"{len(rows)} quotes", [*columns, ("Opportunity", "left")], rows))


@quote_app.command("edit")
@guarded
def edit(
    quote_id: Quote,
    line: Annotated[int | None, typer.Option("--line", metavar="N", help="The line to change.")] = None,
    add: Annotated[
        str | None, typer.Option("--add", metavar="PRODUCT", help="Add a line: an id, code or name.")
    ] = None,
    bundle: Annotated[str | None, typer.Option("--add-bundle", metavar="CODE", help="Add a bundle's parts.")] = None,
    quantity: Annotated[str | None, typer.Option("--quantity", help="The line's quantity.")] = None,
    price: Annotated[
        str | None, typer.Option("--price", help="The line's price of one unit, or 'list' for the list price.")
    ] = None,
    line_discount: Annotated[
        list[str] | None, typer.Option("--line-discount", help="10%, 50.00 or 'Name: 10%'; 'none' takes all away.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="What the line is called.")] = None,
    from_day: Annotated[str | None, typer.Option("--from", metavar="DATE", help="The line's first day.")] = None,
    to_day: Annotated[str | None, typer.Option("--to", metavar="DATE", help="The line's last day.")] = None,
    months: Annotated[int | None, typer.Option("--months", help="The line's term, instead of a last day.")] = None,
    tax_class: Annotated[str | None, typer.Option("--tax-class", help="The line's tax class.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the line out.")] = False,
    discount: Annotated[
        list[str] | None, typer.Option("--discount", help="On the total, as --line-discount; several are possible.")
    ] = None,
    payment_days: Annotated[int | None, typer.Option("--payment-days", help="Days until payment is due.")] = None,
    term_months: Annotated[int | None, typer.Option("--term-months", help="The term of the whole quote.")] = None,
    starts_on: Annotated[str | None, typer.Option("--starts-on", metavar="DATE", help="When the term begins.")] = None,
    country: Annotated[str | None, typer.Option("--country", help="The country whose taxes hold.")] = None,
    valid_until: Annotated[str | None, typer.Option("--valid-until", metavar="DATE", help="Its last day.")] = None,
    notes: Annotated[str | None, typer.Option("--notes", help="A text for the customer.")] = None,
    seq: Seq = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Change a quote: one line (--line, --add or --add-bundle with what to set), discounts on the total, terms."""
    from sales_operations.process.quoting import quotes

    entry: dict[str, Any] = {"line": line, "product": add, "bundle": bundle, "quantity": quantity, "name": name,
                             "starts_on": from_day, "ends_on": to_day, "term_months": months, "tax_class": tax_class,
                             "discounts": _discounts(line_discount), "remove": remove or None}  # fmt: skip
    entry = {key: value for key, value in entry.items() if value is not None}
    if price is not None:
        entry["price"] = None if price == "list" else price
    changes: dict[str, Any] = {"discounts": _discounts(discount), "payment_days": payment_days,
                               "term_months": term_months, "starts_on": starts_on, "country": country,
                               "valid_until": valid_until, "notes": notes, "lines": [entry] if entry else None}  # fmt: skip
    given = {key: value for key, value in changes.items() if value is not None}
    edited = quotes.edit(opened(config, database), quote_id, given, seq=seq)
    _print(edited, as_json)
    if not as_json:
        _tell_approval(edited["approval"])


@quote_app.command("clone")
@guarded
def clone(
    quote_id: Quote,
    to: Annotated[str | None, typer.Option("--to", metavar="OPPORTUNITY", help="Another opportunity.")] = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Copy a quote into a draft of its own, at today's prices. A copy is never approved."""
    from sales_operations.process.quoting import quotes

    _print(quotes.clone(opened(config, database), quote_id, to), as_json)


@quote_app.command("revise")
@guarded
def revise(
    quote_id: Quote, seq: Seq = None, database: Database = None, config: Config = None, as_json: Json = False
) -> None:
    """Make the next version of a quote; an open version is superseded by it."""
    from sales_operations.process.quoting import quotes

    _print(quotes.revise(opened(config, database), quote_id, seq=seq), as_json)


@quote_app.command("submit")
@guarded
def submit(
    quote_id: Quote,
    by: By = None,
    seq: Seq = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Ask for the approval that a quote needs; where it needs none, it is approved at once."""
    from sales_operations.process.quoting import decisions as quote_decisions

    done = quote_decisions.submit(opened(config, database), quote_id, by=by, seq=seq)
    _print(done, as_json)
    if not as_json:
        _tell_approval(done["approval"])


@quote_app.command("withdraw")
@guarded
def withdraw(
    quote_id: Quote, seq: Seq = None, database: Database = None, config: Config = None, as_json: Json = False
) -> None:
    """Take a quote back from approval; it is a draft again."""
    from sales_operations.process.quoting import decisions as quote_decisions

    _print(quote_decisions.withdraw(opened(config, database), quote_id, seq=seq), as_json)


@quote_app.command("send")
@guarded
def send(
    quote_id: Quote, seq: Seq = None, database: Database = None, config: Config = None, as_json: Json = False
) -> None:
    """Note that a quote went to the customer; from then on it is revised, not edited."""
    from sales_operations.process.quoting import decisions as quote_decisions

    _print(quote_decisions.send(opened(config, database), quote_id, seq=seq), as_json)


@quote_app.command("accept")
@guarded
def accept(
    quote_id: Quote, seq: Seq = None, database: Database = None, config: Config = None, as_json: Json = False
) -> None:
    """The customer's yes: the opportunity gets the net amount, its other quotes are superseded."""
    from sales_operations.process.quoting import decisions as quote_decisions

    _print(quote_decisions.accept(opened(config, database), quote_id, seq=seq), as_json)


@quote_app.command("reject")
@guarded
def reject(
    quote_id: Quote,
    reason: Annotated[str | None, typer.Option("--reason", help="Why.")] = None,
    seq: Seq = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """The customer's no, or your own."""
    from sales_operations.process.quoting import decisions as quote_decisions

    _print(quote_decisions.reject(opened(config, database), quote_id, reason, seq=seq), as_json)


@quote_app.command("pdf")
@guarded
def pdf(
    quote_id: Quote,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where the PDF goes.")],
    trace: Annotated[bool, typer.Option("--trace", help="With the steps of the price.")] = False,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Write a quote as a PDF."""
    from sales_operations.domain.errors import InvalidInput
    from sales_operations.process.quoting.document import document

    content = document(opened(config, database), quote_id, trace=trace)
    try:
        output.write_bytes(content)
    except OSError as error:
        raise InvalidInput(f"{output} cannot be written: {error.strerror}; name another file") from None
    if as_json:
        print_json({"quote_id": quote_id, "file": str(output), "bytes": len(content)})
    else:
        display(f"{output}: {len(content):,} bytes")


@approve_app.command("list")
@guarded
def requests(
    by: Annotated[
        str | None, typer.Option("--as", metavar="USER", help="Only what this user can answer, for others too.")
    ] = None,
    quote_id: Annotated[str | None, typer.Option("--quote", metavar="QUOTE", help="Only for this quote.")] = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """The requests that wait for an answer, oldest first."""
    from sales_operations.domain.money import written
    from sales_operations.process.quoting import decisions as quote_decisions

    found = quote_decisions.waiting(opened(config, database), by, quote_id)
    if as_json:
        print_json(found)
        return
    rows = [
        [one["request_id"], one["quote_id"], written(one["figures"]["net"], one["figures"]["currency"]), one["approver"],
         one["rule"], "; ".join([*one["reasons"], *one["worse"]])]
        for one in found
    ]  # fmt: skip
    columns = [("Request", "left"), ("Quote", "left"), ("Net", "right"), ("Asked", "left"), ("Rule", "left")]
    display(
        table("1 request waits" if len(rows) == 1 else f"{len(rows)} requests wait", [*columns, ("Why", "left")], rows)
    )


@approve_app.command("yes")
@guarded
def agree(
    request_id: Annotated[str, typer.Argument(metavar="REQUEST", help="The request's id.")],
    by: By = None,
    comment: Annotated[str | None, typer.Option("--comment", help="What should be kept with the answer.")] = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Agree to what a request asks."""
    _answer(request_id, True, by, comment, database, config, as_json)


@approve_app.command("no")
@guarded
def refuse(
    request_id: Annotated[str, typer.Argument(metavar="REQUEST", help="The request's id.")],
    by: By = None,
    comment: Annotated[str | None, typer.Option("--comment", help="Why not.")] = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Refuse; the quote becomes a draft again."""
    _answer(request_id, False, by, comment, database, config, as_json)


def _answer(
    request_id: str, agreed: bool, by: str | None, comment: str | None, database: str | None, config: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    from sales_operations.process.quoting import decisions as quote_decisions

    done = quote_decisions.decide(opened(config, database), request_id, agreed, by=by, comment=comment)
    if as_json:
        print_json(done)
    else:
        status = done["quote_status"].replace("_", " ")
        display(f"{done['rule']}: {done['status']}. Quote {done['quote_id']} is {status}.")


def _discounts(given: list[str] | None) -> list[str] | None:
    return [] if given == ["none"] else given or None


def _print(quote: dict[str, Any], as_json: bool, *, trace: bool = False) -> None:
    from sales_operations.cli.quote_page import page

    if as_json:
        print_json(quote)
    else:
        display(*page(quote, trace=trace))


def _tell_approval(approval: dict[str, Any]) -> None:
    for one in approval["needed"]:
        notice(f"Needs approval by the rule {one['rule']!r}: {', '.join(one['reasons'])}.")
    for text in approval["worse"]:
        notice(f"Since the last approval, {text}.")
