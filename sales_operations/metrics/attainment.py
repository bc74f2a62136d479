"""What is won, and what is open, against the quota of a period.

The rows have, beside the metrics' own columns, ``quota`` (minor units; absent or None where none is set) and ``elapsed``
(the share of the period that has passed). Won deals are those closed in the period, open ones those due in it.
"""

from __future__ import annotations

from sales_operations.metrics.deals import WEIGHT_STEPS
from sales_operations.metrics.metric import Metric, Row, Value
from sales_operations.metrics.value import OPEN_AMOUNT, OPEN_AMOUNT_UNKNOWN, OPEN_DEALS, OPEN_WEIGHTED, WON_AMOUNT

_OPEN = {**OPEN_AMOUNT.columns, **OPEN_DEALS.columns, **OPEN_AMOUNT_UNKNOWN.columns}


def _attainment(row: Row) -> Value:
    quota = row.get("quota")
    return row[WON_AMOUNT.name] / quota if quota else None


def _pace(row: Row) -> Value:
    attained, elapsed = _attainment(row), row.get("elapsed")
    return None if attained is None or not elapsed else attained / elapsed


def _remaining(row: Row) -> Value:
    quota = row.get("quota")
    return None if quota is None else max(quota - row[WON_AMOUNT.name], 0)


def _projected(row: Row) -> Value:
    quota = row.get("quota")
    return (row[WON_AMOUNT.name] + row[OPEN_WEIGHTED.name] / WEIGHT_STEPS) / quota if quota else None


def _covered(row: Row, by: Value) -> Value:
    nothing_known = row[OPEN_DEALS.name] and row[OPEN_AMOUNT_UNKNOWN.name] == row[OPEN_DEALS.name]
    return None if nothing_known or not by else row[OPEN_AMOUNT.name] / by


QUOTA_ATTAINMENT = Metric(
    "quota_attainment",
    "share",
    "Amount won in the period out of its quota; unknown where no quota is set.",
    "won_amount / quota",
    {**WON_AMOUNT.columns},
    _attainment,
)
QUOTA_PACE = Metric(
    "quota_pace",
    "times",
    "Attainment divided by the share of the period that has passed: 1 is on pace, below 1 is behind.",
    "quota_attainment / elapsed",
    {**WON_AMOUNT.columns},
    _pace,
)
QUOTA_REMAINING = Metric(
    "quota_remaining",
    "money",
    "Quota less the amount won in the period; 0 once it is met.",
    "quota - won_amount, at least 0",
    {**WON_AMOUNT.columns},
    _remaining,
)
PROJECTED_ATTAINMENT = Metric(
    "projected_attainment",
    "share",
    "Amount won in the period and weighted amount of the open deals due in it, out of the quota.",
    "(won_amount + open_weighted_amount) / quota",
    {**WON_AMOUNT.columns, **OPEN_WEIGHTED.columns},
    _projected,
)
COVERAGE_OF_QUOTA = Metric(
    "coverage_of_quota",
    "times",
    "Open pipeline due in the period divided by its whole quota; unknown where no open deal has an amount.",
    "open_amount / quota",
    _OPEN,
    lambda row: _covered(row, row.get("quota")),
)
COVERAGE_OF_REMAINING_QUOTA = Metric(
    "coverage_of_remaining_quota",
    "times",
    "Open pipeline due in the period divided by what the quota still lacks; unknown once the quota is met.",
    "open_amount / quota_remaining",
    {**_OPEN, **WON_AMOUNT.columns},
    lambda row: _covered(row, _remaining(row)),
)
