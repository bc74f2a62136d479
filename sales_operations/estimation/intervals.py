"""Intervals for what was estimated from few observations."""

from __future__ import annotations

import math


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
