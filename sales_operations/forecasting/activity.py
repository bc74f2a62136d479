"""How busy days are: by how much more than usual deals are won, lost and moved on each, and how much lately."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sales_operations.estimation.shrinkage import shrunk_ratio
from sales_operations.forecasting.asof import Floats, Ints
from sales_operations.forecasting.seasons import (
    PARTS,
    PLACES,
    WEEK,
    part_factors,
    parts_of,
    place_factors,
    places_of,
    weekday_factors,
)

KINDS = 3
"""Of events: won, lost, moved to another stage."""
PRIOR_LEVEL = 20.0
"""Events that speak for an unchanged level."""
LEVEL_HALF_LIFE = 14.0
"""Days after which an event counts half in the level."""


@dataclass(frozen=True, eq=False)
class Activity:
    """Factors of each kind of event by part of the quarter (kinds, parts) and place in the month (kinds, places).

    And of all of them by weekday (7,).
    """

    parts: Floats
    places: Floats
    weekdays: Floats

    @classmethod
    def usual(cls) -> Activity:
        """Every day a usual one."""
        return cls(np.ones((KINDS, PARTS)), np.ones((KINDS, PLACES)), np.ones(WEEK))

    def of(self, days: Ints) -> Floats:
        """The factors of each day: (kinds, days)."""
        return self.parts[:, parts_of(days)] * self.places[:, places_of(days)] * self.weekdays[days % WEEK]


def fit_activity(days: Ints, observed: Floats, expected: Floats) -> Activity:
    """From events (kinds, days) on each of ``days``, and how many were to be expected.

    Weekdays are alike for all kinds; the parts of the quarter, the places in the month and the recent level, observed
    over expected, are not.
    """
    weekdays = weekday_factors(days, observed.sum(axis=0), expected.sum(axis=0))
    part, place, recent = parts_of(days), places_of(days), 0.5 ** ((days[-1] - days) / LEVEL_HALF_LIFE)
    parts, places = [], []
    for seen, usual in zip(observed, expected * weekdays[days % WEEK], strict=True):
        places.append(place_factors(days, seen, usual))
        due = usual * places[-1][place]
        factors = part_factors(days, seen, due)
        parts.append(factors * shrunk_ratio(recent @ seen, recent @ (due * factors[part]), PRIOR_LEVEL))
    return Activity(np.array(parts), np.array(places), weekdays)
