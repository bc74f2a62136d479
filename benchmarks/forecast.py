"""Forecast: the hybrid forecast of the quarter over many deals, cold and when nothing changed."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from benchmarks import files
from benchmarks.alone import alone
from benchmarks.company import copied
from benchmarks.figures import Bench, Figure, Measurement


def measure(bench: Bench) -> list[Figure]:
    found = alone(forecast, str(copied(bench.folder, bench.sizes.forecast_copies)))
    return [
        Figure("deals", found["deals"], ""),
        Figure("cold, training included", found["cold"], "s", 20, at_most=True),
        Figure("when nothing changed", found["again"], "s", 0.3, at_most=True),
        Figure("peak memory", found["memory_mb"], "MB"),
    ]


def forecast(store: str) -> dict[str, Any]:
    from sales_operations.forecasting import SalesForecaster
    from sales_operations.workspace import open_workspace

    workspace = open_workspace({}, database=store, clock=files.moment)
    forecaster = SalesForecaster(workspace)
    times, totals = [], []
    for _ in range(2):
        began = time.perf_counter()
        made = asyncio.run(forecaster.forecast_sales(period="quarter", method="hybrid"))
        times.append(time.perf_counter() - began)
        totals.append(made["total"])
    if totals[0] != totals[1] or made.get("refused"):
        raise RuntimeError(f"the forecasts are not what was to be measured: {totals}, {made.get('refused')}")
    with workspace.columns() as db:
        [(deals,)] = db.execute("SELECT count(*) FROM opportunities").fetchall()
    return {"deals": deals, "cold": times[0], "again": times[1]}


MEASUREMENT = Measurement(
    "forecast",
    "`forecast_sales(period='quarter', method='hybrid')` over three years of the copied demonstration company, on one "
    "thread a library, from the first import of the libraries on.",
    measure,
)
