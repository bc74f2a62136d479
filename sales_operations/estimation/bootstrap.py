"""Intervals by drawing the sample again from itself (Efron, Annals of Statistics 7, 1979), always the same draws."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from sales_operations.estimation.shrinkage import Floats

RESAMPLES = 1000
FEWEST = 5
"""Fewer observations than this say nothing about their own spread."""
_UNITS = 1000
_SEED = 20_260_101


def bootstrap(sums: Floats, statistic: Callable[[Floats], Floats], level: float = 0.95) -> tuple[float, float] | None:
    """Percentile interval of a statistic that is a function of sums over the observations.

    ``sums`` is (observations, k): what each adds to the k sums. ``statistic`` takes (samples, k) sums to (samples,)
    values, nan where a sample does not define it. None for fewer than five observations, and where more samples leave
    the statistic undefined than lie outside of the interval.

    Above a thousand observations, so many random groups of them are drawn instead: sums of groups have the same spread.
    The order of the observations does not matter.
    """
    if len(sums) < FEWEST:
        return None
    units = _grouped(sums[np.lexsort(sums.T)])
    drawn = statistic(_draws(len(units)) @ units)
    known = np.sort(drawn[np.isfinite(drawn)])
    if len(known) < len(drawn) * level:
        return None
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def median_interval(values: Floats, level: float = 0.95) -> tuple[float, float] | None:
    """Interval of a median, between two order statistics: exact whatever the distribution, no draws needed.

    Takes known values in any order. None where even the extremes of so few do not cover the median at that level.
    (David and Nagaraja, Order Statistics, section 7.1.)
    """
    rank = _rank(len(values), level)
    if not rank:
        return None
    low, high = np.partition(values, [rank - 1, len(values) - rank])[[rank - 1, len(values) - rank]]
    return float(low), float(high)


def _rank(count: int, level: float) -> int:
    """The biggest r for which the r-th smallest and r-th biggest of ``count`` values cover the median at ``level``."""
    outside = (1 - level) / 2
    if count > 1000:
        from statistics import NormalDist

        return math.floor(count / 2 + NormalDist().inv_cdf(outside) * math.sqrt(count) / 2)
    below, rank = 1, 0
    while below <= outside * 2**count:
        rank += 1
        below += math.comb(count, rank)
    return rank


def _grouped(sums: Floats) -> Floats:
    if len(sums) <= _UNITS:
        return sums
    unit = np.random.default_rng(_SEED).permutation(len(sums)) % _UNITS
    return np.column_stack([np.bincount(unit, weights=column, minlength=_UNITS) for column in sums.T])


@lru_cache(maxsize=32)
def _draws(units: int) -> Floats:
    """(RESAMPLES, units): how often each unit is in each sample."""
    chance = np.random.default_rng([_SEED, units])
    picked: npt.NDArray[np.int64] = chance.integers(0, units, (RESAMPLES, units))
    picked += np.arange(RESAMPLES)[:, None] * units
    return np.bincount(picked.ravel(), minlength=RESAMPLES * units).reshape(RESAMPLES, units).astype(np.float64)
