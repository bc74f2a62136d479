"""A few plain models of a series, side by side: none is best on all series, and together they are hard to beat.

Which was chosen on business series of the M1, M3 and tourism competitions: docs/series.md.
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
    from statsforecast.models import (
        AutoCES,
        AutoETS,
        DynamicOptimizedTheta,
        SeasonalNaive,
        SimpleExponentialSmoothingOptimized,
    )

    if length == 1:
        # Not of square roots: the squares of their forecasts are too low where values are noisy, as those of few deals are.
        return (
            _stock(DynamicOptimizedTheta(season_length=1)),
            _stock(AutoCES(season_length=1, model="N")),
            _stock(SimpleExponentialSmoothingOptimized()),
        )
    damped = _stock(AutoETS(season_length=1, model="AAN", damped=True))
    return (
        _in_roots(_seasonal(_theta, length, in_proportion=False)),
        _seasonal(damped, length, in_proportion=True),
        _in_roots(_stock(AutoCES(season_length=length, model="P"))),
        _stock(SeasonalNaive(season_length=length)),
    )


def combined(said: Floats) -> Floats:
    """The mean of what models say, (models, horizon), without the lowest and the highest of four or more."""
    ordered = np.sort(said, axis=0)
    return np.asarray((ordered[1:-1] if len(said) > 3 else ordered).mean(axis=0))


def theta_in_proportion(series: Sequence[Floats], length: int, horizon: int) -> Floats:
    """The theta method with a shrunk season by which it is multiplied, of several series: (series, horizon)."""
    found = [_season(values, length, in_proportion=True) for values in series]
    free = [
        (values - term[places(len(values), length)]) / factor[places(len(values), length)]
        for values, (factor, term) in zip(series, found, strict=True)
    ]
    factors, terms = (np.array(part)[:, np.arange(horizon) % length] for part in zip(*found, strict=True))
    return np.asarray(theta(free, horizon) * factors + terms)


def _theta(values: Floats, horizon: int) -> Floats:
    return np.asarray(theta([values], horizon)[0])


def _seasonal(model: Model, length: int, *, in_proportion: bool) -> Model:
    """A model of series without a season, with a shrunk one."""

    def ahead(values: Floats, horizon: int) -> Floats:
        factor, term = _season(values, length, in_proportion=in_proportion)
        place, later = places(len(values), length), np.arange(horizon) % length
        return np.asarray(model((values - term[place]) / factor[place], horizon) * factor[later] + term[later])

    return ahead


def _season(values: Floats, length: int, *, in_proportion: bool) -> tuple[Floats, Floats]:
    """By what each place of the season multiplies the level, and what it adds: (length,) each.

    What is not above 0 is in proportion to nothing, and has its season added.
    """
    if not in_proportion or values.min() <= 0:
        return np.ones(length), season_of(values, length)
    factor = np.exp(season_of(np.log(values), length))
    return factor / factor.mean(), np.zeros(length)


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
        except Exception:
            # Models say in as many ways, of which one is a plain Exception, that they cannot be fitted to a series.
            return np.full(horizon, np.nan)

    return ahead
