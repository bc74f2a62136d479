"""The theta method on several series at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sales_operations.forecasting.asof import Floats

_ALPHAS = np.r_[0.05:1.0:0.05, 0.99]


def theta(series: Sequence[Floats], horizon: int) -> Floats:
    """The next values of series without a season, of one value or more each: (series, horizon).

    Simple exponential smoothing, of whichever rate forecast the next value best so far, and half the straight line's slope
    (Hyndman and Billah, International Journal of Forecasting 19, 2003).
    """
    longest = max(len(one) for one in series)
    # The first value, repeated before a series, neither moves its level nor is missed by it.
    rows = np.array([np.r_[np.full(longest - len(one), one[0]), one] for one in series])
    level = np.repeat(rows[:, :1], len(_ALPHAS), axis=1)
    missed = np.zeros_like(level)
    for column in range(1, longest):
        error = rows[:, column, None] - level
        missed += error * error
        level += _ALPHAS * error
    best = missed.argmin(axis=1)
    alpha, last = _ALPHAS[best], level[np.arange(len(rows)), best]
    slope = np.array([_slope(one) for one in series])
    begun = (1 - (1 - alpha) ** np.array([len(one) for one in series])) / alpha
    return np.asarray(last[:, None] + slope[:, None] / 2 * (np.arange(horizon) + begun[:, None]))


def _slope(values: Floats) -> float:
    if len(values) == 1:
        return 0.0
    centred = np.arange(len(values)) - (len(values) - 1) / 2
    return float(centred @ values / (centred @ centred))
