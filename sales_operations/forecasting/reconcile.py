"""Forecasts of parts and of wholes made to add up, each moved the less the surer it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

UNKNOWN = math.inf
"""The variance of a sum that nobody forecast: it is what its parts come to."""


@dataclass(frozen=True)
class Guess:
    """An independent forecast in minor units, and the variance of its error; 0 stands for what is certain."""

    value: float = 0.0
    variance: float = UNKNOWN


def reconcile(parents: Sequence[int], guesses: Sequence[Guess]) -> list[int]:
    """Whole minor units for each place of a tree, every parent the exact sum of its children.

    ``parents`` has the place of each one's parent, which stands before it; that of the root, the first, is -1. Leaves have
    a finite variance. What comes out minimises the sum of (new - forecast)^2 / variance under the condition that it adds
    up: the weighted least squares of MinT with a diagonal matrix (Wickramasuriya, Athanasopoulos, Hyndman, JASA 114,
    2019), found in two passes over the tree instead of by a matrix. A certain sum keeps its value, unless all of its
    parts are certain as well.
    """
    children: list[list[int]] = [[] for _ in parents]
    for place, parent in enumerate(parents):
        if parent >= 0:
            children[parent].append(place)
    pooled = list(guesses)
    for place in reversed(range(len(parents))):
        if children[place]:
            below = [pooled[child] for child in children[place]]
            sums = Guess(math.fsum(one.value for one in below), math.fsum(one.variance for one in below))
            pooled[place] = _pooled(sums, guesses[place])
    found = [0] * len(parents)
    if found:
        found[0] = round(pooled[0].value)
    for place, below_here in enumerate(children):
        if below_here:
            shares = apportioned(_spread([pooled[child] for child in below_here], found[place]), found[place])
            for child, share in zip(below_here, shares, strict=True):
                found[child] = share
    return found


def apportioned(values: Sequence[float], total: int) -> list[int]:
    """Whole numbers next to ``values`` that add up to ``total``, which is their sum but for rounding.

    By the largest remainder, the earlier first where two are alike.
    """
    whole = [math.floor(value) for value in values]
    order = sorted(range(len(values)), key=lambda place: (whole[place] - values[place], place))
    each, rest = divmod(total - sum(whole), max(len(whole), 1))
    for rank, place in enumerate(order):
        whole[place] += each + (rank < rest)
    return whole


def _pooled(sums: Guess, own: Guess) -> Guess:
    """What the sum of the parts and the forecast of the whole say together."""
    if own.variance == UNKNOWN or sums.variance == 0:
        return sums
    gain = sums.variance / (sums.variance + own.variance)
    return Guess(sums.value + gain * (own.value - sums.value), sums.variance * (1 - gain))


def _spread(parts: Sequence[Guess], total: int) -> list[float]:
    """The parts, with what lacks to their total shared out in proportion to their variances."""
    gap, spread = total - math.fsum(one.value for one in parts), math.fsum(one.variance for one in parts)
    if not spread:
        return [one.value for one in parts]
    return [one.value + gap * one.variance / spread for one in parts]
