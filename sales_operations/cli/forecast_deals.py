"""The command that lists what each open deal is expected to bring, and why."""

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

_REASONS = 3
_LEAST = 0.005
_RATES = "the rates of stage, age, time in stage and size"


@guarded
def deals(
    deal: Annotated[
        list[str] | None, typer.Argument(metavar="[DEAL]...", help="These alone; else the largest.")
    ] = None,
    top: Annotated[int, typer.Option("--top", metavar="N", min=1, help="So many deals at most.")] = 20,
    period: Period = None,
    horizon: Horizon = None,
    method: Annotated[str, typer.Option("--method", help="ml or pipeline.")] = "ml",
    as_of: AsOf = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """The open deals by what they are expected to bring in time: the chance of each, and what speaks for and against it."""
    import asyncio

    from sales_operations.forecasting import OpenDealForecasts

    found = asyncio.run(
        OpenDealForecasts(opened(config, database)).list_deals(
            period, method, as_of, horizon=horizon, deals=deal or (), top=top
        )
    )
    if as_json:
        print_json(found)
    else:
        display(*_shown(found))


def _shown(found: dict[str, Any]) -> list[Any]:
    from sales_operations.domain.clock import written_as_of

    span = f"{found['period_start']} to {found['period_end']}"
    lines = [
        f"{found['open_deals']:,} open deals are expected to bring {whole(found['expected'])} {found['currency']} of {span}, "
        f"as of {written_as_of(found['as_of'])}.",
        _model(found),
        "",
    ]
    columns = [("Deal", "left"), ("Stage", "left"), ("Amount", "right"), ("Chance", "right"), ("Expected", "right")]
    rows = [
        [_named(one), one["stage"], whole(one["amount"]) + ("*" if one["amount_estimated"] else ""),
         f"{one['chance']:.0%}", whole(one["expected"]), _reasons(one["contributions"])]
        for one in found["deals"]
    ]  # fmt: skip
    parts: list[Any] = [*lines, table("", [*columns, ("Most of it, in log-odds", "left")], rows)]
    if any(one["amount_estimated"] for one in found["deals"]):
        parts += ["* estimated: none is stated.", ""]
    return parts


def _model(found: dict[str, Any]) -> str:
    if reason := found.get("refused"):
        return f"By {_RATES}, without a model of deals: {reason}."
    if found["signal"] is None:
        return f"By {_RATES}."
    if not found["signal"]:
        return f"No usable signal: no model beats {_RATES} on later days, so these serve."
    return f"By a model of deals ({found['signal']:.0%}) and {_RATES}."


def _named(one: dict[str, Any]) -> str:
    return f"{one['account_name']}\n{one['id']}".strip()


def _reasons(contributions: dict[str, float]) -> str:
    ordered = sorted(contributions.items(), key=lambda item: -abs(item[1]))
    return ", ".join(
        f"{name.replace('_', ' ')} {part:+.2f}" for name, part in ordered[:_REASONS] if abs(part) >= _LEAST
    )
