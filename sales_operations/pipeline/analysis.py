"""How deals move: conversion, velocity, deal size, win rate, over the deals closed in a window; as a whole or by group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from sales_operations.domain.periods import Period
from sales_operations.metrics.conversion import (
    ADVANCED,
    CLOSED_DEALS,
    ENTERED,
    WIN_RATE_BY_AMOUNT,
    WIN_RATE_BY_COUNT,
)
from sales_operations.metrics.deals import IS_OPEN, OPEN_STAGES, whole
from sales_operations.metrics.metric import Frame, Row, Unit
from sales_operations.metrics.value import DEAL_SIZE, DEAL_SIZE_MEDIAN, OPEN_DEALS, SIZED_WON_DEALS
from sales_operations.metrics.velocity import CYCLE_LENGTH, CYCLE_LENGTH_MEDIAN, TIMED_WON_DEALS, VELOCITY, WON_FROM
from sales_operations.pipeline.dimensions import MONTH, NOTES, by_month, check, grouped
from sales_operations.pipeline.present import LEVEL, figure, share, shown, win_rate
from sales_operations.pipeline.samples import METHODS, Interval, Sample, samples
from sales_operations.pipeline.state import State
from sales_operations.pipeline.window import Window, window_of

_MEASURED = (
    *(WIN_RATE_BY_COUNT, WIN_RATE_BY_AMOUNT, DEAL_SIZE, DEAL_SIZE_MEDIAN, SIZED_WON_DEALS, CYCLE_LENGTH),
    *(CYCLE_LENGTH_MEDIAN, TIMED_WON_DEALS, *ENTERED.values(), *ADVANCED.values(), *WON_FROM.values()),
)


@dataclass(frozen=True)
class Part:
    """The deals of which figures are made: their measures, and the sample behind them."""

    row: Row
    sample: Sample
    state: State


def analyze(state: State, by: str | None = None, period: Period | None = None) -> dict[str, Any]:
    """The figures that ``pipeline_management.analytics.metrics`` lists, and the window they look at.

    The deals that closed in ``period``, by default in the last year. With ``by``, one of ``dimensions.DIMENSIONS``, the
    same for each ``group``, those with the most closed deals first, or by month. Raises InvalidInput.
    """
    if by is not None:
        check(by)
    window = window_of(state, period)
    closed = window.closed(state)
    row = state.measured(closed, _MEASURED) | state.measured(_open_then(state, window), [OPEN_DEALS])
    return {
        **_figures(Part(row, samples(closed)[None], state)),
        **({} if by is None else {"by": by, "by_means": NOTES[by], "groups": _groups(state, window, closed, by)}),
        "window": window.shown(state, row[CLOSED_DEALS.name]),
        "intervals": {"level": LEVEL, "share": "Wilson", **METHODS},
        "currency": state.settings.company.currency,
        **state.seen,
        "analyzed_at": state.made_at,
    }


def _figures(part: Part) -> dict[str, Any]:
    wanted = part.state.settings.pipeline_management.analytics.metrics
    return {name: make(part) for name, make in _ANALYSES.items() if name in wanted}


def _groups(state: State, window: Window, closed: Frame, by: str) -> list[dict[str, Any]]:
    if by == MONTH:
        months = window.months(state)
        whole = Window(months[0][1].start, window.end, window.period)
        named = state.kept("analyzed_groups", by_month(whole.closed(state), months))
        opened = _open_by_month(state, months)
    else:
        named = state.kept("analyzed_groups", grouped(state, closed, by))
        still = grouped(state, _open_then(state, window), by)
        opened = state.measured_by(still, [OPEN_DEALS], "group")
    rows, drawn = state.measured_by(named, _MEASURED, "group"), samples(named, "group")
    nothing, nobody = state.measured(named.head(0), _MEASURED), samples(named.head(0))[None]
    found = []
    for group in {**opened, **rows}:
        row = rows.get(group, nothing) | opened.get(group, {OPEN_DEALS.name: 0})
        part = Part(row, drawn.get(group, nobody), state)
        found.append({"group": group, "closed_deals": row[CLOSED_DEALS.name], **_figures(part)})
    if by == MONTH:
        return sorted(found, key=lambda one: str(one["group"]))
    return sorted(found, key=lambda one: (-one["closed_deals"], one["group"]))


def _open_then(state: State, window: Window) -> Frame:
    """The deals that were open just before the end of a window."""
    return state.open if window.end > state.until else _ever_open(state).filter(_holds_at_end(window))


def _open_by_month(state: State, months: list[tuple[Period, Window]]) -> dict[str, dict[str, int]]:
    """How many deals were open just before the end of each month, in one pass."""
    ends = [whole(_holds_at_end(window)).sum().alias(month.label) for month, window in months]
    (found,) = state.rows(_ever_open(state).select(*ends))
    return {label: {OPEN_DEALS.name: count or 0} for label, count in found.items()}


def _ever_open(state: State) -> Frame:
    """The states in which deals were open, but those of deals that are deleted by now."""
    return state.history.filter(IS_OPEN).join(state.deals.select("opportunity_id"), on="opportunity_id", how="semi")


def _holds_at_end(window: Window) -> nw.Expr:
    return (nw.col("valid_from") < nw.lit(window.end)) & (nw.col("valid_to") >= nw.lit(window.end))


def _spread(interval: Interval, unit: Unit, state: State, prefix: str = "") -> dict[str, Any]:
    low, high = interval or (None, None)
    currency = state.settings.company.currency
    return {f"{prefix}low": shown(low, unit, currency), f"{prefix}high": shown(high, unit, currency)}


def _conversion_rate(part: Part) -> dict[str, Any]:
    """From each open stage onward; the value at the head is from the first stage that was seen to winning."""
    row = part.row
    first = next((stage for stage in OPEN_STAGES if row[ENTERED[stage].name]), None)
    return {
        **(share(row[WON_FROM[first].name], row[ENTERED[first].name]) if first else share(0, 0)),
        "from": first,
        "to": "closed_won",
        "variant": "any_stage",
        "definition": "Of the closed deals that were in the first stage, the share won; for each stage, the share that "
        "reached a later one or was won. Stages may be skipped.",
        "by_stage": {stage: share(row[ADVANCED[stage].name], row[ENTERED[stage].name]) for stage in OPEN_STAGES},
    }


def _velocity(part: Part) -> dict[str, Any]:
    row, state, sample = part.row, part.state, part.sample
    value = figure(VELOCITY, row, state)
    interval = None if value is None else sample.velocity(row[OPEN_DEALS.name])
    return {
        "value": value,
        **_spread(interval, VELOCITY.unit, state),
        "unit": VELOCITY.unit,
        "definition": VELOCITY.meaning,
        "open_deals": row[OPEN_DEALS.name],
        "win_rate": WIN_RATE_BY_COUNT.read(row),
        "deal_size": figure(DEAL_SIZE, row, state),
        "cycle_days": figure(CYCLE_LENGTH, row, state),
        **_spread(sample.cycle_length, "days", state, "cycle_days_"),
        "cycle_days_median": figure(CYCLE_LENGTH_MEDIAN, row, state),
        **_spread(sample.cycle_median, "days", state, "cycle_days_median_"),
        "n": row[TIMED_WON_DEALS.name],
    }


def _deal_size(part: Part) -> dict[str, Any]:
    row, state, sample = part.row, part.state, part.sample
    return {
        "value": figure(DEAL_SIZE, row, state),
        **_spread(sample.size, "money", state),
        "mean": figure(DEAL_SIZE, row, state),
        "median": figure(DEAL_SIZE_MEDIAN, row, state),
        **_spread(sample.size_median, "money", state, "median_"),
        "n": row[SIZED_WON_DEALS.name],
        "definition": DEAL_SIZE.meaning,
    }


def _win_rate(part: Part) -> dict[str, Any]:
    row = part.row
    return win_rate(row) | {"by_amount": WIN_RATE_BY_AMOUNT.read(row), "definition": WIN_RATE_BY_COUNT.meaning}


_ANALYSES: dict[str, Callable[[Part], dict[str, Any]]] = {
    "conversion_rate": _conversion_rate,
    "velocity": _velocity,
    "deal_size": _deal_size,
    "win_rate": _win_rate,
}
