"""How far the next values of a series may lie from their forecast."""

from __future__ import annotations

import numpy as np

from sales_operations.forecasting.asof import Floats
from sales_operations.forecasting.series_models import theta_in_proportion

_MOST_ORIGINS, _REACH, _LEAST_BEFORE = 8, 3, 4
_LAG = 4
_OWN = 0.1
"""What an origin of the backtest weighs, the differences over a season having the rest of 1."""
_POWER, _PERSISTENCE = 0.33, 0.5
_LEAST = 1e-3


def spread_of(roots: Floats, length: int, horizon: int) -> Floats:
    """The usual error of each of the next values, in square roots, of a series in square roots: (horizon,).

    Errors are measured by forecasting the last values from those before, at most 8 times; a series too short for that
    has the deviation from its mean. Few such errors are pulled to the differences of values a season apart. The more
    these exceed the errors, the more persistent is the series, and the faster errors grow with the horizon. Constants
    are fitted to the competitions' series (docs/series.md).
    """
    missed = _backtest(roots, length, min(horizon, _REACH))
    lag = length if length > 1 else min(_LAG, len(roots) // 2)
    apart = max(_size(roots[lag:] - roots[:-lag]), _LEAST) if lag else 1.0
    own = max(_size(missed) if len(missed) else float(roots.std()), _LEAST)
    weight = _OWN * len(missed)
    grown = np.log(apart / own) / np.log(lag) if lag > 1 else 0.0
    power = np.clip(_POWER + _PERSISTENCE * grown, 0.0, 1.0)
    return np.asarray(own**weight * apart ** (1 - weight) * np.arange(1, horizon + 1) ** power)


def _backtest(roots: Floats, length: int, reach: int) -> Floats:
    """Errors of rolling forecasts: (origins, reach)."""
    count = len(roots)
    first = max(count - reach - _MOST_ORIGINS + 1, 2 * length if length > 1 else _LEAST_BEFORE)
    origins = range(first, count - reach + 1)
    if not origins:
        return np.zeros((0, reach))
    said = theta_in_proportion([roots[:origin] ** 2 for origin in origins], length, reach)
    true = np.array([roots[origin : origin + reach] for origin in origins])
    return np.asarray(np.sqrt(np.maximum(said, 0.0)) - true)


def _size(errors: Floats) -> float:
    return float(np.sqrt((errors**2).mean()))
