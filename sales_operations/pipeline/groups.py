"""What the reports share: their head, groups of deals, the months up to the instant."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from sales_operations.domain.periods import Period
from sales_operations.metrics.metric import Frame, Metric
from sales_operations.metrics.value import AMOUNT, DEALS, WEIGHTED_AMOUNT
from sales_operations.pipeline.present import figure
from sales_operations.pipeline.state import State

MONTHS = 12
"""Months that reports by month show, the present one included."""


def head(state: State, deals: int, metrics: list[Metric], **definitions: str) -> dict[str, Any]:
    """As of when, in what currency, over how many deals, and what the figures mean."""
    return {
        **state.seen,
        "currency": state.settings.company.currency,
        "deals": deals,
        "definitions": {metric.name: metric.meaning for metric in metrics} | definitions,
    }


def group(state: State, row: dict[str, Any]) -> dict[str, Any]:
    """Count, amount and weighted amount of a measured row."""
    return {
        "count": figure(DEALS, row, state),
        "amount": figure(AMOUNT, row, state),
        "weighted_amount": figure(WEIGHTED_AMOUNT, row, state),
    }


def worth(state: State, deals: Frame) -> dict[str, Any]:
    """The same of all of ``deals``."""
    return group(state, state.measured(deals, [DEALS, AMOUNT, WEIGHTED_AMOUNT]))


def last_months(state: State) -> list[Period]:
    """The last twelve months, the oldest first; the present one is not complete."""
    last = state.period("month")
    return [last.shifted(-back) for back in reversed(range(MONTHS))]


def by_month(state: State, deals: Frame, column: str, months: list[Period]) -> Frame:
    """The deals whose instant in ``column`` lies in one of the months, with the month's index as ``month``."""
    instant = nw.col(column)
    month: nw.Expr = nw.lit(None, nw.Int64)
    for index, period in enumerate(months):
        month = nw.when(instant >= nw.lit(state.start_of(period.start))).then(nw.lit(index)).otherwise(month)
    return deals.filter(instant <= nw.lit(state.until)).with_columns(month=month).filter(~nw.col("month").is_null())
