"""Intervals for what was estimated from few observations."""

from __future__ import annotations

import math
from collections.abc import Sequence


def wilson(successes: int, count: int, z: float = 1.2816) -> tuple[float, float]:
    """Interval for a share (Wilson, JASA 22, 1927); ``z`` is the normal quantile, by default that of 80 %.

    (0, 1) where nothing was observed.
    """
    if count == 0:
        return 0.0, 1.0
    share = successes / count
    spread = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    middle, scale = share + z * z / (2 * count), 1 + z * z / count
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def difference(first: tuple[int, int], second: tuple[int, int], z: float = 1.2816) -> tuple[float, float, float]:
    """Difference of two shares, first minus second, each given as (successes, count), and its interval.

    Newcombe's hybrid score interval (Statistics in Medicine 17, 1998, method 10). (0, -1, 1) where a count is 0.
    """
    if not first[1] or not second[1]:
        return 0.0, -1.0, 1.0
    share, other = first[0] / first[1], second[0] / second[1]
    (low, high), (other_low, other_high) = wilson(*first, z), wilson(*second, z)
    gap = share - other
    return (
        gap,
        gap - math.hypot(share - low, other_high - other),
        gap + math.hypot(high - share, other - other_low),
    )


def mean(values: Sequence[float], z: float = 1.2816) -> tuple[float, float, float] | None:
    """Mean of a sample with its interval by Student's t; None for fewer than two values.

    The quantile of t comes from the normal one by its expansion (Abramowitz and Stegun 26.7.5).
    """
    count = len(values)
    if count < 2:
        return None
    middle = math.fsum(values) / count
    spread = math.sqrt(math.fsum((value - middle) ** 2 for value in values) / (count - 1) / count)
    free = count - 1
    quantile = z + (z**3 + z) / (4 * free) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
    return middle, middle - quantile * spread, middle + quantile * spread
