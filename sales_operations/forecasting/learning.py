"""What a method's own past teaches: by how much to correct it, how far it is off, and what it is worth in the hybrid.

The past is a row of short windows whose outcome is known at the origin. Everything is learnt in order of time: what a
past forecast would have been is worked out from the windows that had ended by then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from sales_operations.estimation.shrinkage import shrunk_mean
from sales_operations.forecasting.asof import History
from sales_operations.forecasting.estimates import Estimates
from sales_operations.forecasting.method import Chance, Estimate
from sales_operations.forecasting.window import Window, window_after

HYBRID = "hybrid"
STRUCTURAL = ("pipeline", "ml")
"""The methods that know deals: their two parts are corrected. What a series says is not: it follows its errors by itself."""
SHORT, LONG = (14, 7), (28, 28)
"""Days of a past window, and days from one to the next: while little is observed, and later."""
LONG_FROM = 210
LEAST_OBSERVED = 28
"""Days of closings that a past origin must have behind it."""
MOST = 13
"""Short windows that are looked at."""
LONGER = 60
"""Days beyond which windows like the one to forecast teach beside the short ones, which say less of them."""
PRIOR_CORRECTION = 25.0
PRIOR_WEIGHT = 12.0
PRIOR_SPREAD = 4.0
"""Windows that speak for no correction, for the given weights, and for the usual error."""
SPREAD = 0.10
"""The usual relative error of a forecast beyond the luck of single deals (standard deviation)."""
LARGEST_SPREAD = 1.0
"""As wide as where nothing is known. Beyond it, a range of mean 1 would leave out its own mean."""
FEW = 0.5
"""Its square grows by this over the number of windows, since little else was learnt from so few."""
RIPENING, RIPE = 120, 300
"""Days of closings until which little is known of deals' journeys, and from which enough is."""
LEAST_CORRECTION, LARGEST_CORRECTION = 0.5, 2.0


@dataclass(frozen=True)
class Past:
    """One window of the past: what each method that did not refuse said, and what came of its parts.

    ``weight`` is how many independent windows it stands for; overlapping ones count in part.
    """

    window: Window
    weight: float
    said: Mapping[str, Estimate]
    open: float
    created_later: float

    @property
    def actual(self) -> float:
        """What was won after the origin, in minor units."""
        return self.open + self.created_later


def short_windows(history: History, day: int) -> list[tuple[Window, float]]:
    """The latest short windows that had ended by ``day``, oldest first, and the weight of each.

    At most 13: two weeks from week to week, or four weeks each once closings are observed for 210 days. They begin on
    fixed days, so that different origins share them.
    """
    first = history.observed_from
    reach, every = SHORT if day - first + 1 < LONG_FROM else LONG
    newest = (day - reach) // every * every
    origins = range(newest - (MOST - 1) * every, newest + 1, every)
    return [(window_after(one, reach), every / reach) for one in origins if one - first + 1 >= LEAST_OBSERVED]


def with_outcome(estimates: Estimates, history: History, names: Sequence[str], window: Window, weight: float) -> Past:
    """What was said of a past window, and what came of it as ``history``, of its end or later, knows."""
    most = history.usual_most
    found = estimates.of(names, window)
    said = {name: contained(one, most) for name, one in found.items() if isinstance(one, Estimate)}
    closings = history.closings
    won = closings.won & (closings.day > window.origin) & (closings.day <= window.end)
    amount = np.minimum(np.nan_to_num(closings.amount[won]), most)
    there = history.created[closings.deal[won]] <= window.origin
    return Past(window, weight, said, float(amount[there].sum()), float(amount[~there].sum()))


def contained(estimate: Estimate, most: float) -> Estimate:
    """The estimate with no single open deal counted for more than ``most``, as is what came of it."""
    over = [(chance, amount) for chance, amount in estimate.chance.large if amount > most]
    if not over or estimate.open is None:
        return estimate
    less = sum(chance * (amount - most) for chance, amount in over)
    luck = sum(chance * (1 - chance) * (amount**2 - most**2) for chance, amount in over)
    return replace(
        estimate,
        total=estimate.total - less,
        open=estimate.open - less,
        chance=Chance(
            max(estimate.chance.variance - luck, 0.0),
            tuple((chance, min(amount, most)) for chance, amount in estimate.chance.large),
        ),
    )


