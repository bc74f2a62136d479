"""The forecast from the direction of won revenue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sales_operations.domain.errors import HistoryTooThin
from sales_operations.forecasting.amounts import fit_amounts
from sales_operations.forecasting.asof import Floats, History
from sales_operations.forecasting.blocks import (
    MONTH,
    adjusted_length,
    block_edges,
    block_sums,
    blocks_for,
    spread_over,
)
from sales_operations.forecasting.method import Chance, Estimate
from sales_operations.forecasting.seasons import fit_rhythm
from sales_operations.forecasting.series import next_values
from sales_operations.forecasting.window import Window

USUAL_MONTHS = 6
LEAST_MONTHS = 3
"""Months that a trend needs, and those that do where the configuration asks for so few."""
_STANDARD_ERRORS = 2.0
_YEAR = 12


@dataclass(frozen=True)
class TrendMethod:
    """``historical_periods`` is how many months, counted back from the origin, the series has at most."""

    historical_periods: int = 12
    name: str = "trend"

    def fit_forecast(self, history: History, window: Window) -> Estimate:
        """See ``Method``. ``details``: ``trend`` in a word, and ``growth_rate``, fitted, a year, as a fraction.

        The series is adjusted for the rhythm within quarters, and its forecast gets it back.
        """
        edges = block_edges(history, MONTH, self.historical_periods)
        months = len(edges) - 1
        least = max(LEAST_MONTHS, min(USUAL_MONTHS, self.historical_periods))
        if months < least:
            raise HistoryTooThin(
                f"{months} whole months of won revenue are known and within historical_periods; a trend needs {least}"
            )
        rhythm = fit_rhythm(history)
        # A month's sum by the usual length of a month: without it, months with a quarter's end in them look like jumps.
        revenue = block_sums(history, edges) / adjusted_length(rhythm, edges) * MONTH
        left = rhythm.of(np.arange(window.origin + 1, window.end + 1)).sum()
        rest = round(spread_over(next_values(revenue, blocks_for(left, MONTH), _YEAR), MONTH, left))
        booked = window.booked(history)
        amounts = fit_amounts(history)
        label, growth = direction(revenue)
        return Estimate(
            booked + rest,
            booked,
            # As many deals as make up the rest come by chance.
            chance=Chance(rest * amounts.mean_square / amounts.mean if amounts.mean > 0 else 0.0),
            details={"trend": label, "growth_rate": growth, "months": months},
        )


def direction(revenue: Floats) -> tuple[str, float]:
    """The label of a monthly series, and its growth a year as a fraction of its mean, by least squares.

    ``stable`` where the slope is within two standard errors of 0. Growth is 0 where nothing was won.
    """
    months = np.arange(len(revenue)) - (len(revenue) - 1) / 2
    mean = float(revenue.mean())
    slope = float(months @ revenue / (months @ months))
    residual = revenue - mean - slope * months
    error = float(np.sqrt(residual @ residual / max(len(revenue) - 2, 1) / (months @ months)))
    growth = slope * 12 / mean if mean > 0 else 0.0
    if abs(slope) <= _STANDARD_ERRORS * error:
        return "stable", growth
    return ("increasing" if slope > 0 else "decreasing"), growth
