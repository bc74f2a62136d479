"""The season of a short series: what each place in the year adds, pulled to nothing as far as noise could be all of it."""

from __future__ import annotations

import numpy as np

from sales_operations.forecasting.asof import Floats, Ints


def season_of(values: Floats, length: int) -> Floats:
    """What each place of a season adds to the level: (length,), the first being that of the next value to come.

    The mean deviation from a moving average over one season, times the share of its variance that noise does not
    explain: James-Stein shrinkage of seasonal factors (Miller and Williams, International Journal of Forecasting 19,
    2003). 0 for a series of less than two seasons.
    """
    count = len(values)
    if length < 2 or count < 2 * length:
        return np.zeros(max(length, 1))
    off = values - _level(values, length)
    place = places(count, length)
    seen = np.bincount(place, minlength=length)
    mean = np.bincount(place, off, length) / seen
    mean -= np.average(mean, weights=seen)
    rest = off - mean[place]
    noise = rest @ rest / max(count - length - 1, 1) / seen
    true = max(float(mean @ mean) / (length - 1) - float(noise.mean()), 0.0)
    return np.asarray(mean * true / (true + noise)) if true else np.zeros(length)


def places(count: int, length: int) -> Ints:
    """The place in the season of each of the last ``count`` values; 0 is that of the next value to come."""
    return (np.arange(count) - count) % length


def _level(values: Floats, length: int) -> Floats:
    """A centred moving average over one season, carried on at both ends as it went over the season next to them."""
    weights = np.ones(length) if length % 2 else np.r_[0.5, np.ones(length - 1), 0.5]
    middle = np.convolve(values, weights / length, "valid")
    half, within = len(weights) // 2, min(len(middle), length)
    steps = np.arange(1, half + 1)
    begin = (middle[within - 1] - middle[0]) / max(within - 1, 1)
    end = (middle[-1] - middle[-within]) / max(within - 1, 1)
    return np.concatenate([middle[0] - begin * steps[::-1], middle, middle[-1] + end * steps])
