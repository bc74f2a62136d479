"""The forecast from open deals: each one's chance to be won in time, by stage, pace and time in it, times its amount."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sales_operations.forecasting.activity import Activity
from sales_operations.forecasting.amounts import Amounts, fit_amounts
from sales_operations.forecasting.arrivals import new_business
from sales_operations.forecasting.asof import OPEN_STAGES, WON, Floats, History, Ints, sums_by
from sales_operations.forecasting.exposure import EDGES, slow_of
from sales_operations.forecasting.hazards import fit_hazards, won_by
from sales_operations.forecasting.method import Chance, Estimate
from sales_operations.forecasting.snapshots import Snapshots, open_now
from sales_operations.forecasting.window import Window

LARGE = 40
"""Open deals whose luck is drawn one by one; that of all others is drawn as a sum."""


@dataclass(frozen=True, eq=False)
class Flow:
    """What the history says about deals in general: chances to be won in time (see ``hazards.won_by``), and amounts.

    ``sizes`` has the size of each row of the history; ``usual`` are the ages beyond which deals are slow, by stage.
    """

    chance: Floats
    usual: Floats
    amounts: Amounts
    sizes: Ints

    def chances(self, seen: Snapshots) -> Floats:
        """The chance of deals to be won in the days that they have left, at most those that the flow was fitted for."""
        size = self.amounts.size_of(self.amounts.of(seen.amount, seen.product)[0])
        days = np.clip(seen.day - seen.since, 0, EDGES[-1])
        state = seen.stage + WON * slow_of(seen.stage, seen.since - seen.created, self.usual)
        return np.asarray(self.chance[np.maximum(seen.left, 0), size, state, days])


def fit_flow(history: History, window: Window, stage_probabilities: tuple[float, ...]) -> Flow:
    """Fit chances to be won by the window's end, and amounts, once for each history. Raises HistoryTooThin."""
    return _flow(history, stage_probabilities, window.end, window.remaining, usual=False)


def fit_usual_flow(history: History, longest: int, stage_probabilities: tuple[float, ...]) -> Flow:
    """The same with every day a usual one, for windows of up to ``longest`` days."""
    return _flow(history, stage_probabilities, history.day, longest, usual=True)


def _flow(history: History, stage_probabilities: tuple[float, ...], end: int, days: int, *, usual: bool) -> Flow:
    amounts = fit_amounts(history)
    sizes = amounts.size_of(amounts.of(history.amount, history.product)[0])
    hazards = history.once((fit_hazards, stage_probabilities), lambda: fit_hazards(history, sizes, stage_probabilities))
    if usual:
        hazards = replace(hazards, activity=Activity.usual())
    return history.once(
        (_flow, stage_probabilities, end, days, usual),
        lambda: Flow(won_by(hazards, end, days), hazards.usual, amounts, sizes),
    )


@dataclass(frozen=True)
class PipelineMethod:
    """``stage_probabilities`` are the configured ones of the four open stages."""

    stage_probabilities: tuple[float, ...]
    name: str = "pipeline"

    def fit_forecast(self, history: History, window: Window) -> Estimate:
        """See ``Method``."""
        flow = fit_flow(history, window, self.stage_probabilities)
        return assemble(history, window, flow, flow.chances(open_now(history, window.remaining)))


def assemble(history: History, window: Window, flow: Flow, chance: Floats) -> Estimate:
    """Booked, open deals by their ``chance`` (one for each of ``history.open_rows``) and deals not created yet.

    Every deal's share is rounded to a whole minor unit, so that any breakdown adds up exactly.
    """
    rows = history.open_rows
    amounts, estimated = flow.amounts.of(history.amount[rows], history.product[rows])
    expected = np.rint(chance * amounts)
    booked = window.booked(history)
    later, later_variance = new_business(history, flow.sizes, flow.chance, window.remaining, flow.amounts)
    created_later = round(later)
    by_stage = sums_by(history.stage[rows], expected, WON)
    by_rep = sums_by(history.rep[rows], expected, len(history.reps))
    return Estimate(
        total=booked + float(expected.sum()) + created_later,
        booked=booked,
        open=float(expected.sum()),
        created_later=float(created_later),
        by_stage=dict(zip(OPEN_STAGES, by_stage.tolist(), strict=True)),
        by_rep={rep: share for rep, share in zip(history.reps, by_rep.tolist(), strict=True) if share},
        chance=_luck(chance, amounts, later_variance),
        details={"open_deals": len(rows), "amounts_estimated": int(np.count_nonzero(estimated))},
    )


def _luck(chance: Floats, amounts: Floats, others: float) -> Chance:
    """The variance of open deals, each won or not on its own, on top of that of ``others``."""
    variance = chance * (1 - chance) * amounts**2
    large = np.argsort(-variance, kind="stable")[:LARGE]
    pairs = tuple(zip(chance[large].tolist(), amounts[large].tolist(), strict=True))
    return Chance(float(variance.sum()) + others, pairs)
