"""The span of time in which deals closed that figures look at: a calendar period, or the year up to the instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sales_operations.domain.errors import InvalidInput
from sales_operations.domain.periods import Period
from sales_operations.metrics.metric import SECONDS_A_DAY, Frame
from sales_operations.pipeline.state import State

WINDOW_DAYS = 365
"""Rates look at deals closed within this many days up to the instant asked for."""
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Window:
    """From ``start`` to just before ``end``, in naive UTC; ``period`` is the calendar period that it is of, if any."""

    start: datetime
    end: datetime
    period: Period | None

    @property
    def days(self) -> float:
        """Its length."""
        return (self.end - self.start).total_seconds() / SECONDS_A_DAY

    def closed(self, state: State) -> Frame:
        """The deals closed in it, as a state knows them."""
        return state.closed_since(self.start, self.end)

    def before(self, state: State) -> Window:
        """The calendar period before, or as long a span just before."""
        if self.period:
            earlier = self.period.shifted(-1)
            return Window(state.start_of(earlier.start), self.start, earlier)
        return Window(self.start - (self.end - self.start), self.start, None)

    def shown(self, state: State, deals: int) -> dict[str, Any]:
        """The window and how many deals closed in it, for a result."""
        if self.period is None:
            description = f"deals closed in the {WINDOW_DAYS} days up to as_of"
            return {"description": description, "days": WINDOW_DAYS, "deals": deals}
        return {
            "description": f"deals closed in {self.period.label}",
            "period": self.period.label,
            "days": self.days,
            "complete": self.end == state.start_of(self.period.shifted(1).start),
            "deals": deals,
        }

    def months(self, state: State) -> list[tuple[Period, Window]]:
        """The calendar months of the company's time zone that it reaches into, each cut off where the window ends."""
        month = self.period.start if self.period else state.period("month").shifted(-11).start
        found, one = [], state.period("month", month)
        while (start := state.start_of(one.start)) < self.end:
            found.append((one, Window(start, min(self.end, state.start_of(one.shifted(1).start)), one)))
            one = one.shifted(1)
        return found


def window_of(state: State, period: Period | None) -> Window:
    """The window of a period, up to the state's instant. Raises InvalidInput for a period that has not begun by then."""
    end = state.until + _TICK
    if period is None:
        return Window(end - timedelta(days=WINDOW_DAYS), end, None)
    start = state.start_of(period.start)
    if start > state.until:
        raise InvalidInput(f"period: {period.label} had not begun by {state.at.shown}")
    return Window(start, min(end, state.start_of(period.shifted(1).start)), period)
