"""Whether ranges held as often as they say, as far as so many windows tell."""

from __future__ import annotations

from scipy.stats import binom


def binomial_band(count: int, share: float, level: float = 0.95) -> tuple[float, float]:
    """Where the share of successes among ``count`` lies with at least ``level``, were each one's chance ``share``.

    The quantiles of the binomial distribution that leave at most half of the rest on either side; (0, 1) where nothing
    was observed.
    """
    if count == 0:
        return 0.0, 1.0
    low, high = binom.interval(level, count, share)
    return float(low) / count, float(high) / count
