"""What a forecasting method is: fit on what was known at an origin, forecast the revenue won in a window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from sales_operations.domain.errors import HistoryTooThin
from sales_operations.forecasting.asof import NO_DAY, History, day_of
from sales_operations.forecasting.window import Window

RUN_RATE_DAYS = 91
"""The baseline's memory: a quarter, so that the rush at a quarter's end is always in it once."""
LEAST_DAYS = 28
STALE_DAYS = 365


@dataclass(frozen=True)
class Chance:
    """What luck does to an estimate, were all its rates right. ``variance`` is that of the rest, in minor units squared.

    Of it, ``large`` is made up of single deals that are too large to be lost in a sum: (chance, amount), largest first.
    """

    variance: float = 0.0
    large: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Estimate:
    """Won revenue of a window in minor units: ``booked`` before the origin, and what is expected after it.

    ``open`` comes from deals that are open at the origin, ``created_later`` from deals that do not exist yet; both are
    None where a method does not tell them apart. ``by_stage`` and ``by_rep`` share out ``open``. ``details`` are the
    method's own findings.
    """

    total: float
    booked: float
    open: float | None = None
    created_later: float | None = None
    by_stage: Mapping[str, float] = field(default_factory=dict)
    by_rep: Mapping[str, float] = field(default_factory=dict)
    chance: Chance = Chance()
    details: Mapping[str, object] = field(default_factory=dict)

    @property
    def rest(self) -> float:
        """What is expected after the origin."""
        return self.total - self.booked


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
    """Raise HistoryTooThin where nothing closed for so long that the data, not the business, must have stopped.

    And where no won deal has an amount: there is nothing to add up.
    """
    newest = int(history.closings.day.max(initial=NO_DAY))
    if newest != NO_DAY and history.day - newest > STALE_DAYS:
        raise HistoryTooThin(
            f"the last deal closed on {day_of(newest)}, over {STALE_DAYS} days before: import newer deals, or look from "
            f"an earlier day with as_of"
        )
    won = history.closings.won
    if won.any() and not np.nansum(history.closings.amount[won]) > 0:
        raise HistoryTooThin(
            f"none of the {int(won.sum())} won deals states an amount above 0: import amounts, or set the currency that "
            "they are in as company.currency"
        )


def run_rate(history: History, window: Window) -> Estimate:
    """The baseline: what was booked, and for each day left the mean day of the last 91. 0 for an empty store.

    Where closings are known for fewer days, of those, but of four weeks at least.
    """
    booked = window.booked(history)
    days = min(max(history.day - history.observed_from + 1, LEAST_DAYS), RUN_RATE_DAYS)
    rate = float(history.won_per_day(history.day - days + 1, history.day).sum()) / days
    return Estimate(booked + round(rate * window.remaining), booked)
