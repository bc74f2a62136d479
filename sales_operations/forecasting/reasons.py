"""Why an open deal has its chance: what each thing known of it adds to the log-odds. The parts and the base sum exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sales_operations.estimation.attribution import contributions, spread_evenly
from sales_operations.estimation.classification import log_odds
from sales_operations.forecasting.asof import Floats
from sales_operations.forecasting.snapshots import Snapshots

PARTS = {
    "stage": "stage",
    "age": "created",
    "time_in_stage": "since",
    "amount": "amount",
    "close_date": "close",
    "pushes": "pushes",
    "sales_rep": "rep",
    "product": "product",
    "source": "source",
}
"""What is known of a deal, and the array of ``Snapshots`` that holds it. All are of one day with as many days left."""
CORRECTION = "correction"
"""The part of what past forecasts of the method taught about the chances of all deals."""
_SEED = 20_172


@dataclass(frozen=True, eq=False)
class Reasons:
    """``odds`` (n,) are ``base`` plus the sum over ``contributions`` (n, parts), all log-odds.

    ``parts`` are the names of ``PARTS`` and ``CORRECTION``; ``base`` is the mean over typical deals, uncorrected.
    """

    parts: tuple[str, ...]
    base: float
    contributions: Floats
    odds: Floats

    def of(self, position: int) -> dict[str, float]:
        """The contributions to one deal, by part."""
        return dict(zip(self.parts, self.contributions[position].tolist(), strict=True))


def reasons(chances: Callable[[Snapshots], Floats], seen: Snapshots, among: Snapshots, correction: float) -> Reasons:
    """Explain the chances of ``seen``, walking to each from deals that lie evenly over the chances of ``among``.

    Of these there is at least one. ``correction`` multiplies the chances, up to 1. Chances count as within 1e-6 of certain.
    """

    def score(records: Floats) -> Floats:
        return log_odds(chances(_snapshots(records, among)))

    typical = _records(among)[spread_evenly(score(_records(among)))]
    parts = contributions(score, _records(seen), typical, np.arange(len(PARTS)), np.random.default_rng(_SEED))
    plain = chances(seen)
    odds = log_odds(np.minimum(plain * correction, 1.0))
    whole = np.column_stack((parts, odds - log_odds(plain)))
    return Reasons((*PARTS, CORRECTION), float(score(typical).mean()), whole, odds)


def _records(seen: Snapshots) -> Floats:
    return np.column_stack([getattr(seen, name) for name in PARTS.values()]).astype(np.float64)


def _snapshots(records: Floats, like: Snapshots) -> Snapshots:
    values = {
        name: column if name == "amount" else column.astype(np.int64)
        for name, column in zip(PARTS.values(), records.T, strict=True)
    }
    day, left = (np.full(len(records), one[0]) for one in (like.day, like.left))
    return Snapshots(day=day, left=left, **values)
