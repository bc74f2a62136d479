"""The methods combined, by the weights of the configuration or by how well each did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from sales_operations.estimation.shrinkage import inverse_error_weights
from sales_operations.forecasting.accuracy import Origin

Weights = Mapping[str, float] | Literal["auto"]
_PRIOR_ORIGINS = 4.0


def weights_among(names: Sequence[str], weights: Weights, past: Sequence[Origin]) -> dict[str, float]:
    """The weight of each of ``names``, adding up to 1.

    Given weights are rescaled to those that are there; where these have none, they share equally. ``auto`` weighs by
    the inverse of the errors at the ``past`` origins at which all of them gave a forecast, shrunk to equal.
    """
    if weights != "auto":
        given = np.array([weights.get(name, 0.0) for name in names])
        found = given / given.sum() if given.sum() > 0 else np.full(len(names), 1 / max(len(names), 1))
    else:
        common = [origin for origin in past if all(name in origin.totals for name in names)]
        errors = [sum(abs(origin.totals[name] - origin.actual) for origin in common) for name in names]
        found = inverse_error_weights(np.array(errors) / max(len(common), 1), len(common), _PRIOR_ORIGINS)
    return dict(zip(names, map(float, found), strict=True))


def combine(totals: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """The weighted mean of the totals, in whole minor units."""
    return float(round(sum(weights[name] * total for name, total in totals.items())))


def past_hybrid(past: Sequence[Origin], weights: Weights) -> list[tuple[float, float]]:
    """What the hybrid would have said at each origin (latest first) with the weights known then, and what came true."""
    found = []
    for position, origin in enumerate(past):
        if origin.totals:
            known = weights_among(list(origin.totals), weights, past[position + 1 :])
            found.append((combine(origin.totals, known), origin.actual))
    return found
