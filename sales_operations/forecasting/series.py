"""The next values of series and their ranges, be they long or short, with a season or none, or mostly 0.

The mean of a few models. On the series of the M1, M3 and tourism competitions it beats the model that did best in a
rolling backtest of the series; such a backtest gives the ranges (docs/series.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sales_operations.domain.errors import InvalidInput
from sales_operations.forecasting.asof import Floats
from sales_operations.forecasting.series_models import Model, combined, intermittent, models
from sales_operations.forecasting.series_spread import spread_of

LEAST = 4
"""Values below which the mean is all that can be said."""
_OFTEN_ZERO = 0.4
_OUT_80, _OUT_95 = 0.9, 1.6
"""How many usual errors out the bounds lie. Fewer values know less: times 1 + ``_FEW`` / values."""
_FEW = 2.0


@dataclass(frozen=True, eq=False)
class Ahead:
    """The next values of series: the median, and the bounds of 80 % and of 95 %, each (series, horizon), none below 0."""

    median: Floats
    low_80: Floats
    high_80: Floats
    low_95: Floats
    high_95: Floats


def forecast_series(series: Iterable[npt.ArrayLike], horizon: int, season: int = 1) -> Ahead:
    """Forecast each of many series by itself.

    ``series`` is a list of series of any lengths, or an array (series, values), each in order of time and of any unit,
    0 where nothing was sold. ``season`` is how many values make a season, 12 for months, 1 for none; a series of less
    than two seasons and two values is forecast without. Raises InvalidInput for a series without values, or with one
    that is not a finite number, and for a horizon or season below 1.
    """
    if horizon < 1 or season < 1:
        raise InvalidInput(f"horizon is {horizon} and season {season}; both must be at least 1")
    known = [_checked(place, values) for place, values in enumerate(series)]
    found = [_ranges(values, horizon, season) for values in known]
    return Ahead(*np.array(found, dtype=np.float64).reshape(len(found), 5, horizon).transpose(1, 0, 2))


def next_values(values: Floats, horizon: int, season: int = 1) -> Floats:
    """The median alone, of one series of finite numbers, in a fraction of the time: (horizon,)."""
    scale = float(np.abs(values).mean())
    if not scale > 0:
        return np.zeros(horizon)
    known = values / scale
    said = np.array([model(known, horizon) for model in _panel(known, _season(known, season))])
    able = said[np.isfinite(said).all(axis=1)]
    median = combined(able) if len(able) else np.full(horizon, known.mean())
    return np.asarray(np.maximum(median, 0.0) * scale)


def smoothed_level(values: Floats, alpha: float) -> float:
    """The next value by simple exponential smoothing of one value or more."""
    level = float(values[0])
    for value in values[1:].tolist():
        level += alpha * (value - level)
    return max(level, 0.0)


def _checked(place: int, values: npt.ArrayLike) -> Floats:
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1 or not len(found) or not np.isfinite(found).all():
        raise InvalidInput(
            f"series {place} has no values or one that is not a finite number; leave it out, or write 0 where nothing was sold"
        )
    return found


def _ranges(values: Floats, horizon: int, season: int) -> list[Floats]:
    """The median and the four bounds. In square roots errors depend little on the level, and bounds stay above 0."""
    median = next_values(values, horizon, season)
    scale = float(np.abs(values).mean())
    if not scale > 0:
        return [median] * 5
    root = np.sqrt(median / scale)
    usual = spread_of(np.sqrt(np.maximum(values / scale, 0.0)), _season(values, season), horizon)
    usual *= 1 + _FEW / len(values)
    bounds = [np.maximum(root + out * usual, 0.0) ** 2 * scale for out in (-_OUT_80, _OUT_80, -_OUT_95, _OUT_95)]
    return [median, *bounds]


def _season(values: Floats, season: int) -> int:
    return season if season > 1 and len(values) >= 2 * season + 2 else 1


def _panel(known: Floats, length: int) -> Sequence[Model]:
    if len(known) < LEAST:
        return (lambda values, horizon: np.full(horizon, values.mean()),)
    return intermittent() if np.mean(known == 0) >= _OFTEN_ZERO else models(length)
