"""Won revenue as a series of equal blocks of days that end at the origin, and statsforecast's models on it.

Blocks that end at the origin use all that is known, where calendar months would leave the current one half counted.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from sales_operations.estimation.shrinkage import inverse_error_weights
from sales_operations.forecasting.asof import Floats, History, Ints
from sales_operations.forecasting.seasons import Rhythm

MONTH = 365.25 / 12
_BACKTESTS = 6
_PRIOR_BACKTESTS = 6.0


def block_edges(history: History, length: float, most: int) -> Ints:
    """Last days of the blocks, ascending, preceded by the day before the first block: (blocks + 1,).

    At most ``most`` blocks of about ``length`` days, none reaching back beyond the first observed day.
    """
    count = min(most, int((history.day - history.observed_from + 1) / length))
    return np.asarray(history.day - np.rint(np.arange(count, -1, -1) * length), dtype=np.int64)


def block_sums(history: History, edges: Ints) -> Floats:
    """Won revenue of each block, in minor units."""
    total = np.append(0.0, np.cumsum(history.won_per_day(int(edges[0]) + 1, int(edges[-1]))))
    return np.diff(total[edges - edges[0]])


def adjusted_length(rhythm: Rhythm, edges: Ints) -> Floats:
    """The length of each block in usual days: a day on which twice as much is won counts twice."""
    days = np.arange(edges[0] + 1, edges[-1] + 1)
    return np.add.reduceat(rhythm.of(days), edges[:-1] - edges[0])


def spread_over(blocks: Floats, length: float, days: float) -> float:
    """The sum of forecast blocks over a number of days, the last block in part."""
    full = days / length
    whole = min(int(full), len(blocks))
    part = blocks[whole] * (full - whole) if whole < len(blocks) else 0.0
    return float(blocks[:whole].sum() + part)


def combined_forecast(values: Floats, horizon: int) -> Floats:
    """The next ``horizon`` values of a series: a level, a damped trend and a theta model, weighed by how they did.

    Each model forecasts the last values from those before them, as often as 6 times; weights are inverse to the mean
    absolute errors of the sums, shrunk to equal.
    """
    models = _models()
    reach = min(horizon, 3)
    origins = range(max(4, len(values) - reach - _BACKTESTS + 1), len(values) - reach + 1)
    errors = np.zeros(len(models))
    for origin in origins:
        actual = values[origin : origin + reach].sum()
        errors += [abs(_forecast(model, values[:origin], reach).sum() - actual) for model in models]
    weights = inverse_error_weights(errors / max(len(origins), 1), len(origins), _PRIOR_BACKTESTS)
    ahead: Floats = weights @ np.array([_forecast(model, values, horizon) for model in models])
    return ahead


def smoothed_level(values: Floats, alpha: float) -> float:
    """The next value by simple exponential smoothing."""
    from statsforecast.models import SimpleExponentialSmoothing

    return float(_forecast(SimpleExponentialSmoothing(alpha=alpha), values, 1)[0])


def blocks_for(days: float, length: float) -> int:
    """How many blocks cover that many days; at least one."""
    return max(1, math.ceil(days / length))


def _models() -> list[Any]:
    from statsforecast.models import AutoETS, DynamicOptimizedTheta, SimpleExponentialSmoothingOptimized

    return [
        SimpleExponentialSmoothingOptimized(),
        AutoETS(season_length=1, model="AAN", damped=True),
        DynamicOptimizedTheta(season_length=1),
    ]


def _forecast(model: Any, values: Floats, horizon: int) -> Floats:
    """Forecasts that are finite and not below 0; the mean where a model finds none."""
    scale = np.abs(values).mean()
    if not scale > 0 or np.ptp(values) == 0:
        return np.full(horizon, max(float(values.mean()), 0.0))
    try:
        with warnings.catch_warnings():
            # Models warn of short series; what they are worth is measured by the backtest.
            warnings.simplefilter("ignore")
            found = np.asarray(model.forecast(y=values / scale, h=horizon)["mean"], dtype=np.float64)
    except NotImplementedError:
        # How AutoETS says that a series has too few values for its parameters.
        found = np.full(horizon, np.nan)
    finite = np.where(np.isfinite(found), found, (values / scale).mean())
    return np.asarray(np.maximum(finite, 0.0) * scale)
