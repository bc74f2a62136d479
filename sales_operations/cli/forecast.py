"""The forecast command, and what came of earlier forecasts."""

from __future__ import annotations

from typing import Annotated

import typer

from sales_operations.cli.common import (
    AsOf,
    Config,
    Database,
    Json,
    block,
    display,
    guarded,
    notice,
    opened,
    print_json,
    table,
)
from sales_operations.cli.forecast_deals import deals
from sales_operations.cli.forecast_history import history
from sales_operations.cli.forecast_scenario import scenario

forecast_app = typer.Typer()


def add_to(app: typer.Typer) -> None:
    """Hang these commands into the program."""
    forecast_app.command("deals")(deals)
    forecast_app.command("history")(history)
    forecast_app.command("scenario")(scenario)
    app.add_typer(forecast_app, name="forecast")


@forecast_app.callback(invoke_without_command=True)
@guarded
def forecast(
    context: typer.Context,
    period: Annotated[str, typer.Option("--period", help="month, quarter or year.")] = "quarter",
    method: Annotated[str, typer.Option("--method", help="pipeline, trend, seasonal, ml or hybrid.")] = "hybrid",
    as_of: AsOf = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Forecast the revenue won in the current month, quarter or year, with its measured confidence."""
    if context.invoked_subcommand is not None:
        return
    import asyncio

    from sales_operations.domain.clock import written_as_of
    from sales_operations.domain.money import written
    from sales_operations.forecasting import SalesForecaster
    from sales_operations.workflow import forecast_block

    forecaster = SalesForecaster(opened(config, database))
    found = asyncio.run(forecaster.forecast_sales(period=period, method=method, as_of=as_of))
    if reason := found.get("not_kept"):
        notice(f"The forecast was not kept: {reason}.")
    if as_json:
        print_json(found)
        return
    title, lines = forecast_block(found)
    if not found.get("refused"):
        basis = found["confidence_basis"]
        came_true = f"{basis['within_10_percent']} of {basis['origins']} past forecasts at this point came within 10 %"
        lines.append(("Measured", came_true))
    parts = [block(f"{title} as of {written_as_of(found['as_of'])}", lines)]
    for name, heading in (("by_stage", "Stage"), ("by_sales_rep", "Sales rep")):
        shares = list((found.get(name) or {}).items())
        if name == "by_sales_rep":
            shares.sort(key=lambda item: -item[1])
        if shares:
            rows = [[key, written(value, found["currency"])] for key, value in shares]
            parts.append(table("", [(heading, "left"), ("Expected", "right")], rows))
    display(*parts)
