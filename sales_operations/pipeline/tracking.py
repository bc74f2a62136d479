"""The state of the pipeline in figures: totals, and the same by stage, sales rep and month of the close date."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from sales_operations.domain.stages import STAGE_NAMES
from sales_operations.metrics.deals import OPEN_STAGES
from sales_operations.metrics.metric import Row
from sales_operations.metrics.value import AMOUNT, AMOUNT_UNKNOWN, DEALS, WEIGHTED_AMOUNT
from sales_operations.pipeline.dimensions import UNKNOWN, grouped
from sales_operations.pipeline.present import figure
from sales_operations.pipeline.state import UNASSIGNED, State

_METRICS = (DEALS, AMOUNT, WEIGHTED_AMOUNT, AMOUNT_UNKNOWN)
_KEYS = {"by_stage": "stage", "by_sales_rep": "sales_rep", "by_month": "close_month"}
_RECORDED = ("lead_source", "product", "segment")
_FURTHER = {f"by_{name}": name for name in ("team", "pipeline", *_RECORDED)}


def track(state: State) -> dict[str, Any]:
    """The tracking result: every deal that the store lists, closed ones included, and beside them the open ones.

    Holds the keys that ``pipeline_management.tracking.metrics`` lists; the open ones, as of when, when and in what
    currency stand there always.
    """
    wanted = state.settings.pipeline_management.tracking.metrics
    keys = ["stage"] + [key for name, key in (_KEYS | _FURTHER).items() if name in wanted and key != "stage"]
    groups = _grouped(state, keys)
    stages = {stage: groups["stage"].get(stage) or dict.fromkeys(_names(), 0) for stage in STAGE_NAMES}
    total = _added(list(stages.values()))
    opened = _added([stages[stage] for stage in OPEN_STAGES])
    made: dict[str, Any] = {
        "total_opportunities": figure(DEALS, total, state),
        "total_pipeline_value": figure(AMOUNT, total, state),
        "weighted_pipeline_value": figure(WEIGHTED_AMOUNT, total, state),
        "by_stage": {stage: _shown(row, state) for stage, row in stages.items()},
        "by_sales_rep": _by_label(groups.get("sales_rep", {}), UNASSIGNED, state),
        "by_month": _by_month(groups.get("close_month", {}), state),
    } | {name: _by_label(groups.get(key, {}), UNKNOWN, state) for name, key in _FURTHER.items()}
    return {name: value for name, value in made.items() if name in wanted} | {
        "open_opportunities": figure(DEALS, opened, state),
        "open_pipeline_value": figure(AMOUNT, opened, state),
        "open_weighted_value": figure(WEIGHTED_AMOUNT, opened, state),
        "amount_unknown": figure(AMOUNT_UNKNOWN, total, state),
        "currency": state.settings.company.currency,
        **state.seen,
        "tracked_at": state.made_at,
    }


def _names() -> list[str]:
    return [metric.name for metric in _METRICS]


def _grouped(state: State, keys: list[str]) -> dict[str, dict[Any, dict[str, int]]]:
    """Column to its values to the sums of the metrics: all groupings in one pass over the deals.

    The passes are what costs; DuckDB can share one, Narwhals has no word for it, so the sums are written here.
    """
    contributions = [metric.per_deal.alias(metric.name) for metric in _METRICS]
    recorded = [key for key in keys if key in _RECORDED]
    told = state.deals.select("opportunity_id", *(key for key in keys if key not in recorded), *contributions)
    for name in recorded:
        told = grouped(state, told, name).rename({"group": name})
    deals = nw.to_native(told).sql_query()
    columns, sets = ", ".join(keys), ", ".join(f"({key})" for key in keys)
    sums = ", ".join(f"sum({name})" for name in _names())
    found = state.db.execute(
        f"SELECT grouping({columns}), {columns}, {sums} FROM ({deals}) GROUP BY GROUPING SETS ({sets})"
    )
    # grouping() sets a bit, the first column's the highest, for each column that is not grouped by.
    everything = 2 ** len(keys) - 1
    place = {everything - 2 ** (len(keys) - 1 - index): index for index in range(len(keys))}
    groups: dict[str, dict[Any, dict[str, int]]] = {key: {} for key in keys}
    for which, *values in found.fetchall():
        index = place[which]
        groups[keys[index]][values[index]] = {
            name: value or 0 for name, value in zip(_names(), values[len(keys) :], strict=True)
        }
    return groups


def _added(rows: list[dict[str, int]]) -> dict[str, int]:
    return {name: sum(row[name] for row in rows) for name in _names()}


def _shown(row: Row, state: State) -> dict[str, Any]:
    return {
        "count": figure(DEALS, row, state),
        "amount": figure(AMOUNT, row, state),
        "weighted_amount": figure(WEIGHTED_AMOUNT, row, state),
    }


def _by_label(groups: dict[str | None, dict[str, int]], nobody: str, state: State) -> dict[str, Any]:
    named: dict[str, list[dict[str, int]]] = {}
    for label, row in groups.items():
        named.setdefault(label or nobody, []).append(row)
    return {label: _shown(_added(named[label]), state) for label in sorted(named)}


def _by_month(groups: dict[int | None, dict[str, int]], state: State) -> dict[str, Any]:
    known = sorted(month for month in groups if month is not None)
    months = {f"{month // 12:04}-{month % 12 + 1:02}": _shown(groups[month], state) for month in known}
    return months | ({"unknown": _shown(groups[None], state)} if None in groups else {})
