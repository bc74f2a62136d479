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
