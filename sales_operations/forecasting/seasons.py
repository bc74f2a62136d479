"""The rhythm of the year: deals are signed unevenly over its seasons, and most of all at the end of a quarter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sales_operations.estimation.shrinkage import shrunk_mean, shrunk_ratio
from sales_operations.forecasting.asof import Floats, History, Ints, sums_by

PARTS = 5
"""Of a quarter: first month, second month, third month without its last two weeks, last two weeks; and the holidays at
the end of the year."""
HOLIDAYS = 4
LAST_DAYS = 14
WEEK = 7
PLACES = 3
"""In a month: its last day, the three days before that, all others. Some books are only closed then."""
PRIOR_EVENTS = 5.0
WEEKDAY_EVENTS = 20.0
PLACE_EVENTS = 3.0
"""Events that speak for factor 1: in a part of the quarter or a season, on a weekday, and in a place of the month."""
HOLIDAY_FACTOR, HOLIDAY_EVENTS = 0.6, 10.0
"""What is expected of the holidays before any were seen, and the events that this weighs as much as."""


def months_of(days: Ints) -> Ints:
    """Months since 1970-01 of day numbers."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def parts_of(days: Ints) -> Ints:
    """The part of the quarter, 0 to 3, of each day number; 4 from 24 December to 1 January."""
    month = months_of(days)
    quarter_end = (month - month % 3 + 3).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    part = np.where(quarter_end - days <= LAST_DAYS, 3, month % 3)
    day = days - month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return np.where(((month % 12 == 11) & (day >= 23)) | ((month % 12 == 0) & (day == 0)), HOLIDAYS, part)


def seasons_of(days: Ints, count: int) -> Ints:
    """The season, 0 to ``count`` - 1, of each day number, when the year is cut into that many of equal length."""
    stamps = days.astype("datetime64[D]")
    months = stamps.astype("datetime64[M]")
    begin, end = months.astype("datetime64[D]"), (months + 1).astype("datetime64[D]")
    position = months.astype(np.int64) % 12 + (stamps - begin) / (end - begin)
    return np.asarray(np.floor(position * count / 12), dtype=np.int64)


def part_factors(days: Ints, observed: Floats, expected: Floats) -> Floats:
    """Observed over expected events of each part of a quarter (parts,), shrunk; one entry a day in the arguments.

    What was seen in ``n`` quarters counts with the power n / (n + 1): once may be chance. The holidays, which come once
    a year, are shrunk to ``HOLIDAY_FACTOR``, all else to 1.
    """
    part = parts_of(days)
    seen, usual = sums_by(part, observed, PARTS), sums_by(part, expected, PARTS)
    cycles = _cycles(part, months_of(days) // 3, PARTS)
    factors = shrunk_ratio(seen, usual, PRIOR_EVENTS) ** (cycles / (cycles + 1))
    factors[HOLIDAYS] = shrunk_mean(seen[HOLIDAYS], usual[HOLIDAYS], HOLIDAY_FACTOR, HOLIDAY_EVENTS)
    return factors


def weekday_factors(days: Ints, observed: Floats, expected: Floats) -> Floats:
    """The same for the seven weekdays, Thursday first, as 1970-01-01 was one."""
    day = days % WEEK
    return shrunk_ratio(sums_by(day, observed, WEEK), sums_by(day, expected, WEEK), WEEKDAY_EVENTS)


def places_of(days: Ints) -> Ints:
    """The place in the month, 0 to 2, of each day number."""
    following = (months_of(days) + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return np.searchsorted([2, 5], following - days, side="right")


def place_factors(days: Ints, observed: Floats, expected: Floats) -> Floats:
    """The same for the places of a month (3,), with as many events in all as were expected."""
    place, whole = places_of(days), shrunk_ratio(observed.sum(), expected.sum(), PLACE_EVENTS)
    usual = sums_by(place, expected, PLACES)
    factors = shrunk_ratio(sums_by(place, observed, PLACES), usual * whole, PLACE_EVENTS)
    return np.asarray(factors * (usual.sum() / (factors @ usual) if usual.any() else 1.0))


def _season_factors(days: Ints, observed: Floats, expected: Floats, count: int) -> Floats:
    """The same for ``count`` seasons of the year, of which one that was seen once keeps factor 1: growth looks alike."""
    season = seasons_of(days, count)
    cycles = _cycles(season, months_of(days) // 12, count)
    factors = shrunk_ratio(sums_by(season, observed, count), sums_by(season, expected, count), PRIOR_EVENTS)
    return np.where(cycles >= 2, factors, 1.0)


def _cycles(groups: Ints, cycles: Ints, count: int) -> Ints:
    """In how many cycles each group was seen."""
    return np.bincount(np.unique(np.stack([groups, cycles]), axis=1)[0], minlength=count)


@dataclass(frozen=True, eq=False)
class Rhythm:
    """By how much more than usual is won in each part of a quarter (5,), season of the year, weekday and place of a month."""

    parts: Floats
    seasons: Floats
    weekdays: Floats
    places: Floats

    def of(self, days: Ints) -> Floats:
        """The factor of each day, 1 being usual."""
        by_season = self.seasons[seasons_of(days, len(self.seasons))]
        return self.parts[parts_of(days)] * by_season * self.weekdays[days % WEEK] * self.places[places_of(days)]


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
    weekdays = weekday_factors(days, counts, usual)
    usual = usual * weekdays[days % WEEK]
    places = place_factors(days, counts, usual)
    usual = usual * places[places_of(days)]
    parts = part_factors(days, counts, usual)
    return Rhythm(parts, _season_factors(days, counts, usual * parts[parts_of(days)], seasons), weekdays, places)
