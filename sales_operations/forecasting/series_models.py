"""Three plain models of a series, side by side: none is best on all series, and together they are hard to beat.

Which three was chosen on business series of the M1, M3 and tourism competitions: docs/series.md.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sales_operations.forecasting.asof import Floats
from sales_operations.forecasting.series_season import places, season_of
from sales_operations.forecasting.series_theta import theta

Model = Callable[[Floats, int], Floats]
"""From values (n,) and a horizon to the next values (horizon,), NaN where the model cannot say."""


def models(length: int) -> Sequence[Model]:
    """Models of series with a season of that many values; of series without one where it is 1."""
    from statsforecast.models import AutoCES, AutoETS, DynamicOptimizedTheta, SimpleExponentialSmoothingOptimized

    if length == 1:
        dynamic = _stock(DynamicOptimizedTheta(season_length=1))
        return dynamic, _in_roots(dynamic), _stock(SimpleExponentialSmoothingOptimized())
    return (
        lambda values, horizon: theta_in_proportion([values], length, horizon)[0],
        _in_roots(_stock(AutoETS(season_length=length, model="AAA", damped=True))),
        _in_roots(_stock(AutoCES(season_length=length, model="P"))),
    )


def theta_in_proportion(series: Sequence[Floats], length: int, horizon: int) -> Floats:
    """The theta method with a shrunk season by which it is multiplied, or which is added to what is not above 0."""
    free, factors, terms = [], [], []
    for values in series:
        positive = values.min() > 0
        factor = np.exp(season_of(np.log(values), length)) if positive else np.ones(length)
        factor /= factor.mean()
        term = np.zeros(length) if positive else season_of(values, length)
        place = places(len(values), length)
        free.append((values - term[place]) / factor[place])
        factors.append(factor)
        terms.append(term)
    place = np.arange(horizon) % length
    return np.asarray(theta(free, horizon) * np.array(factors)[:, place] + np.array(terms)[:, place])


def intermittent() -> Sequence[Model]:
    """Models of series that are often 0."""
    from statsforecast.models import ADIDA, CrostonSBA, SimpleExponentialSmoothing

    return _stock(CrostonSBA()), _stock(ADIDA()), _stock(SimpleExponentialSmoothing(alpha=0.1))


def _in_roots(model: Model) -> Model:
    """A model of square roots, whose noise depends less on the level."""
    return lambda values, horizon: np.maximum(model(np.sqrt(np.maximum(values, 0.0)), horizon), 0.0) ** 2


def _stock(model: Any) -> Model:
    def ahead(values: Floats, horizon: int) -> Floats:
        if np.ptp(values) == 0:
            return np.full(horizon, values[0])
        try:
            with warnings.catch_warnings():
                # Models warn of short series; what they are worth was measured.
                warnings.simplefilter("ignore")
                return np.asarray(model.forecast(y=values, h=horizon)["mean"], dtype=np.float64)
        except (NotImplementedError, ValueError, IndexError, ZeroDivisionError, np.linalg.LinAlgError):
            # How models say that a series has too few values for their parameters.
            return np.full(horizon, np.nan)

    return ahead
