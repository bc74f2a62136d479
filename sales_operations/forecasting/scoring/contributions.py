"""Why a record has its score: what each field adds to the log-odds. The parts and the base sum to the score exactly.

A record is walked to from a typical one, one field after the other, and each step's change is the field's; the mean over
several walks in different orders estimates the Shapley value (Strumbelj and Kononenko, JMLR 11, 2010), whatever the
model. Each walk's steps sum to its whole way, so the means do too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sales_operations.estimation.shrinkage import Floats
from sales_operations.forecasting.scoring.model import ScoringModel
from sales_operations.forecasting.scoring.records import Texts

WALKS = 8
_SEED = 20_171
_ROWS = 200_000


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
    typical = _typical(model)
    draw = np.random.default_rng(_SEED)
    total = np.zeros((count, len(fields)))
    for start in typical:
        order = draw.permutation(len(fields))
        rank = np.argsort(order)[belongs]
        size = max(1, _ROWS // (len(fields) + 1))
        for first in range(0, count, size):
            part = matrix[first : first + size]
            # Step s has the fields of rank below s as in the record, the others as in the typical one.
            steps = [model.odds(np.where(rank < step, part, start)) for step in range(len(fields) + 1)]
            total[first : first + size, order] += np.diff(np.column_stack(steps), axis=1)
    return Explanation(fields, float(model.odds(typical).mean()), total / len(typical), model.odds(matrix))


def _typical(model: ScoringModel) -> Floats:
    """Training records spread evenly over the scores, (WALKS, k)."""
    if model.encoder is None:
        return np.zeros((WALKS, 0))
    matrix = model.encoder.matrix
    ordered = np.argsort(model.odds(matrix), kind="stable")
    return matrix[ordered[((np.arange(WALKS) + 0.5) / WALKS * len(ordered)).astype(np.int64)]]
