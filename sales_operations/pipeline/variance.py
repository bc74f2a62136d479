"""How far kept forecasts were off: those of periods that are over, and where those of the present periods have gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw

from sales_operations.domain.money import to_major, written
from sales_operations.metrics.forecast_drift import Alarm, alarms
from sales_operations.metrics.forecast_record import Kept, Record, comparable, judged, leading, records
from sales_operations.pipeline.findings import severity_of, worst
from sales_operations.pipeline.state import State
from sales_operations.store import forecasts
from sales_operations.workspace import Workspace

LEAST = 3
"""Periods that are over, below which nothing is said of accuracy."""
CRITICAL_TIMES = 2.5
"""An error of more than so many times what the target of accuracy leaves is critical."""

Result = dict[str, Any]


def kept_until(workspace: Workspace, state: State) -> list[Kept]:
    """The forecasts of the company's periods that had been made at the instant of a state and were known to it."""
    until, company = min(one.micros for one in (state.at, state.known_at) if one is not None), state.settings.company
    with workspace.reading() as connection:
        return comparable(forecasts.made_until(connection, until, company.currency), company.fiscal_year_start)


def forecast_variance(state: State, kept: Sequence[Kept]) -> Result:
    """Forecasts against what was won, and how the present ones moved.

    ``accuracy``: the record of each kind of period at its start and in its middle; ``closed``: the forecasts that it is of;
    ``drift``: what chance does not explain; ``current``: the first and the latest forecast of each period that runs.
    ``status``: ``no_forecasts_stored``, ``no_period_over`` or ``measured``. No deal is listed.
    """
    made = leading(kept)
    found = record_of(state, made)
    off = alarms(found)
    first_month = state.settings.company.fiscal_year_start
    moved = [_moved(those, first_month) for those in _current(state, made)]
    target = state.settings.pipeline_management.kpi_targets.forecast_accuracy
    enough = [one for one in found if len(one.judged) >= LEAST]
    errors = [severity_of(one.wape, 1 - target, CRITICAL_TIMES * (1 - target)) for one in enough]
    drifts = ["warning" if off else "ok"] if enough else []
    ways = ["warning" if one["outside_80"] else "ok" for one in moved if one["first"] != one["latest"]]
    told = [*map(_accuracy_told, enough), *(alarm.says for alarm in off), *(_move_told(one, state) for one in moved)]
    if not made:
        told = ["No forecast is stored, so none can be compared with what was won since."]
    elif not enough:
        told.insert(0, f"Fewer than {LEAST} periods with a forecast from their start or middle are over.")
    return {
        "status": "measured" if found else "no_period_over" if made else "no_forecasts_stored",
        "severity": worst(*errors, *drifts, *ways),
        "explanation": " ".join(told),
        "next_action": _action(worst(*errors), off, any(one["outside_80"] for one in moved)),
        "deals": [],
        "count": 0,
        "accuracy": [one.shown() for one in found],
        "drift": [alarm.shown() for alarm in off],
        "closed": [one.shown(first_month) | {"point": record.point} for record in found for one in record.judged],
        "current": moved,
    }


def drifting(state: State, kept: Sequence[Kept]) -> dict[str, str]:
    """Kind of period to what its forecasts do that chance does not explain."""
    told: dict[str, list[str]] = {}
    for alarm in alarms(record_of(state, leading(kept))):
        told.setdefault(alarm.record.period, []).append(alarm.says)
    return {period: " ".join(says) for period, says in told.items()}


def record_of(state: State, made: Sequence[Kept]) -> list[Record]:
    """What came of the forecasts of periods that were over at a state."""
    over = {one.of for one in made if one.period_end < state.at.day}
    intervals = nw.to_native(state.intervals).sql_query()
    won = forecasts.won_in(state.db, over, state.settings.company.timezone, intervals)
    return records(judged(made, won))


def _current(state: State, made: Sequence[Kept]) -> list[list[Kept]]:
    """The forecasts of each period that runs, by method, in the order in which they were made."""
    running: dict[tuple[str, str], list[Kept]] = {}
    for one in made:
        if one.period_start <= state.at.day <= one.period_end:
            running.setdefault((one.method, one.period), []).append(one)
    return list(running.values())


def _moved(those: Sequence[Kept], fiscal_year_start: int) -> Result:
    first, latest = those[0], those[-1]
    return {
        "method": first.method,
        "period": first.label(fiscal_year_start),
        "first": {"as_of": first.as_of.isoformat(), "total": to_major(first.total, first.currency)},
        "latest": {"as_of": latest.as_of.isoformat(), "total": to_major(latest.total, latest.currency)},
        "moved": to_major(latest.total - first.total, first.currency),
        "moved_share": (latest.total - first.total) / first.total if first.total else None,
        "outside_80": not first.p10 <= latest.total <= first.p90,
    }


def _accuracy_told(one: Record) -> str:
    if one.wape is None or one.bias is None:
        return f"In the {len(one.judged)} periods of a {one.period} that are over nothing was won."
    side = "high" if one.bias > 0 else "low"
    return (
        f"The last {len(one.judged)} {one.method} forecasts of a {one.period}, made {one.where}, were off by {one.wape:.0%} of "
        f"what was won, in sum {abs(one.bias):.0%} too {side}; {one.in_80} of {len(one.judged)} lay within their 80 % interval."
    )


def _move_told(one: Result, state: State) -> str:
    currency = state.settings.company.currency
    first, latest = one["first"], one["latest"]
    if first == latest:
        return f"{one['period']} was forecast at {written(latest['total'], currency)} on {latest['as_of']}."
    way = ", out of the range that it gave then" if one["outside_80"] else ""
    return (
        f"The {one['method']} forecast of {one['period']} went from {written(first['total'], currency)} ({first['as_of']}) to "
        f"{written(latest['total'], currency)} ({latest['as_of']}){way}."
    )


def _action(errors: str, off: Sequence[Alarm], moved: bool) -> str:
    if off:
        return "Find out what is different from the past, and see which method holds: sales-operations backtest."
    if errors in ("warning", "critical"):
        return "See which method does better here: sales-operations backtest."
    return "See what changed the forecast: sales-operations changes." if moved else "None."
