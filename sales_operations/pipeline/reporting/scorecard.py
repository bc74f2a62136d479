"""The rep scorecard: each rep's results, pipeline, quota and habits on one line."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import narwhals as nw

from sales_operations.metrics.attainment import QUOTA_ATTAINMENT
from sales_operations.metrics.conversion import CLOSED_DEALS, WIN_RATE_BY_COUNT
from sales_operations.metrics.health import IDLE_DEALS, OVERDUE_DEALS, PUSHED_DEALS, STALE_DEALS
from sales_operations.metrics.metric import Frame, Metric, Row
from sales_operations.metrics.value import (
    DEAL_SIZE,
    DEALS,
    OPEN_AMOUNT,
    OPEN_DEALS,
    OPEN_WEIGHTED,
    WON_AMOUNT,
    WON_DEALS,
)
from sales_operations.metrics.velocity import CYCLE_LENGTH
from sales_operations.pipeline.groups import head
from sales_operations.pipeline.present import figure, win_rate
from sales_operations.pipeline.reporting.activity import DAYS, done_activities
from sales_operations.pipeline.reporting.quotas import Quotas
from sales_operations.pipeline.state import State
from sales_operations.pipeline.watch import Watch
from sales_operations.pipeline.window import WINDOW_DAYS

_CLOSED = [WON_DEALS, WON_AMOUNT, CLOSED_DEALS, DEAL_SIZE, CYCLE_LENGTH]
_NOW = [OPEN_DEALS, OPEN_AMOUNT, OPEN_WEIGHTED, OVERDUE_DEALS, STALE_DEALS, PUSHED_DEALS, IDLE_DEALS]


def rep_scorecard(state: State) -> dict[str, Any]:
    """For each rep, the one with the most won first: results of the window, quota of the quarter, open deals, activities.

    ``stale_deals`` is None where too few deals were won to say what is usual, ``idle_deals`` and ``activities`` where no
    activity is recorded.
    """
    watch = Watch(state)
    quotas = Quotas(state, state.period("quarter"))
    attained = {rep: figure(QUOTA_ATTAINMENT, row, state) for rep, row in quotas.rows("sales_rep", quotas.reps).items()}
    closed = state.measured_by(state.closed_within(WINDOW_DAYS), _CLOSED, "sales_rep")
    now = state.measured_by(watch.deals, _NOW, "sales_rep")
    created = state.measured_by(_opened(state), [DEALS], "sales_rep")
    nothing = state.measured(watch.deals.head(0), [*_CLOSED, *_NOW, DEALS])
    done = done_activities(state, DAYS).group_by("sales_rep").agg(n=nw.len())
    active = {row["sales_rep"]: row["n"] for row in state.rows(done)}
    reps = []
    for rep in closed.keys() | now.keys() | created.keys():
        row = nothing | closed.get(rep, {}) | now.get(rep, {}) | created.get(rep, {})

        def told(metric: Metric, row: Row = row) -> Any:
            return figure(metric, row, state)

        reps.append(
            {
                "sales_rep": rep,
                "won": told(WON_DEALS),
                "won_amount": told(WON_AMOUNT),
                "win_rate": win_rate(row),
                "deal_size_mean": told(DEAL_SIZE),
                "cycle_days_mean": told(CYCLE_LENGTH),
                "created": told(DEALS),
                "quota_attainment": attained.get(rep),
                "open_deals": told(OPEN_DEALS),
                "open_amount": told(OPEN_AMOUNT),
                "open_weighted": told(OPEN_WEIGHTED),
                "overdue_deals": told(OVERDUE_DEALS),
                "stale_deals": told(STALE_DEALS) if watch.has_limits else None,
                "pushed_deals": told(PUSHED_DEALS),
                "idle_deals": told(IDLE_DEALS) if watch.has_activities else None,
                "activities": active.get(rep, 0) if watch.has_activities else None,
            }
        )
    reps.sort(key=lambda entry: (-entry["won_amount"], entry["sales_rep"]))
    defined: list[Metric] = [WON_AMOUNT, WIN_RATE_BY_COUNT, DEAL_SIZE, CYCLE_LENGTH, QUOTA_ATTAINMENT, *_NOW]
    deals = sum(entry["open_deals"] for entry in reps)
    return head(state, deals, defined) | {
        "window_days": WINDOW_DAYS,
        "activity_days": DAYS,
        "quarter": quotas.period.label,
        "sales_reps": reps,
    }


def _opened(state: State) -> Frame:
    return state.journeyed.filter(nw.col("opened_at") > nw.lit(state.until - timedelta(days=WINDOW_DAYS)))
