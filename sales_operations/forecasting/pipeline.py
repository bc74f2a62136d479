"""The forecast from open deals: each one's chance to be won in time, by stage and time in it, times its amount."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sales_operations.domain.stages import STAGE_NAMES
from sales_operations.forecasting.amounts import Amounts, fit_amounts
from sales_operations.forecasting.arrivals import new_business
from sales_operations.forecasting.asof import WON, Floats, History, Ints, sums_by
from sales_operations.forecasting.hazards import EDGES, fit_hazards, won_by
from sales_operations.forecasting.method import Estimate, breakdowns
from sales_operations.forecasting.window import Window

NOT_CREATED_YET = "not_created_yet"
"""The group of what is expected from deals that do not exist at the origin."""


@dataclass(frozen=True, eq=False)
class Flow:
    """What the history says about deals in general: chances to be won in time (see ``hazards.won_by``), and amounts.

    ``sizes`` has the size of each row of the history.
    """

    chance: Floats
    amounts: Amounts
    sizes: Ints


def fit_flow(history: History, window: Window, stage_probabilities: tuple[float, ...]) -> Flow:
    """Fit chances to be won by the window's end, and amounts, once for each history. Raises HistoryTooThin."""
    amounts = history.once(fit_amounts, lambda: fit_amounts(history))
    sizes = amounts.size_of(amounts.of(history.amount, history.product[history.deal])[0])
    hazards = history.once((fit_hazards, stage_probabilities), lambda: fit_hazards(history, sizes, stage_probabilities))
    return history.once(
        (fit_flow, stage_probabilities, window.end),
        lambda: Flow(won_by(hazards, window.end, window.remaining), amounts, sizes),
    )


@dataclass(frozen=True)
class PipelineMethod:
    """``stage_probabilities`` are the configured ones of the four open stages."""

    stage_probabilities: tuple[float, ...]
    name: str = "pipeline"

    def fit_forecast(self, history: History, window: Window) -> Estimate:
        """See ``Method``. Deals still to be created stand under ``not_created_yet`` in both breakdowns."""
        flow = fit_flow(history, window, self.stage_probabilities)
        rows = history.open_rows
        days = np.minimum(history.day - history.since[rows], EDGES[-1])
        chance = flow.chance[-1, flow.sizes[rows], history.stage[rows], days]
        return assemble(history, window, flow, chance)


def assemble(history: History, window: Window, flow: Flow, chance: Floats) -> Estimate:
    """Booked, open deals by their ``chance`` (one for each of ``history.open_rows``) and deals not created yet.

    Every deal's share is rounded to a whole minor unit, so that any breakdown adds up exactly.
    """
    rows = history.open_rows
    amounts, estimated = flow.amounts.of(history.amount[rows], history.product[history.deal[rows]])
    expected = np.rint(chance * amounts)
    booked = window.booked(history)
    created_later = round(new_business(history, flow.sizes, flow.chance, window.remaining, flow.amounts.mean))
    by_stage = sums_by(history.stage[rows], expected, len(STAGE_NAMES))
    by_stage[WON] += booked
    by_rep = sums_by(history.rep[rows], expected, len(history.reps)) + window.booked_by_rep(history)
    return Estimate(
        booked + float(expected.sum()) + created_later,
        booked,
        float(expected.sum()),
        float(created_later),
        {
            **breakdowns(history, by_stage, by_rep, NOT_CREATED_YET, created_later),
            "open_deals": len(rows),
            "amounts_estimated": int(np.count_nonzero(estimated)),
        },
    )
