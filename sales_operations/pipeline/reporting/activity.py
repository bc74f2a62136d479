"""What was done for the deals: activities by rep and type, and the open deals that nobody looked after."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import narwhals as nw

from sales_operations.domain.activities import NOT_DONE
from sales_operations.metrics.health import IDLE_DEALS
from sales_operations.metrics.metric import Frame
from sales_operations.metrics.value import OPEN_DEALS
from sales_operations.pipeline.groups import head
from sales_operations.pipeline.present import figure
from sales_operations.pipeline.state import UNASSIGNED, State
from sales_operations.pipeline.watch import Watch

DAYS = 30
"""Days up to the instant whose activities are counted, and compared with as many before."""
_BOTH = ("sales_rep", "activity_type")
_DEAL = ["sales_rep", "opportunity_id"]
_COUNTED = "Activities that took place (not planned, not cancelled), by their own time, of the rep who owns them."


def activity(state: State) -> dict[str, Any]:
    """Activities of the last 30 days by rep and type, with those of the 30 days before, and idle open deals by rep.

    ``idle`` is None where no activity with a deal is recorded at all.
    """
    watch = Watch(state)
    done = state.kept("done_activities", done_activities(state, 2 * DAYS))
    now = done.filter(nw.col("occurred_at") > nw.lit(state.until - timedelta(days=DAYS)))
    earlier = done.join(now.select("activity_id"), on="activity_id", how="anti")
    kinds, before = _counts(state, now, "activity_type"), _counts(state, earlier, "activity_type")
    counts, counts_before = _counts(state, now, "sales_rep"), _counts(state, earlier, "sales_rep")
    by_kind = {(row["sales_rep"], row["activity_type"]): row["n"] for row in state.rows(_number(now, *_BOTH))}
    touched = _counts(state, now.filter(~nw.col("opportunity_id").is_null()).unique(_DEAL), "sales_rep")
    latest = now.group_by("sales_rep").agg(last=nw.col("occurred_at").max())
    last = {row["sales_rep"]: f"{row['last'].isoformat()}+00:00" for row in state.rows(latest)}
    open_deals = state.measured_by(watch.deals, [OPEN_DEALS, IDLE_DEALS], "sales_rep")
    nothing = state.measured(watch.deals.head(0), [OPEN_DEALS, IDLE_DEALS])
    types = sorted(set(kinds) | set(before))
    entries = []
    for rep in sorted(counts.keys() | counts_before.keys() | open_deals.keys()):
        deals = open_deals.get(rep, nothing)
        entries.append(
            {
                "sales_rep": rep,
                "activities": counts.get(rep, 0),
                "activities_before": counts_before.get(rep, 0),
                "by_type": {kind: by_kind.get((rep, kind), 0) for kind in types},
                "deals_touched": touched.get(rep, 0),
                "open_deals": figure(OPEN_DEALS, deals, state),
                "idle_deals": figure(IDLE_DEALS, deals, state) if watch.has_activities else None,
                "last_activity_at": last.get(rep),
            }
        )
    counted = sum(row["open_deals"] for row in open_deals.values())
    return head(state, counted, [OPEN_DEALS, IDLE_DEALS], activities=_COUNTED) | {
        "window_days": DAYS,
        "activities": sum(kinds.values()),
        "activities_before": sum(before.values()),
        "types": [
            {"activity_type": kind, "activities": kinds.get(kind, 0), "activities_before": before.get(kind, 0)}
            for kind in types
        ],
        "sales_reps": entries,
    }


def done_activities(state: State, days: int) -> Frame:
    """The activities that took place in the last ``days``, with the owner as ``sales_rep``."""
    at = nw.col("occurred_at")
    here = (at > nw.lit(state.until - timedelta(days=days))) & (at <= nw.lit(state.until))
    took_place = ~nw.coalesce(nw.col("status").str.to_lowercase().is_in(NOT_DONE), nw.lit(False))
    reps = state.table("users").select("sales_rep", owner_id="user_id")
    return (
        state.table("activities")
        .filter(here, took_place)
        .join(reps, on="owner_id", how="left")
        .select(
            *("activity_id", "opportunity_id", "occurred_at"),
            activity_type=nw.coalesce(nw.col("activity_type"), nw.lit("unknown")),
            sales_rep=nw.coalesce(nw.col("sales_rep"), nw.lit(UNASSIGNED)),
        )
    )


def _number(done: Frame, *keys: str) -> Frame:
    return done.group_by(*keys).agg(n=nw.len())


def _counts(state: State, done: Frame, key: str) -> dict[str, int]:
    return {row[key]: row["n"] for row in state.rows(_number(done, key))}
