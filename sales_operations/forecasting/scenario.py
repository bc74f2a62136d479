"""What a forecast would be if: the open deals, their chances and amounts, and the business not created yet, changed.

The pipeline method knows deals, so it tells what a change does. With chances p, amounts a and the correction c that its
past teaches, its open deals count c x sum(p a). Changed:

* a deal that slips or is lost has p = 0, and one that is won counts a, for certain and uncorrected;
* a win rate of w percent, the share won of the deals closed in the last year, that becomes w' multiplies every other
  deal's p by w' / w, up to 1, and the business not created yet too;
* new business is multiplied by 1 + its percent / 100.

A method that forecasts otherwise (the hybrid) changes in the same proportion: its open part, without what is certain,
as that of the pipeline method, and likewise its part not created yet. The range is simulated anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sales_operations.domain.errors import InvalidInput
from sales_operations.forecasting.asof import YEAR, Floats, History
from sales_operations.forecasting.method import Chance, Estimate
from sales_operations.forecasting.named_deals import places_of
from sales_operations.forecasting.pipeline import LARGE
from sales_operations.forecasting.scenario_changes import AMOUNT, NEW_BUSINESS, WIN_RATE, WINS, Change


@dataclass(frozen=True, eq=False)
class OpenDeals:
    """The open deals as the pipeline method sees them: ``chance`` and ``amount`` (n,); ``place`` is where each id stands.

    ``correction`` is what their sum is multiplied by; ``later_variance`` is that of the business not created yet.
    """

    place: Mapping[str, int]
    chance: Floats
    amount: Floats
    correction: float
    later_variance: float

    @property
    def counted(self) -> float:
        """What they bring."""
        return self.correction * float(self.chance @ self.amount)

    @property
    def variance(self) -> float:
        """That of all, each deal won or not on its own."""
        return float((self.chance * (1 - self.chance)) @ self.amount**2) + self.later_variance


@dataclass(frozen=True)
class WinRate:
    """The share won of ``closed`` deals, those of the last year; of all where it saw none."""

    won: int
    closed: int

    @property
    def share(self) -> float:
        """0 where nothing was closed."""
        return self.won / self.closed if self.closed else 0.0

    def under(self, changes: Sequence[Change]) -> float:
        """The share under the changes."""
        return self.share + sum(one.value for one in changes if one.kind == WIN_RATE) / 100


@dataclass(frozen=True)
class Outcome:
    """A changed estimate. ``certain``, in minor units, is in its open part and in no range: deals said to be won."""

    estimate: Estimate
    certain: float

    @property
    def settled(self) -> Estimate:
        """The same with what is certain counted as booked, as ranges are simulated from it."""
        return replace(self.estimate, booked=self.estimate.booked + self.certain)


def win_rate(history: History) -> WinRate:
    """The share of closed deals that were won."""
    closings = history.closings
    recent = closings.day > history.day - YEAR
    chosen = closings.won[recent] if recent.any() else closings.won
    return WinRate(int(chosen.sum()), len(chosen))


def check(changes: Sequence[Change], history: History, rate: WinRate) -> None:
    """Raise NotFound for deals that do not exist, InvalidInput for closed ones and for a win rate that cannot be."""
    places_of([one.deal for one in changes if one.deal is not None], history)
    for one in changes:
        if one.kind == WIN_RATE and not 0 <= rate.under([one]) <= 1:
            raise InvalidInput(
                f"win_rate: {one.value:+g} points on {rate.share:.1%}, the share won of the {rate.closed:,} deals closed "
                "lately, is none between 0 and 100 %"
            )


def changed(estimate: Estimate, deals: OpenDeals, changes: Sequence[Change], rate: WinRate) -> Outcome:
    """The estimate, whose parts are told apart, under the changes; in whole minor units."""
    certain = np.zeros(len(deals.chance), dtype=bool)
    certain[[deals.place[one.deal] for one in changes if one.deal and one.kind == WINS]] = True
    now = _applied(deals, changes, rate)
    later = _of_later(changes, rate)
    rest = replace(now, chance=np.where(certain, 0.0, now.chance), later_variance=now.later_variance * later)
    sure = float(now.amount[certain].sum())
    scale = (estimate.open or 0.0) / deals.counted if deals.counted > 0 else 1.0
    opened = float(round(sure + scale * rest.counted))
    created_later = float(round((estimate.created_later or 0.0) * later))
    total = estimate.booked + opened + created_later
    luck = _luck(estimate.chance, deals, rest)
    return Outcome(replace(estimate, total=total, open=opened, created_later=created_later, chance=luck), sure)


def _applied(deals: OpenDeals, changes: Sequence[Change], rate: WinRate) -> OpenDeals:
    chance, amount = np.minimum(deals.chance * _times(changes, rate), 1.0), deals.amount.copy()
    for one in changes:
        if one.deal is not None and one.kind == AMOUNT:
            amount[deals.place[one.deal]] = one.value
        elif one.deal is not None:
            chance[deals.place[one.deal]] = 1.0 if one.kind == WINS else 0.0
    return replace(deals, chance=chance, amount=amount)


def _times(changes: Sequence[Change], rate: WinRate) -> float:
    """What the win rate multiplies chances by; 1 where nothing was ever won, and no chance is to be scaled."""
    return rate.under(changes) / rate.share if rate.won else 1.0


def _of_later(changes: Sequence[Change], rate: WinRate) -> float:
    percent = sum(one.value for one in changes if one.kind == NEW_BUSINESS)
    return _times(changes, rate) * (1 + percent / 100)


def _luck(luck: Chance, before: OpenDeals, after: OpenDeals) -> Chance:
    """The estimate's luck in proportion to that of the deals, of which the largest are drawn one by one."""
    own = after.chance * (1 - after.chance) * after.amount**2
    large = np.argsort(-own, kind="stable")[:LARGE]
    likely = np.minimum(after.chance[large] * after.correction, 1.0)
    ratio = after.variance / before.variance if before.variance > 0 else 1.0
    return Chance(luck.variance * ratio, tuple(zip(likely.tolist(), after.amount[large].tolist(), strict=True)))
