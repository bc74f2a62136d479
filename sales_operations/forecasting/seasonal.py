"""The forecast from the rhythm of the year: the recent level of won deals, times what the season makes of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sales_operations.domain.errors import HistoryTooThin
from sales_operations.forecasting.amounts import fit_amounts
from sales_operations.forecasting.asof import LONGEST, History
from sales_operations.forecasting.blocks import adjusted_length, block_edges
from sales_operations.forecasting.method import Chance, Estimate
from sales_operations.forecasting.seasons import fit_rhythm
from sales_operations.forecasting.series import smoothed_level
from sales_operations.forecasting.window import Window

WEEK = 7
LEAST_WEEKS = 4
LEAST_WON = 10
# Smoothing a week, so that a deal's weight halves in 30 days.
_ALPHA = 1 - 0.5 ** (WEEK / 30)


@dataclass(frozen=True)
class SeasonalMethod:
    """``seasonal_periods`` is how many seasons of equal length a year has: 4 when quarters differ, 12 when months do.

    Within each quarter, its months and its last two weeks may differ as well.
    """

    seasonal_periods: int = 4
    name: str = "seasonal"

    def fit_forecast(self, history: History, window: Window) -> Estimate:
        """See ``Method``. ``details``: ``seasonal_factor`` of the whole window, 1 being an average time of the year."""
        edges = block_edges(history, WEEK, min(LONGEST, history.day - history.flowing_from + 1) // WEEK)
        won = np.sort(history.closings.day[history.closings.won])
        if len(edges) - 1 < LEAST_WEEKS or len(won) < LEAST_WON:
            raise HistoryTooThin(
                f"{len(won)} deals won in {len(edges) - 1} weeks are known; seasons need {LEAST_WON} in {LEAST_WEEKS}"
            )
        rhythm = fit_rhythm(history, self.seasonal_periods)
        counts = np.diff(np.searchsorted(won, edges, side="right"))
        level = smoothed_level(counts / adjusted_length(rhythm, edges), _ALPHA)
        left = rhythm.of(np.arange(window.origin + 1, window.end + 1)).sum()
        amounts = fit_amounts(history)
        booked = window.booked(history)
        deals = level * left
        factor = rhythm.of(np.arange(window.start, window.end + 1)).mean()
        return Estimate(
            booked + round(deals * amounts.mean),
            booked,
            chance=Chance(deals * amounts.mean_square),
            details={"seasonal_factor": float(factor), "weeks": len(counts)},
        )
