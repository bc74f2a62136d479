"""The kpi command: the key figures against their targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sales_operations.cli.analytics import Period, between, number, percent, window_words
from sales_operations.cli.common import (
    AsOf,
    Config,
    Database,
    Json,
    KnownAt,
    display,
    guarded,
    opened,
    print_json,
    table,
)

if TYPE_CHECKING:
    from sales_operations.workspace import Workspace

_NAMES = {
    "forecast_accuracy": "Forecast accuracy",
    "pipeline_coverage": "Pipeline coverage",
    "sales_cycle_days": "Sales cycle, days",
    "win_rate": "Win rate",
    "deal_size": "Deal size",
    "won_deals_per_rep_month": "Wins per rep, month",
}


def add_to(app: typer.Typer) -> None:
    """Hang this command into the program."""
    app.command("kpi")(kpi)


@guarded
def kpi(
    period: Period = None,
    forecast: Annotated[
        bool, typer.Option("--forecast/--no-forecast", help="Measure how accurate forecasts are, which takes a while.")
    ] = True,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """The key figures against their targets, and how they changed: coverage, cycle, win rate, size, wins per rep."""
    import asyncio

    from sales_operations.pipeline import PipelineKpis

    workspace = opened(config, database)
    made = _forecast(workspace, as_of) if forecast and known_at is None else None
    found = asyncio.run(PipelineKpis(workspace).scorecard(as_of, known_at, period=period, forecast=made))
    if as_json:
        print_json(found)
    else:
        _show(found)


def _forecast(workspace: Workspace, as_of: str | None) -> dict[str, Any]:
    """The forecast of the quarter, or the reason why there is none."""
    import asyncio

    from sales_operations.domain.errors import Disabled, NotFound
    from sales_operations.forecasting import SalesForecaster

    period, method = "quarter", "hybrid"
    try:
        return asyncio.run(SalesForecaster(workspace).forecast_sales(period, method, as_of))
    except (Disabled, NotFound) as reason:
        return {"period": period, "method": method, "refused": str(reason)}


def _show(found: dict[str, Any]) -> None:
    columns = [("", "left"), ("Value", "right"), ("Target", "right"), ("Met", "left"), ("Before", "right")]
    rows = [_row(one) for one in found["kpis"]]
    title = f"Key figures: {window_words(found)}"
    unknown = [
        f"{_NAMES[one['name']]} is unknown: {one['unknown_because']}." for one in found["kpis"] if one["met"] is None
    ]
    before = found["before"]
    display(
        table(title, [*columns, ("Change", "left")], rows),
        f"Below each value its 95 % interval and how many it is of. Before: {before['deals']:,} {before['description']}.",
        "Unsure: it may be chance; the interval holds the target, or overlaps with that of before.",
        *unknown,
        "",
    )


def _row(one: dict[str, Any]) -> list[str]:
    written = percent if one["unit"] == "share" else number
    sign = ">" if one["better"] == "above" else "<"
    below = [between(one["low"], one["high"], written), f"{one['n']:,} {one['of']}"]
    met = {True: "yes", False: "no", None: "unknown"}[one["met"]]
    if one["target_outside_interval"] is False:
        met += ",\nunsure"
    change = "" if one["trend"] is None else one["trend"]
    if one["intervals_apart"] is False and change not in ("", "level"):
        change += ",\nunsure"
    value = "\n".join([written(one["value"]), *filter(None, below)])
    return [
        _NAMES[one["name"]],
        value,
        f"{sign} {written(one['target'])}",
        met,
        written(one["before"]["value"]),
        change,
    ]
