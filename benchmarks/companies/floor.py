"""What chance alone leaves: the best forecast of one who knows the world's rules and each deal's hidden nature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.companies.company import HORIZON, Floats
from benchmarks.companies.record import CENTS, Lived
from benchmarks.companies.world import WON, World

COPIES = 200


@dataclass(frozen=True, eq=False)
class Floor:
    """At each origin the median and the 80 % interval of the copies of the world that went on from there."""

    median: Floats
    low: Floats
    high: Floats


def floor_of(lived: Lived, copies: int = COPIES) -> Floor:
    """Let each judged world go on many times, with new chance each time; no forecasting method takes part."""
    totals = [
        _went_on(world, copies, np.random.default_rng([lived.company.seed, 2, place]))
        for place, world in enumerate(lived.worlds)
    ]
    low, median, high = np.quantile(np.array(totals), [0.1, 0.5, 0.9], axis=1)
    return Floor(median, low, high)


def _went_on(world: World, copies: int, rng: np.random.Generator) -> Floats:
    """Minor units won in the 30 days after, by copy."""
    many, total = world.copied(copies), np.zeros(copies)
    for touched in many.days(HORIZON, rng):
        won = touched.stage == WON
        total += np.bincount(touched.copy[won], touched.amount[won], copies)
    return total * CENTS
