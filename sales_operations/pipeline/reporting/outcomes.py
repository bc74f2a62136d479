"""Why deals were won and lost: reasons, how far the lost ones came, and where they came from."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from sales_operations.metrics.conversion import CLOSED_DEALS, WIN_RATE_BY_AMOUNT, WIN_RATE_BY_COUNT
from sales_operations.metrics.deals import IS_LOST, OPEN_STAGES
from sales_operations.metrics.journeys import was_in
from sales_operations.metrics.stays import LOST_CYCLE_LENGTH_MEDIAN
from sales_operations.metrics.value import LOST_AMOUNT, LOST_DEALS, WON_AMOUNT, WON_DEALS
from sales_operations.metrics.velocity import CYCLE_LENGTH_MEDIAN
from sales_operations.pipeline.groups import head
from sales_operations.pipeline.present import figure, share, win_rate
from sales_operations.pipeline.state import State
from sales_operations.pipeline.window import WINDOW_DAYS

UNKNOWN = "unknown"
_METRICS = [
    *(CLOSED_DEALS, WON_DEALS, WON_AMOUNT, LOST_DEALS, LOST_AMOUNT, WIN_RATE_BY_AMOUNT),
    *(CYCLE_LENGTH_MEDIAN, LOST_CYCLE_LENGTH_MEDIAN),
]
_ATTRIBUTES = "Loss reason and lead source are as last recorded: their own history is not kept."


def win_loss(state: State) -> dict[str, Any]:
    """Over the deals closed in the window: the lost ones by reason and by the furthest stage they reached; sources."""
    closed = state.kept("closed_deals", _with_attributes(state))
    row = state.measured(closed, _METRICS)
    lost = row[LOST_DEALS.name]
    reasons = state.measured_by(closed.filter(IS_LOST), _METRICS, "loss_reason")
    stages = state.measured_by(closed.filter(IS_LOST), _METRICS, "furthest_stage")
    sources = state.measured_by(closed, _METRICS, "lead_source")
    told = [WIN_RATE_BY_COUNT, WIN_RATE_BY_AMOUNT, LOST_AMOUNT, CYCLE_LENGTH_MEDIAN, LOST_CYCLE_LENGTH_MEDIAN]
    return head(state, row[CLOSED_DEALS.name], told, attributes=_ATTRIBUTES) | {
        "window_days": WINDOW_DAYS,
        "won": {
            "count": row[WON_DEALS.name],
            "amount": figure(WON_AMOUNT, row, state),
            "median_days": figure(CYCLE_LENGTH_MEDIAN, row, state),
        },
        "lost": _lost(row, lost, state),
        "win_rate": win_rate(row) | {"by_amount": figure(WIN_RATE_BY_AMOUNT, row, state)},
        "loss_reasons": [
            {"reason": reason} | _lost(found, lost, state)
            for reason, found in sorted(reasons.items(), key=lambda one: (-one[1][LOST_DEALS.name], one[0]))
        ],
        "lost_after": [
            {"furthest_stage": stage} | _lost(stages[stage], lost, state)
            for stage in (*OPEN_STAGES, UNKNOWN)
            if stage in stages
        ],
        "lead_sources": [
            {
                "lead_source": source,
                "won": found[WON_DEALS.name],
                "won_amount": figure(WON_AMOUNT, found, state),
                "lost": found[LOST_DEALS.name],
                "lost_amount": figure(LOST_AMOUNT, found, state),
                "win_rate": win_rate(found),
            }
            for source, found in sorted(sources.items(), key=lambda one: (-one[1][CLOSED_DEALS.name], one[0]))
        ],
    }


def _with_attributes(state: State) -> Any:
    furthest: nw.Expr = nw.lit(UNKNOWN)
    for stage in OPEN_STAGES:
        furthest = nw.when(was_in(stage)).then(nw.lit(stage)).otherwise(furthest)
    known = state.table("m_opportunities").select("loss_reason", "lead_source", opportunity_id="id")
    closed = state.closed_within(WINDOW_DAYS).join(known, on="opportunity_id", how="left")
    return closed.with_columns(
        loss_reason=nw.coalesce(nw.col("loss_reason"), nw.lit(UNKNOWN)),
        lead_source=nw.coalesce(nw.col("lead_source"), nw.lit(UNKNOWN)),
        furthest_stage=furthest,
    )


def _lost(row: dict[str, Any], all_lost: int, state: State) -> dict[str, Any]:
    return {
        "count": row[LOST_DEALS.name],
        "amount": figure(LOST_AMOUNT, row, state),
        "share": share(row[LOST_DEALS.name], all_lost),
        "median_days": figure(LOST_CYCLE_LENGTH_MEDIAN, row, state),
    }
