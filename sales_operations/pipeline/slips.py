"""Whether deals close when they are due: what became of those that were due in a period at its start."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import narwhals as nw

from sales_operations.domain.clock import parse_as_of
from sales_operations.domain.periods import Period
from sales_operations.metrics.deals import IS_OPEN
from sales_operations.metrics.metric import Frame, Ratio
from sales_operations.metrics.slippage import (
    DUE_AMOUNT,
    DUE_DEALS,
    PUSH_RATE,
    PUSHES_PER_DUE_DEAL,
    SLIP_RATE_BY_AMOUNT,
    SLIP_RATE_BY_COUNT,
    SLIPPED_AMOUNT,
)
from sales_operations.pipeline.present import figure, share
from sales_operations.pipeline.state import State

_METRICS = (DUE_AMOUNT, SLIPPED_AMOUNT, SLIP_RATE_BY_COUNT, SLIP_RATE_BY_AMOUNT, PUSH_RATE, PUSHES_PER_DUE_DEAL)
_OUTCOMES = {
    "won": "Won by the end of the period.",
    "lost": "Lost by then.",
    "slipped": "Open then, with a close date after the period.",
    "standing": "Open then, with a close date in the period or before it, or none.",
    "deleted": "Deleted by then.",
}


def slippage(state: State, period: Period) -> dict[str, Any]:
    """Slip rate and push rate of the deals that were open at a period's start and due in it; what became of each.

    A period that is not over is judged at the state's instant. Amounts are those at the period's start.
    """
    zone = state.settings.company.timezone
    first = state.seen_from(parse_as_of((period.start - timedelta(days=1)).isoformat(), zone))
    over = state.start_of(period.shifted(1).start) <= state.until
    last = state.seen_from(parse_as_of(period.end.isoformat(), zone)) if over else state
    due = state.kept("due_deals", _due(first, last, period))
    row = state.measured(due, _METRICS)
    outcomes = state.measured_by(due, [DUE_DEALS, DUE_AMOUNT], "outcome")
    nothing = state.measured(due.head(0), [DUE_DEALS, DUE_AMOUNT])
    return {
        "period": period.label,
        "complete": over,
        "due_deals": row[DUE_DEALS.name],
        "due_amount": figure(DUE_AMOUNT, row, state),
        "slip_rate": _share(SLIP_RATE_BY_COUNT, row) | {"by_amount": SLIP_RATE_BY_AMOUNT.read(row)},
        "push_rate": _share(PUSH_RATE, row) | {"pushes_per_deal": PUSHES_PER_DUE_DEAL.read(row)},
        "outcomes": {
            name: {
                "meaning": meaning,
                "deals": outcomes.get(name, nothing)[DUE_DEALS.name],
                "amount": figure(DUE_AMOUNT, outcomes.get(name, nothing), state),
            }
            for name, meaning in _OUTCOMES.items()
        },
    }


def _share(ratio: Ratio, row: dict[str, Any]) -> dict[str, Any]:
    return share(row[ratio.of.name], row[ratio.per.name]) | {"variant": ratio.name, "definition": ratio.meaning}


def _due(first: State, last: State, period: Period) -> Frame:
    """The deals due, with their amounts at the start, ``due``, ``outcome`` and ``due_pushes``."""
    dated = nw.col("close_date").is_between(nw.lit(period.start), nw.lit(period.end))
    due = first.deals.filter(IS_OPEN, nw.coalesce(dated, nw.lit(False)))
    due = first.kept("due_at_start", due.select("opportunity_id", "status", "amount_minor"))
    then = last.deals.select("opportunity_id", end_status="status", end_date="close_date")
    found = due.join(then, on="opportunity_id", how="left").join(
        _pushes(first, last, due), on="opportunity_id", how="left"
    )
    after = nw.coalesce(nw.col("end_date") > nw.lit(period.end), nw.lit(False))
    still = nw.when(after).then(nw.lit("slipped")).otherwise(nw.lit("standing"))
    ended = nw.when(nw.col("end_status") == "open").then(still).otherwise(nw.col("end_status"))
    outcome = nw.coalesce(ended, nw.lit("deleted"))
    return found.with_columns(
        due=nw.lit(True), outcome=outcome, due_pushes=nw.coalesce(nw.col("due_pushes"), nw.lit(0))
    )


def _pushes(first: State, last: State, deals: Frame) -> Frame:
    """How often the close dates moved to a later day after the one instant and up to the other, while the deal was open.

    The first of a deal's states is the one at the first instant: from there on moves count.
    """
    dated = last.history.filter(~nw.col("close_date").is_null(), nw.col("valid_to") > nw.lit(first.until))
    dated = dated.join(deals.select("opportunity_id"), on="opportunity_id", how="semi")
    before = nw.col("close_date").shift(1).over("opportunity_id", order_by="valid_from")
    moved = (nw.col("close_date") > nw.col("before")) & IS_OPEN
    later = dated.with_columns(before=before).filter(moved)
    return later.group_by("opportunity_id").agg(due_pushes=nw.len())
