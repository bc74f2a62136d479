"""What anybody could say without a model: the yardsticks that every method has to beat."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from sales_operations.forecasting.asof import History
from sales_operations.forecasting.method import run_rate
from sales_operations.forecasting.window import Window

YEAR = 364
"""Days back to the same weekdays of the year before."""


def last_value(history: History, window: Window) -> float | None:
    """Booked, and as much for the days left as in as many days up to the origin; None where not so many are known."""
    if history.day - history.observed_from + 1 < window.remaining:
        return None
    before = history.won_per_day(window.origin - window.remaining + 1, window.origin)
    return window.booked(history) + float(before.sum())


def seasonal_naive(history: History, window: Window) -> float | None:
    """Booked, and as much for the days left as in those days a year before; None where they are not known."""
    if window.origin + 1 - YEAR < history.observed_from:
        return None
    before = history.won_per_day(window.origin + 1 - YEAR, window.end - YEAR)
    return window.booked(history) + float(before.sum())


def weighted_pipeline(stage_probabilities: tuple[float, ...]) -> Callable[[History, Window], float | None]:
    """Booked, and every open deal's amount times the configured probability of its stage, whenever it may close."""
    chances = np.asarray(stage_probabilities, dtype=np.float64)

    def textbook(history: History, window: Window) -> float:
        rows = history.open_rows
        return window.booked(history) + float(chances[history.stage[rows]] @ np.nan_to_num(history.amount[rows]))

    return textbook


def baselines(stage_probabilities: tuple[float, ...]) -> Mapping[str, Callable[[History, Window], float | None]]:
    """Name to baseline: what it says of a window in minor units, or None."""
    return {
        "run_rate": lambda history, window: run_rate(history, window).total,
        "last_value": last_value,
        "seasonal_naive": seasonal_naive,
        "weighted_pipeline": weighted_pipeline(stage_probabilities),
    }
