"""How far forecasts were off, and whether what came true lay where they said."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sales_operations.estimation.shrinkage import Floats


def wape(forecast: npt.ArrayLike, actual: npt.ArrayLike) -> float | None:
    """Sum of absolute errors over the sum of absolute actuals (weighted absolute percentage error); None where that is 0."""
    true = np.asarray(actual, dtype=np.float64)
    return _over(np.abs(np.asarray(forecast) - true).sum(), np.abs(true).sum())


def bias(forecast: npt.ArrayLike, actual: npt.ArrayLike) -> float | None:
    """Sum of errors over the sum of absolute actuals: above 0 where too much was forecast; None where that is 0."""
    true = np.asarray(actual, dtype=np.float64)
    return _over((np.asarray(forecast) - true).sum(), np.abs(true).sum())


def mase(forecast: npt.ArrayLike, actual: npt.ArrayLike, scale: npt.ArrayLike) -> float | None:
    """Mean absolute error over the mean of ``scale``, what repeating the last value was off by before each forecast.

    Hyndman and Koehler, International Journal of Forecasting 22 (2006). Entries whose scale is nan are left out; None
    where none is left or all are 0.
    """
    scales = np.asarray(scale, dtype=np.float64)
    known = np.isfinite(scales)
    errors = np.abs(np.asarray(forecast, dtype=np.float64) - np.asarray(actual, dtype=np.float64))
    return _over(errors[known].sum(), scales[known].sum())


def pinball(quantiles: npt.ArrayLike, levels: npt.ArrayLike, actual: npt.ArrayLike) -> float | None:
    """Mean quantile loss, doubled so that it is the absolute error at the median, over the mean of absolute actuals.

    ``quantiles`` (n, levels). Koenker and Bassett, Econometrica 46 (1978). None where there is nothing to divide by.
    """
    true, at = np.asarray(actual, dtype=np.float64), np.asarray(levels, dtype=np.float64)
    gap: Floats = true[:, None] - np.asarray(quantiles, dtype=np.float64).reshape(len(true), len(at))
    loss = 2 * np.maximum(at * gap, (at - 1) * gap)
    return _over(loss.mean(axis=1).sum(), np.abs(true).sum()) if len(true) else None


def coverage(low: npt.ArrayLike, high: npt.ArrayLike, actual: npt.ArrayLike) -> float | None:
    """The share of actuals within their intervals, bounds included; None where there is none."""
    true = np.asarray(actual, dtype=np.float64)
    inside = (np.asarray(low) <= true) & (true <= np.asarray(high))
    return float(inside.mean()) if len(true) else None


def _over(amount: float, whole: float) -> float | None:
    return float(amount / whole) if whole > 0 else None
