"""The range of what may come true, by simulation: the luck of single deals, and the error of rates that were learnt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sales_operations.forecasting.asof import Floats
from sales_operations.forecasting.method import Estimate
from sales_operations.forecasting.window import Window

DRAWS = 4_000
QUANTILES = (0.025, 0.1, 0.5, 0.9, 0.975)


@dataclass(frozen=True)
class Bands:
    """Quantiles of a window's won revenue, in minor units: 80 % lies between ``p10`` and ``p90``, 95 % within the outer two."""

    p2_5: float
    p10: float
    p50: float
    p90: float
    p97_5: float


def bands(estimate: Estimate, spread: float, window: Window) -> Bands:
    """Simulate an estimate 4,000 times; ``spread`` is the variance of its relative error beyond luck.

    The largest open deals are won or not one by one; all others are a sum, drawn from the gamma distribution of their
    mean and variance; a factor of mean 1, log-normal, stands for rates that are off for all deals together. What is
    booked is certain. The draws depend on the window alone, so the same question has the same answer.
    """
    rest = estimate.rest
    if not rest > 0 or not window.remaining:
        return Bands(*(float(round(estimate.total)),) * len(QUANTILES))
    rng = np.random.default_rng((window.origin, window.end))
    chance, amount = np.array(estimate.chance.large).reshape(-1, 2).T
    # A combined estimate may expect less than its largest deals would bring by themselves: they count in proportion.
    alone = min(float(chance @ amount), rest)
    scale = alone / float(chance @ amount) if alone else 0.0
    large = scale * ((rng.random((DRAWS, len(chance))) < chance) @ amount)
    others = max(estimate.chance.variance - scale**2 * float((chance * (1 - chance)) @ amount**2), 0.0)
    draws = (large + _gamma(rng, rest - alone, others)) * np.exp(_error(rng, spread))
    return Bands(*(float(estimate.booked + round(value)) for value in np.quantile(draws, QUANTILES).tolist()))


def _gamma(rng: np.random.Generator, mean: float, variance: float) -> Floats:
    if not mean > 0 or not variance > 0:
        return np.full(DRAWS, max(mean, 0.0))
    return rng.gamma(mean**2 / variance, variance / mean, DRAWS)


def _error(rng: np.random.Generator, spread: float) -> Floats:
    deviation = np.log1p(spread)
    return np.asarray(rng.standard_normal(DRAWS) * deviation**0.5 - deviation / 2)
