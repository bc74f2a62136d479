"""Estimates pulled towards a prior as far as data are few."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def shrunk_mean(total: npt.ArrayLike, count: npt.ArrayLike, prior: npt.ArrayLike, strength: float) -> Floats:
    """Means of groups, (total + strength x prior) / (count + strength): ``strength`` observations speak for the prior.

    All arguments broadcast. ``strength`` is above 0, so that a group without observations gets the prior. For shares,
    ``total`` are successes: the posterior mean under a beta prior (Gelman et al., Bayesian Data Analysis, section 2.4).
    """
    totals, counts = np.asarray(total, dtype=np.float64), np.asarray(count, dtype=np.float64)
    return np.asarray((totals + strength * np.asarray(prior, dtype=np.float64)) / (counts + strength))


def shrunk_ratio(observed: npt.ArrayLike, expected: npt.ArrayLike, strength: float) -> Floats:
    """Factors (observed + strength) / (expected + strength), pulled towards 1 where little was expected."""
    return np.asarray(
        (np.asarray(observed, dtype=np.float64) + strength) / (np.asarray(expected, dtype=np.float64) + strength)
    )


def inverse_error_weights(errors: npt.ArrayLike, count: int, strength: float) -> Floats:
    """Weights (n,) that add up to 1, in inverse proportion to mean errors (n,) measured on ``count`` occasions.

    Errors are pulled towards their common mean, as if ``strength`` more occasions had found all methods alike, so few
    occasions give nearly equal weights. Equal weights where no error was measured at all.
    """
    found = np.asarray(errors, dtype=np.float64)
    pulled = shrunk_mean(found * count, count, found.mean(), strength)
    if not pulled.min() > 0:
        return np.full(len(found), 1 / len(found))
    inverse = pulled.min() / pulled
    return np.asarray(inverse / inverse.sum())
