"""The days a forecast is about, and the revenue that was won in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sales_operations.domain.periods import Period, period_of
from sales_operations.forecasting.asof import Floats, History, day_number, day_of, sums_by

_ORIGINS = {"month": 12, "quarter": 8, "year": 5}
AHEAD = "days"
"""The name of windows that are so many days after the origin."""


@dataclass(frozen=True)
class Window:
    """Won revenue of the days ``start`` to ``end``, both inclusive, forecast at the end of day ``origin``.

    ``name`` is the kind of period, or ``days``. All days are numbers since 1970-01-01.
    """

    name: str
    start: int
    end: int
    origin: int

    @property
    def remaining(self) -> int:
        """Days after the origin."""
        return self.end - self.origin

    def booked(self, history: History) -> float:
        """Minor units won in the window as ``history`` knows them: so far at the origin, or all of them later."""
        return float(self.booked_by_rep(history).sum())

    def booked_by_rep(self, history: History) -> Floats:
        """The same by the rep of the deal: (reps,). Unknown amounts count 0."""
        closings = history.closings
        won = closings.won & (closings.day >= self.start) & (closings.day <= self.end)
        return sums_by(closings.rep[won], closings.amount[won], len(history.reps))


def window_of(name: str, day: date, fiscal_year_start: int = 1) -> Window:
    """The period called ``name`` that holds ``day``, forecast at the end of that day. Raises NotFound.

    ``fiscal_year_start`` is the month in which years begin.
    """
    return _window(period_of(name, day, fiscal_year_start), day_number(day))


def window_after(origin: int, days: int) -> Window:
    """The ``days`` days after a day number."""
    return Window(AHEAD, origin + 1, origin + days, origin)


def past_windows(window: Window) -> list[Window]:
    """The windows of the same length before one, latest first, each forecast at the same point: with the same share left.

    Twelve months, eight quarters or five years; of windows that begin after their origin, the twelve that ended last.
    """
    if window.name == AHEAD:
        return [window_after(window.origin - past * window.remaining, window.remaining) for past in range(1, 13)]
    period = Period(window.name, day_of(window.start), day_of(window.end))
    share_left = window.remaining / (window.end - window.start + 1)
    past = []
    for periods in range(1, _ORIGINS[window.name] + 1):
        earlier = period.shifted(-periods)
        start, end = day_number(earlier.start), day_number(earlier.end)
        past.append(_window(earlier, end - round(share_left * (end - start + 1))))
    return past


def _window(period: Period, origin: int) -> Window:
    return Window(period.name, day_number(period.start), day_number(period.end), origin)
