"""How figures are handed out: money in major units, shares with their sample size, deals as plain mappings."""

from __future__ import annotations

from typing import Any

from sales_operations.domain.money import exponent
from sales_operations.estimation.intervals import wilson
from sales_operations.metrics.conversion import CLOSED_DEALS
from sales_operations.metrics.deals import WEIGHT_STEPS
from sales_operations.metrics.metric import SECONDS_A_DAY, Frame, Metric, Row, Unit, Value
from sales_operations.metrics.value import WON_DEALS
from sales_operations.pipeline.state import State

LEVEL, Z = 0.95, 1.959964
"""Confidence level of the intervals beside shares, and the normal quantile of it."""


def shown(value: Value, unit: Unit, currency: str) -> Value:
    """A value as callers see it: money in major units of the currency, everything else as it is."""
    if value is None or unit not in ("money", "weighted money", "money per day"):
        return value
    steps: int = 10 ** exponent(currency) * (WEIGHT_STEPS if unit == "weighted money" else 1)
    return value / steps


def figure(metric: Metric, row: Row, state: State) -> Value:
    """A metric's value in a measured row, as callers see it."""
    return shown(metric.read(row), metric.unit, state.settings.company.currency)


def share(successes: int, n: int) -> dict[str, Any]:
    """A share with its sample size and Wilson interval; value and bounds are None where n is 0."""
    low, high = wilson(successes, n, Z) if n else (None, None)
    return {"value": successes / n if n else None, "n": n, "low": low, "high": high, "level": LEVEL}


def win_rate(row: Row) -> dict[str, Any]:
    """Win rate by count, with its sample size and interval."""
    return share(row[WON_DEALS.name], row[CLOSED_DEALS.name]) | {"variant": "by_count"}


def top_rows(state: State, deals: Frame, limit: int) -> list[dict[str, Any]]:
    """Rows of the ``limit`` deals of the highest weighted amount (unknown last; then by amount, id), with names."""
    keys = ["weighted", "amount_minor", "opportunity_id"]
    top = state.kept("top_deals", deals.sort(*keys, descending=[True, True, False], nulls_last=True).head(limit))
    names = state.table("opportunities").select("opportunity_id", "name", "account_name")
    rows = state.rows(top.join(names, on="opportunity_id", how="left"))
    return sorted(rows, key=lambda row: (-_known(row["weighted"]), -_known(row["amount_minor"]), row["opportunity_id"]))


def _known(value: int | None) -> float:
    return float("-inf") if value is None else value


def deal(row: dict[str, Any], state: State) -> dict[str, Any]:
    """A deal as lists show it, of a row of ``top_rows``."""
    currency, seconds = state.settings.company.currency, row["seconds_in_stage"]
    return {
        "opportunity_id": row["opportunity_id"],
        "name": row["name"],
        "account_name": row["account_name"],
        "sales_rep": row["sales_rep"],
        "stage": row["stage"],
        "amount": shown(row["amount_minor"], "money", currency),
        "weighted_amount": shown(row["weighted"], "weighted money", currency),
        "close_date": row["close_date"].isoformat() if row["close_date"] else None,
        "days_in_stage": None if seconds is None else seconds / SECONDS_A_DAY,
    }
