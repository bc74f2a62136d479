"""What a forecasting method is: fit on what was known at an origin, forecast the revenue won in a window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from sales_operations.domain.errors import HistoryTooThin
from sales_operations.domain.stages import STAGE_NAMES
from sales_operations.forecasting.asof import NO_DAY, WON, Floats, History, day_of
from sales_operations.forecasting.window import Window

RUN_RATE_DAYS = 91
"""The baseline's memory: a quarter, so that the rush at a quarter's end is always in it once."""
LEAST_DAYS = 28
STALE_DAYS = 365
RUN_RATE = "run_rate"
"""The group of what the baseline expects, which belongs to no deal."""


@dataclass(frozen=True)
class Estimate:
    """Won revenue of a window in minor units: ``booked`` before the origin, and what is expected after it.

    ``open`` comes from deals that are open at the origin, ``created_later`` from deals that do not exist yet; both are
    None where a method does not tell them apart. ``details`` are the method's own findings, amounts in minor units.
    """

    total: float
    booked: float
    open: float | None = None
    created_later: float | None = None
    details: Mapping[str, object] = field(default_factory=dict)


class Method(Protocol):
    """One way to forecast."""

    @property
    def name(self) -> str:
        """What the configuration calls it."""
        ...

    def fit_forecast(self, history: History, window: Window) -> Estimate:
        """Forecast a window from what was known at its origin, which is ``history.day``.

        Raises HistoryTooThin where that would not be an honest estimate.
        """
        ...


def check_recent(history: History) -> None:
    """Raise HistoryTooThin where nothing closed for so long that the data, not the business, must have stopped."""
    newest = int(history.closings.day.max(initial=NO_DAY))
    if newest != NO_DAY and history.day - newest > STALE_DAYS:
        raise HistoryTooThin(
            f"the last deal closed on {day_of(newest)}, over {STALE_DAYS} days before: import newer deals, or look from "
            f"an earlier day with as_of"
        )


def run_rate(history: History, window: Window) -> Estimate:
    """The baseline: what was booked, and for each day left the mean day of the last 91. 0 for an empty store.

    Where closings are known for fewer days, of those, but of four weeks at least.
    """
    by_rep = window.booked_by_rep(history)
    booked = float(by_rep.sum())
    days = min(max(history.day - history.observed_from + 1, LEAST_DAYS), RUN_RATE_DAYS)
    rate = float(history.won_per_day(history.day - days + 1, history.day).sum()) / days
    rest = round(rate * window.remaining)
    by_stage = np.where(np.arange(len(STAGE_NAMES)) == WON, booked, 0.0)
    return Estimate(booked + rest, booked, details=breakdowns(history, by_stage, by_rep, RUN_RATE, rest))


def breakdowns(history: History, by_stage: Floats, by_rep: Floats, rest_name: str, rest: float) -> dict[str, object]:
    """``by_stage`` and ``by_sales_rep`` of an estimate; what belongs to no deal stands under ``rest_name`` in both."""
    reps = {rep: float(amount) for rep, amount in zip(history.reps, by_rep, strict=True) if amount}
    stages = dict(zip(STAGE_NAMES, map(float, by_stage), strict=True))
    return {"by_stage": {**stages, rest_name: float(rest)}, "by_sales_rep": {**reps, rest_name: float(rest)}}
