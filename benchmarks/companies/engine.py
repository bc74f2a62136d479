"""The forecasts that are judged: the program's own, under its default settings, from one company's record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.companies.company import HORIZON
from sales_operations.forecasting.asof import History
from sales_operations.forecasting.backtest import backtest
from sales_operations.forecasting.estimates import Estimates
from sales_operations.forecasting.ml import MlMethod
from sales_operations.forecasting.pipeline import PipelineMethod
from sales_operations.forecasting.seasonal import SeasonalMethod
from sales_operations.forecasting.trend import TrendMethod
from sales_operations.forecasting.window import window_after

Interval = tuple[float, float]
METHODS = ("hybrid", "pipeline", "trend", "seasonal", "ml")
CHANCES = (0.1, 0.3, 0.5, 0.7)
"""The default chances of the four open stages."""


@dataclass(frozen=True)
class Said:
    """One forecast in minor units, with its intervals where it gave some."""

    total: float
    within_80: Interval | None = None
    within_95: Interval | None = None


def said(record: History, origins: Sequence[int]) -> Iterator[dict[str, Said]]:
    """For each origin, ascending, what each method and baseline forecast for the 30 days after it, from then known."""
    methods = (
        PipelineMethod(CHANCES),
        TrendMethod(12),
        SeasonalMethod(4),
        MlMethod("auto", CHANCES),
    )
    windows = [window_after(origin, HORIZON) for origin in origins]
    for found in backtest(Estimates(record, methods), windows, METHODS, "auto", {}, CHANCES):
        yield {
            one.method: Said(one.total, (one.bands.p10, one.bands.p90), (one.bands.p2_5, one.bands.p97_5))
            if one.bands
            else Said(one.total)
            for one in found
        }
