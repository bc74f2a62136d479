"""Whether forecasts have gone off: exact tests of which side of them the truth fell on, and how often inside their range.

Both need only the counts. A CUSUM of standardised errors would see a shift of known size sooner, but its rate of false
alarms rests on the width of the intervals being right, which is the other thing in doubt, and it needs a size to look for.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb


def one_sided(sides: Sequence[int]) -> float:
    """How often chance alone puts so many truths on one side of the median (sign test, two-sided); 1 for none.

    ``sides``: above 0 and below 0 for the two sides; 0, on the median, tells nothing and is left out.
    """
    above, below = sum(side > 0 for side in sides), sum(side < 0 for side in sides)
    return min(1.0, 2 * _at_most(min(above, below), above + below, 0.5))


def off_coverage(inside: int, count: int, level: float) -> float:
    """How often chance alone puts as few, or as many, of ``count`` truths inside intervals that hold ``level`` of them.

    The smaller tail of the binomial distribution, doubled; 1 for none.
    """
    few = _at_most(inside, count, level)
    many = _at_most(count - inside, count, 1 - level)
    return min(1.0, 2 * min(few, many))


def _at_most(successes: int, count: int, chance: float) -> float:
    return sum(comb(count, k) * chance**k * (1 - chance) ** (count - k) for k in range(successes + 1))
