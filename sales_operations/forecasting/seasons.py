"""The rhythm of the year: deals are signed unevenly over its seasons, and most of all at the end of a quarter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sales_operations.estimation.shrinkage import shrunk_ratio
from sales_operations.forecasting.asof import Floats, History, Ints, sums_by

PARTS = 4
"""Of a quarter: first month, second month, third month without its last two weeks, last two weeks."""
LAST_DAYS = 14
PRIOR_EVENTS = 5.0


def months_of(days: Ints) -> Ints:
    """Months since 1970-01 of day numbers."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def parts_of(days: Ints) -> Ints:
    """The part of the quarter, 0 to 3, of each day number."""
    month = months_of(days)
    quarter_end = (month - month % 3 + 3).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return np.where(quarter_end - days <= LAST_DAYS, 3, month % 3)


def seasons_of(days: Ints, count: int) -> Ints:
    """The season, 0 to ``count`` - 1, of each day number, when the year is cut into that many of equal length."""
    stamps = days.astype("datetime64[D]")
    months = stamps.astype("datetime64[M]")
    begin, end = months.astype("datetime64[D]"), (months + 1).astype("datetime64[D]")
    position = months.astype(np.int64) % 12 + (stamps - begin) / (end - begin)
    return np.asarray(np.floor(position * count / 12), dtype=np.int64)


def shrunk_factors(groups: Ints, cycles: Ints, observed: Floats, expected: Floats, count: int) -> Floats:
    """Observed over expected events of each of ``count`` groups of days, shrunk to 1; one entry a day in the arguments.

    A group that was seen in one cycle only keeps factor 1: once is no season.
    """
    factors = shrunk_ratio(sums_by(groups, observed, count), sums_by(groups, expected, count), PRIOR_EVENTS)
    pairs = np.unique(np.stack([groups, cycles]), axis=1)
    return np.where(np.bincount(pairs[0], minlength=count) >= 2, factors, 1.0)


@dataclass(frozen=True, eq=False)
class Rhythm:
    """By how much more than usual is won in each part of a quarter (4,) and each season of the year (seasons,)."""

    parts: Floats
    seasons: Floats

    def of(self, days: Ints) -> Floats:
        """The factor of each day, 1 being usual."""
        return self.parts[parts_of(days)] * self.seasons[seasons_of(days, len(self.seasons))]


def fit_rhythm(history: History, seasons: int = 1) -> Rhythm:
    """Learn the factors from the days on which deals were won, against a straight line through all observed days.

    ``history`` has at least one closing.
    """
    first = history.observed_from
    days = np.arange(first, history.day + 1)
    won = history.closings.day[history.closings.won]
    counts = np.bincount(won[won >= first] - first, minlength=len(days)).astype(np.float64)
    centred = days - days.mean()
    slope = centred @ counts / max(centred @ centred, 1.0)
    usual = np.maximum(counts.mean() + slope * centred, counts.mean() / 4)
    month, part = months_of(days), parts_of(days)
    parts = shrunk_factors(part, month // 3, counts, usual, PARTS)
    return Rhythm(parts, shrunk_factors(seasons_of(days, seasons), month // 12, counts, usual * parts[part], seasons))
