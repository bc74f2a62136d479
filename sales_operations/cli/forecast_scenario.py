"""The command that shows a forecast beside what it would be if."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sales_operations.cli.common import (
    AsOf,
    Config,
    Database,
    Horizon,
    Json,
    Period,
    display,
    guarded,
    opened,
    print_json,
    table,
    whole,
)

Deals = list[str] | None
_LINES = (("Total", "total"), ("Won so far", "booked"), ("Open deals", "open"), ("Not created yet", "not_created_yet"))


@guarded
def scenario(
    slips: Annotated[Deals, typer.Option("--slips", metavar="DEAL", help="Not won in this period; repeatable.")] = None,
    wins: Annotated[Deals, typer.Option("--wins", metavar="DEAL", help="Won in this period; repeatable.")] = None,
    loses: Annotated[Deals, typer.Option("--loses", metavar="DEAL", help="Lost; repeatable.")] = None,
    amount: Annotated[
        Deals, typer.Option("--amount", metavar="DEAL=VALUE", help="What a deal is worth; repeatable.")
    ] = None,
    win_rate: Annotated[
        float, typer.Option("--win-rate", metavar="POINTS", help="More of all deals are won, or fewer (-5), in points.")
    ] = 0.0,
    new_business: Annotated[
        float, typer.Option("--new-business", metavar="PERCENT", help="More from deals not created yet, or less (-20).")
    ] = 0.0,
    period: Period = None,
    horizon: Horizon = None,
    method: Annotated[str, typer.Option("--method", help="hybrid or pipeline.")] = "hybrid",
    as_of: AsOf = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """What the forecast would be if deals slip, win or lose, or the win rate or new business differ. Keeps nothing."""
    import asyncio

    from sales_operations.forecasting import ForecastScenario

    found = asyncio.run(
        ForecastScenario(opened(config, database)).what_if(
            period,
            method,
            as_of,
            horizon=horizon,
            slips=slips or (),
            wins=wins or (),
            loses=loses or (),
            amounts=_amounts(amount or ()),
            win_rate=win_rate,
            new_business=new_business,
        )
    )
    if as_json:
        print_json(found)
    else:
        display(*_shown(found))


def _amounts(texts: list[str] | tuple[str, ...]) -> dict[str, str]:
    from sales_operations.domain.errors import InvalidInput

    found: dict[str, str] = {}
    for text in texts:
        deal, equals, value = text.rpartition("=")
        if not equals or not deal:
            raise InvalidInput(f"--amount {text!r}: write the deal's id, =, and what it is worth, as in opp_1a2b=25000")
        if found.setdefault(deal, value) != value:
            raise InvalidInput(f"--amount: deal {deal!r} is given {found[deal]} and {value}; keep one")
    return found


def _shown(found: dict[str, Any]) -> list[Any]:
    from sales_operations.domain.clock import written_as_of

    base, changed = found["base"], found["scenario"]
    rows = [
        [title, whole(base[key]), whole(changed[key]), whole(changed[key] - base[key], signed=True)]
        for title, key in _LINES
    ]
    for title, side in (("80 % range from", 0), ("80 % range to", 1)):
        low, high = base["interval_80"][side], changed["interval_80"][side]
        rows.append([title, whole(low), whole(high), whole(high - low, signed=True)])
    span = f"{found['period_start']} to {found['period_end']}"
    title = f"Won revenue of {span}, {found['method']}, as of {written_as_of(found['as_of'])}, in {found['currency']}"
    columns = [("", "left"), ("Forecast", "right"), ("Scenario", "right"), ("Difference", "right")]
    effects = [[_named(one, found["win_rate"]), whole(one["effect"], signed=True)] for one in found["changes"]]
    if len(effects) > 1:
        effects.append(["Together, beyond the sum of these", whole(found["together"], signed=True)])
    return [table(title, columns, rows), table("", [("Each change alone", "left"), ("Effect", "right")], effects)]


def _named(one: dict[str, Any], rate: dict[str, Any]) -> str:
    if one["change"] == "win_rate":
        return f"Win rate {rate['share']:.1%} to {rate['assumed']:.1%}"
    if one["change"] == "new_business":
        return f"New business {one['value']:+g} %"
    if one["change"] == "amount":
        return f"{one['deal']} is worth {whole(one['value'])}, not {whole(one['amount'])} (chance {one['chance']:.0%})"
    return f"{one['deal']} {one['change']} (chance {one['chance']:.0%} of {whole(one['amount'])})"
