"""Forecasts of many companies against what came true, and against what chance alone leaves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.companies.company import LEAST_BEFORE, draw
from benchmarks.companies.engine import Interval, Said, said
from benchmarks.companies.floor import COPIES, floor_of
from benchmarks.companies.record import Lived, begun_on, live

FLOOR, HYBRID = "floor", "hybrid"
FULL, SHORT = "the whole record", "four completed origins"
SHORT_ORIGINS = 4
"""Of each company so many origins, its last, are judged with a short record too."""


@dataclass(frozen=True)
class Judged:
    """A forecast of one window and what came true, both in mean won deals of the company."""

    seed: int
    origin: int
    record: str
    name: str
    said: Said
    actual: float


@dataclass(frozen=True)
class Score:
    """Of one method on one kind of record, pooled over all windows of all companies, of which there are ``windows``.

    ``ratio`` is the error over that of the floor on the same windows; coverage is None without intervals.
    """

    windows: int
    wape: float
    ratio: float
    bias: float
    cover_80: float | None
    cover_95: float | None


def judge(seeds: Sequence[int], jobs: int = 1, copies: int = COPIES) -> Iterator[list[Judged]]:
    """The forecasts of each company in order of ``seeds``, as they are done, by so many processes."""
    if jobs == 1:
        for seed in seeds:
            yield judged(seed, copies)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(judged, seeds, [copies] * len(seeds))


def judged(seed: int, copies: int = COPIES, most: int | None = None) -> list[Judged]:
    """Every forecast of one company: at each origin from its record, at the last also from one begun 150 days before.

    Amounts are divided by the company's mean won deal, so that a company counts by its deals, not by its prices.
    ``most`` is how many origins are judged, the last ones; None for all.
    """
    company = draw(seed)
    lived = live(company if most is None else replace(company, origins=company.origins[-most:]))
    closings, origins = lived.history.closings, lived.company.origins.tolist()
    unit = float(closings.amount[closings.won].mean())
    floor = floor_of(lived, copies)
    outcome = dict(zip(origins, lived.actual.tolist(), strict=True))
    best = {
        origin: {FLOOR: Said(median, (low, high))}
        for origin, low, median, high in zip(
            origins, floor.low.tolist(), floor.median.tolist(), floor.high.tolist(), strict=True
        )
    }
    full = dict(zip(origins, said(lived.history, origins), strict=True))
    short = {origin: _from_short_record(lived, origin) for origin in origins[-SHORT_ORIGINS:]}
    return [
        Judged(seed, origin, record, name, _in_units(one, unit), outcome[origin] / unit)
        for record, forecasts in ((FULL, full), (SHORT, short))
        for origin, by_name in forecasts.items()
        for name, one in (best[origin] | by_name).items()
    ]


def _from_short_record(lived: Lived, origin: int) -> dict[str, Said]:
    record = begun_on(lived.history.at(origin), origin - LEAST_BEFORE + 1)
    return next(said(record, [origin]))


def scores(found: Sequence[Judged], record: str) -> dict[str, Score]:
    """By method, in the order in which they come."""
    chosen = [one for one in found if one.record == record]
    floor = {(one.seed, one.origin): one for one in chosen if one.name == FLOOR}
    return {
        name: _score([one for one in chosen if one.name == name], floor)
        for name in dict.fromkeys(one.name for one in chosen)
    }


def _score(found: Sequence[Judged], floor: dict[tuple[int, int], Judged]) -> Score:
    best = sum(_error(floor[one.seed, one.origin]) for one in found)
    error, volume = sum(map(_error, found)), sum(one.actual for one in found)
    return Score(
        len(found),
        error / volume,
        error / best,
        sum(one.said.total - one.actual for one in found) / volume,
        _share([(one.said.within_80, one.actual) for one in found]),
        _share([(one.said.within_95, one.actual) for one in found]),
    )


def _error(one: Judged) -> float:
    return abs(one.said.total - one.actual)


def _share(found: Sequence[tuple[Interval | None, float]]) -> float | None:
    """Of the intervals that were given, the share that held what came true; None where none was."""
    inside = [given[0] <= actual <= given[1] for given, actual in found if given]
    return float(np.mean(inside)) if inside else None


def _in_units(one: Said, unit: float) -> Said:
    bounds = [None if given is None else (given[0] / unit, given[1] / unit) for given in (one.within_80, one.within_95)]
    return Said(one.total / unit, *bounds)
