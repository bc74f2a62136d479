"""What needs attention, each with severity, an explanation in numbers, a next action and the deals.

Severities: ok, warning, critical, and unknown where there is nothing to judge by.
"""

from __future__ import annotations

from typing import Any

import narwhals as nw

from sales_operations.metrics.deals import OPEN_STAGES
from sales_operations.metrics.health import (
    COVERAGE_OF_RUN_RATE,
    IDLE_DEALS,
    OVERDUE_DEALS,
    OVERDUE_SHARE,
    PUSHED_DEALS,
    STALE_DEALS,
    STALE_SHARE,
)
from sales_operations.metrics.metric import SECONDS_A_DAY, Frame
from sales_operations.metrics.value import (
    AMOUNT,
    DEALS,
    OPEN_AMOUNT,
    OPEN_AMOUNT_UNKNOWN,
    OPEN_DEALS,
    WEIGHTED_AMOUNT,
    WON_AMOUNT,
)
from sales_operations.metrics.velocity import LEFT, TIME_IN_STAGE_MEDIAN, USUAL_STAY
from sales_operations.pipeline.present import deal, figure, top_rows
from sales_operations.pipeline.reports import RUN_RATE_DAYS
from sales_operations.pipeline.state import State
from sales_operations.pipeline.warning_kinds import KINDS
from sales_operations.pipeline.watch import FEWEST, Watch

SEVERITIES = ("unknown", "ok", "warning", "critical")
LISTED = 100
"""At most this many deals are listed with a finding; its ``count`` tells how many there are."""
COVERAGE_TARGET, COVERAGE_LEAST = 3.0, 1.0
"""What is wanted, and below which it is critical: not even all deals that are counted would do."""
SHARE_WARNING, SHARE_CRITICAL = 0.2, 0.5

_RISKS = {
    kind.flag: kind for name, kind in KINDS.items() if name in ("overdue", "stalled", "pushed_again", "no_activity")
}
"""The warnings that put a deal at risk, by their flag."""


def pipeline_health(watch: Watch) -> dict[str, Any]:
    """Whether the open deals cover what is usually won, and how many are overdue or stale."""
    state = watch.state
    row = state.measured(watch.deals, [OPEN_DEALS, OPEN_AMOUNT, OPEN_AMOUNT_UNKNOWN, OVERDUE_DEALS, STALE_DEALS])
    won = state.measured(state.closed_within(RUN_RATE_DAYS), [WON_AMOUNT])
    count, unknown = row[OPEN_DEALS.name], row[OPEN_AMOUNT_UNKNOWN.name]
    measures = {
        COVERAGE_OF_RUN_RATE.name: COVERAGE_OF_RUN_RATE.read(row | won),
        OVERDUE_SHARE.name: OVERDUE_SHARE.read(row),
        STALE_SHARE.name: STALE_SHARE.read(row) if watch.has_limits else None,
    }
    coverage, overdue, stale = measures.values()
    severity = worst(
        severity_of(None if coverage is None else -coverage, -COVERAGE_TARGET, -COVERAGE_LEAST),
        severity_of(overdue, SHARE_WARNING, SHARE_CRITICAL),
        severity_of(stale, SHARE_WARNING, SHARE_CRITICAL),
    )
    explanation = (
        f"{count} open deals of {_money(figure(OPEN_AMOUNT, row, state), state)} ({unknown} without an amount) stand "
        f"against {_money(figure(WON_AMOUNT, won, state), state)} won in the last {RUN_RATE_DAYS} days: coverage "
        f"{_times(coverage)} (target {COVERAGE_TARGET:g}). {_percent(overdue)} of the open deals are overdue, "
        f"{_percent(stale).lower()} of them have been in their stage longer than nine of ten won deals were."
    )
    if coverage is not None and coverage < COVERAGE_TARGET:
        action = "Bring in new deals: the open ones will not carry the usual result."
    elif severity == "unknown":
        action = "Import deals with amounts, close dates and history; there is nothing to judge by yet."
    else:
        action = (
            "None." if severity == "ok" else "Go through the listed deals: agree on dates that hold, or close them."
        )
    troubled = watch.deals.filter(nw.col("overdue") | nw.col("stale"))
    return _finding(state, severity, explanation, action, troubled) | {"measures": measures}