@dataclass(frozen=True)
class Lessons:
    """What past windows teach about the methods ``names``: ``short`` ones, and ``alike``, as long as the one to forecast.

    Both are in order of their ends. ``given`` are the configured weights, None to learn them; ``observed_from`` is the day
    of the first closing.
    """

    short: Sequence[Past]
    alike: Sequence[Past]
    names: Sequence[str]
    given: Mapping[str, float] | None = None
    observed_from: int = 0
    _corrections: dict[tuple[str, int], tuple[float, float]] = field(default_factory=dict, compare=False)

    def known(self, day: int) -> list[Past]:
        """The windows to learn from that had ended by ``day``: the last 13 short ones, and those as long as the one asked."""
        short = [one for one in self.short if one.window.end <= day][-MOST:]
        return short + [one for one in self.alike if one.window.end <= day and one.window.remaining > LONGER]

    def corrected(self, name: str, estimate: Estimate, day: int) -> Estimate:
        """The estimate as corrected by what had come true by ``day``."""
        if name not in STRUCTURAL or estimate.open is None or estimate.created_later is None:
            return estimate
        of_open, of_later = self.factors(name, day)
        open_, later = float(round(estimate.open * of_open)), float(round(estimate.created_later * of_later))
        scale = (open_ + later) / estimate.rest if estimate.rest else 1.0
        luck = estimate.chance
        return replace(
            estimate,
            total=estimate.booked + open_ + later,
            open=open_,
            created_later=later,
            chance=Chance(
                luck.variance * scale,
                tuple((min(chance * of_open, 1.0), amount) for chance, amount in luck.large),
            ),
        )

    def factors(self, name: str, day: int) -> tuple[float, float]:
        """By how much open deals, and deals not created yet, brought more than the method had said, up to ``day``."""
        if (name, day) not in self._corrections:
            self._corrections[name, day] = self._measured(name, day)
        return self._corrections[name, day]

    def _measured(self, name: str, day: int) -> tuple[float, float]:
        done = [one for one in self.known(day) if name in one.said]
        weight = np.array([one.weight for one in done])
        factors = []
        for part in ("open", "created_later"):
            true = np.array([getattr(one, part) for one in done])
            said = np.array([getattr(one.said[name], part) for one in done])
            usual = PRIOR_CORRECTION * true.mean() if len(done) else 0.0
            factor = (weight @ true + usual) / (weight @ said + usual) if usual > 0 else 1.0
            factors.append(float(np.clip(factor, LEAST_CORRECTION, LARGEST_CORRECTION)))
        return factors[0], factors[1]

    def weights(self, names: Sequence[str], day: int) -> dict[str, float]:
        """The weight of each method in the hybrid, adding up to 1, from what had come true by ``day``.

        The usual ones, in inverse proportion to the squares of the mean absolute errors, which are shrunk to each other.
        """
        usual = usual_weights(names, day - self.observed_from + 1)
        if self.given is not None:
            given = {name: self.given.get(name, 0.0) for name in names}
            total = sum(given.values())
            return {name: share / total for name, share in given.items()} if total > 0 else usual
        done = [one for one in self.known(day) if all(name in one.said for name in names)]
        if not done:
            return usual
        count = sum(one.weight for one in done)
        # Each window by its length: a quarter's error is not to drown those of the weeks.
        scale = np.array([one.weight / one.window.remaining for one in done])
        off = np.array([scale @ [abs(self._error(name, one)) for one in done] for name in names])
        pulled = shrunk_mean(off, count, off.mean() / count, PRIOR_WEIGHT)
        if not pulled.min() > 0:
            return usual
        found = {name: usual[name] / error**2 for name, error in zip(names, pulled.tolist(), strict=True)}
        total = sum(found.values())
        return {name: share / total for name, share in found.items()}

    def _error(self, name: str, one: Past) -> float:
        """What the method, corrected as it would have been then, said of a window, less what came true."""
        return self.corrected(name, one.said[name], one.window.origin).rest - one.actual

    def hybrid(self, one: Past) -> Estimate | None:
        """What the hybrid would have said of a past window with the weights known then; None where all refused."""
        said = {
            name: self.corrected(name, one.said[name], one.window.origin) for name in self.names if name in one.said
        }
        return combined(said, self.weights(list(said), one.window.origin)) if said else None

    def spread(self, name: str, day: int) -> float:
        """Variance of the relative error beyond the luck of single deals, of a method or of ``hybrid``, as of ``day``.

        By moments: squared errors less what luck accounts for, over squared forecasts, shrunk to the usual.
        """
        beyond, count = 0.0, 0.0
        for one in self.known(day):
            if name == HYBRID:
                said = self.hybrid(one)
            else:
                said = self.corrected(name, one.said[name], one.window.origin) if name in one.said else None
            if said is not None and said.rest > 0:
                scale = one.weight / said.rest**2
                beyond += scale * ((said.rest - one.actual) ** 2 - said.chance.variance)
                count += one.weight
        usual = SPREAD**2 * (1 + FEW / (count + 1))
        return min(max((beyond + PRIOR_SPREAD * usual) / (count + PRIOR_SPREAD), 0.0), LARGEST_SPREAD)


def usual_weights(names: Sequence[str], observed: int) -> dict[str, float]:
    """The weights of methods before their errors speak, from the days for which closings are known.

    At first three fifths for the methods that know deals and two for the series: one part misses what the other sees. Deals
    have nearly all once their journeys are known, and a model of single deals as much as the plain rates only then. (Chosen
    on public data and simulated companies: docs/forecasting.md.)
    """
    ripe = min(max((observed - RIPENING) / (RIPE - RIPENING), 0.0), 1.0)
    deals, model = 0.6 + 0.39 * ripe, 0.15 + 0.35 * ripe
    shares = {
        "pipeline": deals * (1 - model),
        "ml": deals * model,
        "seasonal": (1 - deals) * 0.75,
        "trend": (1 - deals) * 0.25,
    }
    total = sum(shares[name] for name in names)
    return {name: shares[name] / total for name in names}


def combined(parts: Mapping[str, Estimate], weights: Mapping[str, float]) -> Estimate:
    """The weighted mean of estimates, in whole minor units. They share their luck, since they are about the same deals."""
    booked = next(iter(parts.values())).booked
    deviation = sum(weights[name] * part.chance.variance**0.5 for name, part in parts.items())
    total = float(round(sum(weights[name] * part.total for name, part in parts.items())))
    large = next((part.chance.large for part in parts.values() if part.chance.large), ())
    return Estimate(total, booked, chance=Chance(deviation**2, large))
