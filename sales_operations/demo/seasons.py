"""The company's calendar: when customers come, when work gets done, and when deals get signed.

Times inside the generator are days since 1970 in UTC, as floats; whole numbers are midnights.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from sales_operations.demo.columns import Column, Floats, Ints

VALUE_GROWTH = 1.03
_DEALS_GROWTH = 1.09  # a year; with the growth of their value, 12 %
_WARM_UP_DAYS = 270
# January to December: customers' appetite, the pace of ordinary work, the pace of signatures.
_APPETITE = (1.00, 1.02, 1.08, 1.04, 1.02, 1.00, 0.80, 0.72, 1.12, 1.14, 1.12, 0.90)
_PACE = (0.95, 1.05, 1.10, 1.05, 1.05, 1.05, 0.85, 0.68, 1.08, 1.10, 1.10, 1.00)
_SIGNING = (0.70, 0.95, 1.10, 1.00, 1.00, 1.10, 0.80, 0.62, 1.10, 1.05, 1.15, 1.55)


def quarter_start(day: date, quarters: int = 0) -> date:
    """The first day of the quarter that many quarters after the one that holds ``day``."""
    number = day.year * 4 + (day.month - 1) // 3 + quarters
    return date(number // 4, number % 4 * 3 + 1, 1)


def day_number(day: date) -> int:
    """Days since 1970."""
    return day.toordinal() - 719_163


def month_end(days: Ints, months: int = 1) -> Ints:
    """The last day of the month, or of the quarter with ``months`` 3, that holds each day."""
    number = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    following = number - number % months + months
    return following.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) - 1


def working(times: Floats) -> Floats:
    """The times, those on a weekend moved to the Monday."""
    weekday = (np.floor(times) + 3) % 7
    moved: Floats = times + np.where(weekday >= 5, 7 - weekday, 0)
    return moved


def iso_days(days: Ints) -> Column:
    """``YYYY-MM-DD`` of each day number."""
    texts: Column = np.datetime_as_string(days.astype("datetime64[D]"), unit="D").tolist()
    return texts


def to_seconds(times: Floats) -> Ints:
    """Seconds since 1970, each time moved into the office hours (07:00 to 18:00) of its own day, order kept."""
    day = np.floor(times)
    return (day * 86_400 + 25_200 + (times - day) * 39_600).astype(np.int64)


def instants(times: Floats) -> Column:
    """Microseconds since 1970 of each time, within office hours."""
    micros: Column = (to_seconds(times) * 1_000_000).tolist()
    return micros


class Seasons:
    """The recorded years: day numbers of ``begin`` (of the warm-up), ``start`` (first recorded day) and ``today``.

    The recorded years start with the quarter that holds the day three years before ``today``. Deals may begin in the
    warm-up before it, so that the first recorded quarter is no start-up. Only plans are dated ``today`` or later.
    """

    def __init__(self, today: date) -> None:
        self.today_date, self.start_date = today, quarter_start(today, -12)
        self.today, self.start = day_number(today), day_number(self.start_date)
        self.begin = self.start - _WARM_UP_DAYS
        days = np.arange(self.begin, self.today + 90, dtype=np.int64)
        months = days.astype("datetime64[D]").astype("datetime64[M]")
        month = months.astype(np.int64) % 12
        day_of_month = days - months.astype("datetime64[D]").astype(np.int64) + 1
        weekend = (days + 3) % 7 >= 5
        new_year = (month == 0) & (day_of_month <= 3)
        holidays = ((month == 11) & (day_of_month >= 24)) | new_year
        left = month_end(days, 3) - days

        arrivals = np.asarray(_APPETITE)[month] * _DEALS_GROWTH ** self.years(days)
        arrivals *= np.where(weekend, 0.06, 1.0) * np.where(holidays, 0.35, 1.0)
        pace = np.asarray(_PACE)[month] * np.where(weekend, 0.03, 1.40) * np.where(holidays, 0.35, 1.0)
        signing = np.asarray(_SIGNING)[month] * np.where(weekend, 0.03, 1.40) * np.where(new_year, 0.3, 1.0)
        signing *= np.select([left <= 3, left <= 8, left >= 60], [4.6, 2.2, 0.75], 0.85)
        self._arrivals = np.cumsum(arrivals[: self.today - self.begin])
        self._edges = np.append(days, days[-1] + 1).astype(np.float64)
        self._work, self._sign = (np.append(0.0, np.cumsum(speed)) for speed in (pace, signing))

    def arrivals(self, rng: np.random.Generator, count: int, since: int | None = None) -> Floats:
        """``count`` ascending times at which customers come, from the day ``since`` (default: the warm-up) on."""
        before = 0.0 if since is None else float(self._arrivals[since - self.begin - 1])
        drawn = before + (np.arange(count) + rng.random(count)) / count * (self._arrivals[-1] - before)
        day = np.minimum(np.searchsorted(self._arrivals, drawn, side="right"), len(self._arrivals) - 1)
        times: Floats = np.sort(self.begin + day + rng.random(count) * 0.999)
        return times

    def after(self, times: Floats, days: Floats, *, signing: bool = False) -> Floats:
        """When work of so many average days is done that begins at ``times``; ``signing``: at the quarter-end pace."""
        clock = self._sign if signing else self._work
        done: Floats = np.interp(np.interp(times, self._edges, clock) + days, clock, self._edges)
        return done

    def years(self, times: Floats | Ints) -> Floats:
        """Years since the first recorded day, negative before it."""
        passed: Floats = (times - self.start) / 365.25
        return passed
