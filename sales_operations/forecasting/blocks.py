"""Won revenue as a series of equal blocks of days that end at the origin.

Blocks that end at the origin use all that is known, where calendar months would leave the current one half counted.
"""

from __future__ import annotations

import math

import numpy as np

from sales_operations.forecasting.asof import Floats, History, Ints
from sales_operations.forecasting.seasons import Rhythm

MONTH = 365.25 / 12


def block_edges(history: History, length: float, most: int) -> Ints:
    """Last days of the blocks, ascending, preceded by the day before the first block: (blocks + 1,).

    At most ``most`` blocks of about ``length`` days, none reaching back beyond the first observed day.
    """
    count = min(most, int((history.day - history.observed_from + 1) / length))
    return np.asarray(history.day - np.rint(np.arange(count, -1, -1) * length), dtype=np.int64)


def block_sums(history: History, edges: Ints) -> Floats:
    """Won revenue of each block, in minor units."""
    total = np.append(0.0, np.cumsum(history.taught_per_day(int(edges[0]) + 1, int(edges[-1]))))
    return np.diff(total[edges - edges[0]])


def adjusted_length(rhythm: Rhythm, edges: Ints) -> Floats:
    """The length of each block in usual days: a day on which twice as much is won counts twice."""
    days = np.arange(edges[0] + 1, edges[-1] + 1)
    return np.add.reduceat(rhythm.of(days), edges[:-1] - edges[0])


def spread_over(blocks: Floats, length: float, days: float) -> float:
    """The sum of forecast blocks over a number of days, the last block in part."""
    full = days / length
    whole = min(int(full), len(blocks))
    part = blocks[whole] * (full - whole) if whole < len(blocks) else 0.0
    return float(blocks[:whole].sum() + part)


def blocks_for(days: float, length: float) -> int:
    """How many blocks cover that many days; at least one."""
    return max(1, math.ceil(days / length))
