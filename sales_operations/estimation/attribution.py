"""What each group of columns adds to a score: the parts and the base sum to the score exactly.

A record is walked to from a typical one, one group after the other, and each step's change is the group's; the mean over
several walks in different orders estimates the Shapley value (Strumbelj and Kononenko, JMLR 11, 2010), whatever the
model. Each walk's steps sum to its whole way, so the means do too.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from sales_operations.estimation.shrinkage import Floats

WALKS = 8
_ROWS = 200_000


def contributions(
    score: Callable[[Floats], Floats],
    records: Floats,
    typical: Floats,
    belongs: npt.NDArray[np.int64],
    rng: np.random.Generator,
) -> Floats:
    """What each group adds to the score of each record: (n, groups); the base is the mean score of ``typical``.

    ``records`` (n, k) and ``typical`` (walks, k), one start of a walk each; ``belongs`` (k,) is the group of each column,
    from 0 on; ``score`` gives (m,) for (m, k).
    """
    groups, count = int(belongs.max(initial=-1)) + 1, len(records)
    total = np.zeros((count, groups))
    size = max(1, _ROWS // (groups + 1))
    for start in typical:
        order = rng.permutation(groups)
        rank = np.argsort(order)[belongs]
        for first in range(0, count, size):
            part = records[first : first + size]
            # Step s has the groups of rank below s as in the record, the others as in the typical one.
            steps = [score(np.where(rank < step, part, start)) for step in range(groups + 1)]
            total[first : first + size, order] += np.diff(np.column_stack(steps), axis=1)
    return total / max(len(typical), 1)


def spread_evenly(odds: Floats, walks: int = WALKS) -> npt.NDArray[np.int64]:
    """Positions of records that lie evenly over the scores, to walk from: (walks,)."""
    ordered = np.argsort(odds, kind="stable")
    return np.asarray(ordered[((np.arange(walks) + 0.5) / walks * len(ordered)).astype(np.int64)])
