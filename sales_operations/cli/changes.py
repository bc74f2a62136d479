"""The command that says what changed between two dates."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sales_operations.cli.common import Config, Database, Json, KnownAt, display, guarded, opened, print_json, table

Deals = Annotated[
    int, typer.Option("--deals", min=0, help="At most so many deals are printed for each kind of change.")
]
_TITLES = {
    "owner_in": "Came from others",
    "owner_out": "Went to others",
    "category_in": "Into the category",
    "category_out": "Out of the category",
    "currency": "Exchange rates",
}


def add_to(app: typer.Typer) -> None:
    """Hang this command into the program."""
    app.command("changes")(changes)


@guarded
def changes(
    start: Annotated[str | None, typer.Option("--from", metavar="DATE", help="By default a week before --to.")] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="A date (its end) or an instant; now.")
    ] = None,
    sales_rep: Annotated[str | None, typer.Option("--rep", metavar="NAME", help="Deals of this sales rep.")] = None,
    team: Annotated[str | None, typer.Option("--team", metavar="NAME", help="Deals of this team.")] = None,
    pipeline: Annotated[str | None, typer.Option("--pipeline", metavar="NAME", help="Deals of this pipeline.")] = None,
    category: Annotated[
        str | None, typer.Option("--category", metavar="NAME", help="Deals of this forecast category.")
    ] = None,
    period: Annotated[
        str | None,
        typer.Option("--period", metavar="PERIOD", help="Deals that close in 2026-05, 2026-Q2, 2026 or FY2027-Q2."),
    ] = None,
    deals: Deals = 3,
    known_at: KnownAt = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """What changed in the open pipeline between two dates, to the cent: created, won, lost, moved, grown, shrunk."""
    import asyncio

    from sales_operations.pipeline import PipelineChanges
    from sales_operations.pipeline.scope import Scope

    face = PipelineChanges(opened(config, database))
    scope = Scope(sales_rep, team, pipeline, category, None if period is None else face.period(period))
    found = asyncio.run(face.compare(start, end, scope, known_at))
    if as_json:
        print_json(found)
    else:
        _show(found, deals)


def _show(found: dict[str, Any], most: int) -> None:
    from sales_operations.domain.clock import written_as_of
    from sales_operations.domain.money import written

    currency = found["currency"]
    first, last = written_as_of(found["from"]), written_as_of(found["to"])
    rows = [[f"Open pipeline on {first}", f"{found['start']['count']:,}", written(found["start"]["amount"], currency)]]
    for bucket in found["buckets"]:
        if bucket["count"]:
            rows.append([f"  {_title(bucket['name'])}", f"{bucket['count']:,}", _signed(bucket["amount"], currency)])
    rows.append([f"Open pipeline on {last}", f"{found['end']['count']:,}", written(found["end"]["amount"], currency)])
    scope = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in found["scope"].items())
    title = "What changed in the open pipeline" + (f": {scope}" if scope else "")
    display(table(title, [("", "left"), ("Deals", "right"), ("Amount", "right")], rows), *_notes(found, currency))
    for bucket in found["buckets"] if most else ():
        if bucket["deals"]:
            display(_deals(bucket, most, currency))


def _notes(found: dict[str, Any], currency: str) -> list[str]:
    from sales_operations.domain.money import written

    notes = [f"{found['unchanged']:,} open deals are worth the same."]
    between = found["created_and_closed_between"]
    passed = [f"{one['count']:,} {status} ({written(one['amount'], currency)})" for status, one in between.items()]
    if any(one["count"] for one in between.values()):
        notes.append(f"Created and closed in between, so in neither: {', '.join(passed)}.")
    for name, told in (("start", "start"), ("end", "end")):
        if unknown := found[name]["amount_unknown"]:
            notes.append(f"{unknown:,} open deals at the {told} have no known amount and count 0.")
    return [*notes, ""]


def _deals(bucket: dict[str, Any], most: int, currency: str) -> Any:
    title = f"{_title(bucket['name'])}, the biggest {most} of {bucket['count']:,}" if bucket["count"] > most else ""
    columns = [("Opportunity", "left"), ("Change", "right"), ("What", "left")]
    rows = []
    for deal in bucket["deals"][:most]:
        rep = (deal["after"] or deal["before"])["sales_rep"]
        who = [deal["opportunity_id"], deal["account_name"] or deal["name"] or "unknown", rep or "unassigned"]
        rows.append(["\n".join(who), _signed(deal["change"], currency), "\n".join(_what(deal, currency))])
    return table(title or _title(bucket["name"]), columns, rows)


def _what(deal: dict[str, Any], currency: str) -> list[str]:
    """What differs between the two states."""
    from sales_operations.domain.money import written

    before, after = deal["before"], deal["after"]
    if before is None or after is None:
        one = before or after
        return [one["stage"], f"due {one['close_date'] or 'at no date'}"]
    told = [
        f"{before[name] or 'none'} → {after[name] or 'none'}"
        for name in ("stage", "sales_rep", "close_date", "forecast_category")
        if before[name] != after[name]
    ]
    if before["amount"] != after["amount"]:
        amounts = ["unknown" if one["amount"] is None else written(one["amount"], currency) for one in (before, after)]
        told.append(" → ".join(amounts))
    return told or [after["stage"]]


def _title(name: str) -> str:
    return _TITLES.get(name, name.replace("_", " ").capitalize())


def _signed(amount: float, currency: str) -> str:
    from sales_operations.domain.money import written

    return ("+" if amount > 0 else "") + written(amount, currency)
