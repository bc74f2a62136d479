"""Demonstration company: until it is ready, until all its forecasts are, and the whole run in an empty folder."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import files
from benchmarks.alone import THREADS, alone
from benchmarks.figures import Bench, Figure, Measurement

_COMMAND = "from sales_operations.cli.main import main; main()"


def measure(bench: Bench) -> list[Figure]:
    with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
        ready = alone(build, f"{folder}/demo.db")
        forecasts = alone(all_forecasts, f"{folder}/demo.db")
    with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", _COMMAND, "run"],
            cwd=folder,
            env={**os.environ, **THREADS},
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        whole = time.perf_counter() - began
    return [
        Figure("ready", ready["seconds"], "s", 5, at_most=True),
        Figure("all 15 forecasts afterwards, cold, on one processor", forecasts["seconds"], "s", 25, at_most=True),
        Figure("sales-operations run in an empty folder", whole, "s", 15, at_most=True),
    ]


def build(store: str) -> dict[str, Any]:
    began = time.perf_counter()
    from sales_operations.demo.store import ensure

    ensure(Path(store), files.moment)
    return {"seconds": time.perf_counter() - began}


def all_forecasts(store: str) -> dict[str, Any]:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    began = time.perf_counter()
    from sales_operations.domain.periods import MONTHS
    from sales_operations.forecasting import SalesForecaster
    from sales_operations.workspace import open_workspace

    forecaster = SalesForecaster(open_workspace({}, database=store, clock=files.moment))
    for period in MONTHS:
        for method in ("pipeline", "trend", "seasonal", "ml", "hybrid"):
            made = asyncio.run(forecaster.forecast_sales(period=period, method=method))
            if made.get("refused"):
                raise RuntimeError(f"{method} of the {period} refused: {made['refused']}")
    return {"seconds": time.perf_counter() - began}


MEASUREMENT = Measurement(
    "demonstration",
    "From an empty folder, as a newcomer meets it; imports of the libraries included.",
    measure,
)
