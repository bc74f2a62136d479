"""The four reports. Each says as of when, by which definitions, and over how many deals."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from sales_operations.domain.periods import Period
from sales_operations.domain.stages import STAGE_NAMES
from sales_operations.metrics.conversion import ADVANCED, CLOSED_DEALS, CONVERSION_ANY_STAGE, ENTERED
from sales_operations.metrics.deals import OPEN_STAGES
from sales_operations.metrics.health import COVERAGE_OF_RUN_RATE, OVERDUE_DEALS
from sales_operations.metrics.value import (
    AMOUNT,
    DEAL_SIZE,
    DEALS,
    LOST_AMOUNT,
    LOST_DEALS,
    OPEN_AMOUNT,
    OPEN_AMOUNT_UNKNOWN,
    OPEN_DEALS,
    OPEN_WEIGHTED,
    WEIGHTED_AMOUNT,
    WON_AMOUNT,
    WON_DEALS,
)
from sales_operations.metrics.velocity import TIME_IN_STAGE, TIME_IN_STAGE_MEDIAN
from sales_operations.pipeline.groups import by_month, group, head, last_months, worth
from sales_operations.pipeline.present import deal, figure, share, top_rows, win_rate
from sales_operations.pipeline.state import State
from sales_operations.pipeline.window import WINDOW_DAYS

RUN_RATE_DAYS = 90
TOP_DEALS = 5
_WINDOW = f"closed in the {WINDOW_DAYS} days up to as_of"


def pipeline_summary(state: State) -> dict[str, Any]:
    """The open pipeline, what closed this quarter and last, what came in this month, and the five biggest deals."""
    quarter, month = state.period("quarter"), state.period("month")
    row = state.measured(state.open, [OPEN_DEALS, OPEN_AMOUNT, OPEN_WEIGHTED, OPEN_AMOUNT_UNKNOWN, OVERDUE_DEALS])
    run_rate = state.measured(state.closed_within(RUN_RATE_DAYS), [WON_AMOUNT])
    begun = nw.col("opened_at") >= nw.lit(state.start_of(month.start))
    due = nw.col("close_date").is_between(nw.lit(quarter.start), nw.lit(quarter.end))
    return head(state, row[OPEN_DEALS.name], [OPEN_AMOUNT, OPEN_WEIGHTED, COVERAGE_OF_RUN_RATE, OVERDUE_DEALS]) | {
        "open_opportunities": figure(OPEN_DEALS, row, state),
        "open_pipeline_value": figure(OPEN_AMOUNT, row, state),
        "open_weighted_value": figure(OPEN_WEIGHTED, row, state),
        "amount_unknown": figure(OPEN_AMOUNT_UNKNOWN, row, state),
        "this_quarter": _closed_in(state, quarter),
        "last_quarter": _closed_in(state, quarter.shifted(-1)),
        "created_this_month": {"period": month.label} | worth(state, state.journeyed.filter(begun)),
        "due_this_quarter": {"period": quarter.label} | worth(state, state.open.filter(due)),
        "overdue_opportunities": figure(OVERDUE_DEALS, row, state),
        "coverage": {
            "value": figure(COVERAGE_OF_RUN_RATE, row | run_rate, state),
            "variant": COVERAGE_OF_RUN_RATE.name,
            "won_amount": figure(WON_AMOUNT, run_rate, state),
            "days": RUN_RATE_DAYS,
        },
        "top_deals": [deal(row, state) for row in top_rows(state, state.open, TOP_DEALS)],
    }


def stage_report(state: State) -> dict[str, Any]:
    """For each stage: the deals there, how long the open ones have been there, and what share of deals went beyond."""
    metrics = [DEALS, AMOUNT, WEIGHTED_AMOUNT, TIME_IN_STAGE, TIME_IN_STAGE_MEDIAN]
    now = state.measured_by(state.journeyed, metrics, "stage")
    nothing = state.measured(state.journeyed.head(0), metrics)
    moved = state.measured(state.closed_within(WINDOW_DAYS), [*ENTERED.values(), *ADVANCED.values()])
    stages = []
    for stage in STAGE_NAMES:
        row = now.get(stage, nothing)
        entry = {"stage": stage} | group(state, row)
        if stage in OPEN_STAGES:
            entry |= {
                "mean_days_in_stage": figure(TIME_IN_STAGE, row, state),
                "median_days_in_stage": figure(TIME_IN_STAGE_MEDIAN, row, state),
                "moved_on": share(moved[ADVANCED[stage].name], moved[ENTERED[stage].name])
                | {"variant": "any_stage", "window": _WINDOW},
            }
        stages.append(entry)
    deals = sum(row[DEALS.name] for row in now.values())
    return head(state, deals, [WEIGHTED_AMOUNT, TIME_IN_STAGE, *CONVERSION_ANY_STAGE.values()]) | {"stages": stages}


def sales_rep_report(state: State) -> dict[str, Any]:
    """For each sales rep: the open pipeline, what was won this quarter, win rate, deal size, last activity."""
    quarter = state.period("quarter")
    everyone = state.measured_by(state.journeyed, [DEALS, OPEN_DEALS, OPEN_AMOUNT, OPEN_WEIGHTED], "sales_rep")
    window = [WON_DEALS, WON_AMOUNT, CLOSED_DEALS, DEAL_SIZE]
    closed = state.measured_by(state.closed_within(WINDOW_DAYS), window, "sales_rep")
    won = state.measured_by(state.closed_since(state.start_of(quarter.start)), [WON_DEALS, WON_AMOUNT], "sales_rep")
    nothing = state.measured(state.journeyed.head(0), window)
    active = _last_activity(state)
    reps = [
        {
            "sales_rep": rep,
            "open_opportunities": figure(OPEN_DEALS, row, state),
            "open_pipeline_value": figure(OPEN_AMOUNT, row, state),
            "open_weighted_value": figure(OPEN_WEIGHTED, row, state),
            "won_this_quarter": _won(state, won.get(rep, nothing)) | {"period": quarter.label},
            "win_rate": win_rate(closed.get(rep, nothing)) | {"window": _WINDOW},
            "deal_size_mean": figure(DEAL_SIZE, closed.get(rep, nothing), state),
            "last_activity_at": active.get(rep),
        }
        for rep, row in sorted(everyone.items())
    ]
    deals = sum(row[DEALS.name] for row in everyone.values())
    return head(state, deals, [OPEN_AMOUNT, OPEN_WEIGHTED, DEAL_SIZE]) | {"sales_reps": reps}


def trend_report(state: State) -> dict[str, Any]:
    """For each of the last twelve months, the present one up to the instant: created, won, lost, win rate."""
    months = last_months(state)
    created = state.measured_by(by_month(state, state.journeyed, "opened_at", months), [DEALS, AMOUNT], "month")
    closed_metrics = [WON_DEALS, WON_AMOUNT, LOST_DEALS, LOST_AMOUNT, CLOSED_DEALS]
    closed = state.measured_by(by_month(state, state.journeyed, "closed_at", months), closed_metrics, "month")
    nothing = state.measured(state.journeyed.head(0), [DEALS, AMOUNT, *closed_metrics])
    entries = [
        {
            "month": month.label,
            "created": created.get(index, nothing)[DEALS.name],
            "created_amount": figure(AMOUNT, created.get(index, nothing), state),
            "won": closed.get(index, nothing)[WON_DEALS.name],
            "won_amount": figure(WON_AMOUNT, closed.get(index, nothing), state),
            "lost": closed.get(index, nothing)[LOST_DEALS.name],
            "lost_amount": figure(LOST_AMOUNT, closed.get(index, nothing), state),
            "win_rate": win_rate(closed.get(index, nothing)),
            "complete": month != months[-1],
        }
        for index, month in enumerate(months)
    ]
    deals = sum(entry["created"] for entry in entries)
    return head(state, deals, [WON_DEALS, LOST_DEALS]) | {"months": entries}


def _won(state: State, row: dict[str, Any]) -> dict[str, Any]:
    return {"count": row[WON_DEALS.name], "amount": figure(WON_AMOUNT, row, state)}


def _closed_in(state: State, period: Period) -> dict[str, Any]:
    start, after = state.start_of(period.start), state.start_of(period.shifted(1).start)
    deals = state.closed_since(start, after if after <= state.until else None)
    row = state.measured(deals, [WON_DEALS, WON_AMOUNT, LOST_DEALS, LOST_AMOUNT])
    lost = {"count": row[LOST_DEALS.name], "amount": figure(LOST_AMOUNT, row, state)}
    return {"period": period.label, "won": _won(state, row), "lost": lost}


def _last_activity(state: State) -> dict[str, str]:
    done = state.table("activities").filter(nw.col("occurred_at") <= nw.lit(state.until))
    reps = state.table("users").select("sales_rep", owner_id="user_id")
    latest = done.join(reps, on="owner_id").group_by("sales_rep").agg(last=nw.col("occurred_at").max())
    return {row["sales_rep"]: f"{row['last'].isoformat()}+00:00" for row in state.rows(latest)}
