"""How deals move: conversion, velocity, deal size, win rate, over the deals closed in the last year."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sales_operations.metrics.conversion import (
    ADVANCED,
    CLOSED_DEALS,
    ENTERED,
    WIN_RATE_BY_AMOUNT,
    WIN_RATE_BY_COUNT,
)
from sales_operations.metrics.deals import OPEN_STAGES
from sales_operations.metrics.metric import Row
from sales_operations.metrics.value import DEAL_SIZE, DEAL_SIZE_MEDIAN, OPEN_DEALS, SIZED_WON_DEALS
from sales_operations.metrics.velocity import CYCLE_LENGTH, CYCLE_LENGTH_MEDIAN, TIMED_WON_DEALS, VELOCITY, WON_FROM
from sales_operations.pipeline.present import figure, share, win_rate
from sales_operations.pipeline.reports import WINDOW_DAYS
from sales_operations.pipeline.state import State

_MEASURED = (
    *(WIN_RATE_BY_COUNT, WIN_RATE_BY_AMOUNT, DEAL_SIZE, DEAL_SIZE_MEDIAN, SIZED_WON_DEALS, CYCLE_LENGTH),
    *(CYCLE_LENGTH_MEDIAN, TIMED_WON_DEALS, *ENTERED.values(), *ADVANCED.values(), *WON_FROM.values()),
)


def analyze(state: State) -> dict[str, Any]:
    """The figures that ``pipeline_management.analytics.metrics`` lists, and the window they look at."""
    row = state.measured(state.closed_within(WINDOW_DAYS), _MEASURED) | state.measured(state.open, [OPEN_DEALS])
    wanted = state.settings.pipeline_management.analytics.metrics
    made = {name: make(row, state) for name, make in _ANALYSES.items() if name in wanted}
    return made | {
        "window": {
            "description": f"deals closed in the {WINDOW_DAYS} days up to as_of",
            "days": WINDOW_DAYS,
            "deals": row[CLOSED_DEALS.name],
        },
        "currency": state.settings.company.currency,
        **state.seen,
        "analyzed_at": state.made_at,
    }


def _conversion_rate(row: Row, state: State) -> dict[str, Any]:
    """From each open stage onward; the value at the head is from the first stage that was seen to winning."""
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


def _velocity(row: Row, state: State) -> dict[str, Any]:
    return {
        "value": figure(VELOCITY, row, state),
        "unit": VELOCITY.unit,
        "definition": VELOCITY.meaning,
        "open_deals": row[OPEN_DEALS.name],
        "win_rate": WIN_RATE_BY_COUNT.read(row),
        "deal_size": figure(DEAL_SIZE, row, state),
        "cycle_days": figure(CYCLE_LENGTH, row, state),
        "cycle_days_median": figure(CYCLE_LENGTH_MEDIAN, row, state),
        "n": row[TIMED_WON_DEALS.name],
    }


def _deal_size(row: Row, state: State) -> dict[str, Any]:
    return {
        "value": figure(DEAL_SIZE, row, state),
        "mean": figure(DEAL_SIZE, row, state),
        "median": figure(DEAL_SIZE_MEDIAN, row, state),
        "n": row[SIZED_WON_DEALS.name],
        "definition": DEAL_SIZE.meaning,
    }


def _win_rate(row: Row, state: State) -> dict[str, Any]:
    return win_rate(row) | {"by_amount": WIN_RATE_BY_AMOUNT.read(row), "definition": WIN_RATE_BY_COUNT.meaning}


_ANALYSES: dict[str, Callable[[Row, State], dict[str, Any]]] = {
    "conversion_rate": _conversion_rate,
    "velocity": _velocity,
    "deal_size": _deal_size,
    "win_rate": _win_rate,
}