def stage_bottlenecks(watch: Watch) -> dict[str, Any]:
    """Stages whose open deals, by the median, have been there longer than three quarters of earlier deals were."""
    state = watch.state
    now = state.measured_by(state.open, [OPEN_DEALS, TIME_IN_STAGE_MEDIAN], "stage")
    past = state.measured(state.journeyed, [*LEFT.values(), *USUAL_STAY.values()])
    stages = []
    for stage in OPEN_STAGES:
        n = past[LEFT[stage].name]
        usual = USUAL_STAY[stage].read(past) if n >= FEWEST else None
        median = TIME_IN_STAGE_MEDIAN.read(now[stage]) if stage in now else None
        stages.append(
            {
                "stage": stage,
                "open_deals": now[stage][OPEN_DEALS.name] if stage in now else 0,
                "median_days": median,
                "usual_days_p75": usual,
                "n": n,
                "bottleneck": None if usual is None or median is None else median > usual,
            }
        )
    stuck = [entry for entry in stages if entry["bottleneck"]]
    sentences = [
        f"{entry['stage']}: its {entry['open_deals']} open deals have been there {entry['median_days']:.1f} days "
        f"(median); three quarters of the {entry['n']} deals that left it took at most {entry['usual_days_p75']:.1f}."
        for entry in stuck
    ]
    known = any(entry["bottleneck"] is not None for entry in stages)
    severity = "warning" if stuck else "ok" if known else "unknown"
    nothing = (
        "No stage holds its open deals longer than usual." if known else "Too few deals have left a stage to compare."
    )
    limit: nw.Expr = nw.lit(None, nw.Float64)
    for entry in stuck:
        seconds = nw.lit(entry["usual_days_p75"] * SECONDS_A_DAY)
        limit = nw.when(nw.col("stage") == entry["stage"]).then(seconds).otherwise(limit)
    slow = nw.col("seconds_in_stage") > limit
    action = "Review the listed deals of these stages first." if stuck else "None."
    return _finding(state, severity, " ".join(sentences) or nothing, action, state.open.filter(slow)) | {
        "stages": stages
    }


def at_risk_deals(watch: Watch) -> dict[str, Any]:
    """Open deals that are overdue, too long in stage, pushed again and again, or without activity; and what to do."""
    state = watch.state
    risky = watch.deals.filter(nw.col("overdue") | nw.col("stale") | nw.col("pushed") | nw.col("idle"))
    all_open = state.measured(state.open, [OPEN_DEALS])[OPEN_DEALS.name]
    kinds = {
        "overdue": OVERDUE_DEALS,
        "too long in their stage": STALE_DEALS,
        "pushed": PUSHED_DEALS,
        "idle": IDLE_DEALS,
    }
    row = state.measured(risky, [DEALS, AMOUNT, WEIGHTED_AMOUNT, *kinds.values()])
    part = row[DEALS.name] / all_open if all_open else None
    severity = "ok" if part == 0 else severity_of(part, 0.0, SHARE_CRITICAL)
    explanation = (
        f"{row[DEALS.name]} of {all_open} open deals are at risk, worth {_money(figure(AMOUNT, row, state), state)}, "
        f"weighted {_money(figure(WEIGHTED_AMOUNT, row, state), state)}: "
        f"{', '.join(f'{row[metric.name]} {kind}' for kind, metric in kinds.items())}."
    )
    action = "Go through the list from the top; each deal names its own next action." if row[DEALS.name] else "None."
    deals = []
    for entry in top_rows(state, risky, LISTED):
        reasons = _reasons(entry, watch)
        deals.append(deal(entry, state) | {"reasons": reasons, "next_action": _RISKS[reasons[0]["reason"]].action})
    return {
        "severity": severity,
        "explanation": explanation,
        "next_action": action,
        "count": row[DEALS.name],
        "amount": figure(AMOUNT, row, state),
        "weighted_amount": figure(WEIGHTED_AMOUNT, row, state),
        "deals": deals,
        "thresholds": {
            "days_in_stage": watch.limits,
            "pushes": watch.thresholds.pushes,
            "idle_days": watch.thresholds.idle_days if watch.has_activities else None,
        },
    }


def _reasons(row: dict[str, Any], watch: Watch) -> list[dict[str, str]]:
    return [{"reason": flag, "explanation": kind.why(row, watch)} for flag, kind in _RISKS.items() if row[flag]]


def _finding(state: State, severity: str, explanation: str, action: str, deals: Frame) -> dict[str, Any]:
    return {
        "severity": severity,
        "explanation": explanation,
        "next_action": action,
        "count": state.measured(deals, [DEALS])[DEALS.name],
        "deals": [deal(row, state) for row in top_rows(state, deals, LISTED)],
    }


def severity_of(value: float | None, warning: float, critical: float) -> str:
    """``unknown`` for None, else ``critical`` or ``warning`` for a value above the bound of that name, else ``ok``."""
    if value is None:
        return "unknown"
    return "critical" if value > critical else "warning" if value > warning else "ok"


def worst(*severities: str) -> str:
    """The one that asks for most attention; ``unknown`` for none."""
    return max(severities, key=SEVERITIES.index, default="unknown")


def _money(value: Any, state: State) -> str:
    return f"{value:,.2f} {state.settings.company.currency}"


def _times(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1f}"


def _percent(value: float | None) -> str:
    return "An unknown share" if value is None else f"{value:.0%}"
