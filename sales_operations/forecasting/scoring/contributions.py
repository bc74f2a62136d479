"""Why a record has its score: what each field adds to the log-odds. The parts and the base sum to the score exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sales_operations.estimation.attribution import contributions, spread_evenly
from sales_operations.estimation.shrinkage import Floats
from sales_operations.forecasting.scoring.model import ScoringModel
from sales_operations.forecasting.scoring.records import Texts

_SEED = 20_171


@dataclass(frozen=True, eq=False)
class Explanation:
    """``odds`` (n,) are ``base`` plus the sum over ``contributions`` (n, fields), all log-odds."""

    fields: tuple[str, ...]
    base: float
    contributions: Floats
    odds: Floats


def explain(model: ScoringModel, columns: Mapping[str, Texts], count: int) -> Explanation:
    """What each field adds to the scores of ``count`` records; where the base rate serves, no field adds anything."""
    if model.encoder is None:
        odds = model.odds(np.zeros((count, 0)))
        return Explanation((), float(model.odds(np.zeros((1, 0)))[0]), np.zeros((count, 0)), odds)
    matrix = model.encoder.encode(columns, count)
    fields = tuple(dict.fromkeys(model.encoder.sources))
    belongs = np.array([fields.index(source) for source in model.encoder.sources])
    learnt = model.encoder.matrix
    typical = learnt[spread_evenly(model.odds(learnt))]
    total = contributions(model.odds, matrix, typical, belongs, np.random.default_rng(_SEED))
    return Explanation(fields, float(model.odds(typical).mean()), total, model.odds(matrix))
