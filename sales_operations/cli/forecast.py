"""The forecast command, and what came of earlier forecasts."""

from __future__ import annotations

from typing import Annotated

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
    notice,
    opened,
    print_json,
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
    period: Period = None,
    horizon: Horizon = None,
    method: Annotated[str, typer.Option("--method", help="pipeline, trend, seasonal, ml or hybrid.")] = "hybrid",
    as_of: AsOf = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Forecast the revenue won in the current month, quarter or year, or in the next days, with its measured confidence."""
    if context.invoked_subcommand is not None:
        return
    import asyncio

    from sales_operations.cli.forecast_view import view
    from sales_operations.forecasting import SalesForecaster

    forecaster = SalesForecaster(opened(config, database))
    found = asyncio.run(forecaster.forecast_sales(period, method, as_of, horizon=horizon))
    if reason := found.get("not_kept"):
        notice(f"The forecast was not kept: {reason}.")
    if as_json:
        print_json(found)
    else:
        display(*view(found))
