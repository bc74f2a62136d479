"""How deals that a rule would have touched ended, beside those that it would not have: shares, means, sample sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from sales_operations.domain.money import to_major
from sales_operations.estimation.intervals import difference, mean, wilson

CAUTION = (
    "The groups differ in more than the rule: a rule picks its deals, and one that waits for age only meets deals that "
    "lived so long. The difference is no effect of the actions, which did not happen."
)
INTERVAL = 0.8
"""How often an interval should contain the truth."""


@dataclass(frozen=True)
class Ended:
    """How a deal stands by now: status, amount in minor units with its currency, days from creation to its close."""

    status: str
    amount_minor: int | None
    currency: str | None
    days: float | None


def compare(touched: Sequence[Ended], untouched: Sequence[Ended]) -> dict[str, Any]:
    """Both groups, and the difference of their won shares; intervals hold 80 %."""
    first, second = group(touched), group(untouched)
    pair = [(one["won"], one["won"] + one["lost"]) for one in (first, second)]
    gap = None
    if all(closed for _, closed in pair):
        value, low, high = difference(pair[0], pair[1])
        gap = _interval(value, low, high)
    return {"touched": first, "untouched": second, "won_share_difference": gap, "interval": INTERVAL, "note": CAUTION}


def group(deals: Sequence[Ended]) -> dict[str, Any]:
    """One group: counts, won share of the closed deals, mean amount of the won ones by currency, days to the close."""
    won = [one for one in deals if one.status == "won"]
    lost = [one for one in deals if one.status == "lost"]
    closed = len(won) + len(lost)
    days = [one.days for one in (*won, *lost) if one.days is not None]
    amounts: dict[str, list[float]] = {}
    for one in won:
        if one.amount_minor is not None and one.currency:
            amounts.setdefault(one.currency, []).append(to_major(one.amount_minor, one.currency))
    return {
        "deals": len(deals),
        "won": len(won),
        "lost": len(lost),
        "open": len(deals) - closed,
        "won_share": _interval(len(won) / closed, *wilson(len(won), closed)) | {"count": closed} if closed else None,
        "won_amount": {currency: _sample(values) for currency, values in sorted(amounts.items())},
        "days_to_close": _sample(days) if days else None,
    }


def _sample(values: list[float]) -> dict[str, Any]:
    found = mean(values)
    if found is None:
        return {"mean": values[0], "low": None, "high": None, "median": values[0], "count": 1}
    middle = _interval(*found)
    return {"mean": middle["value"], "low": middle["low"], "high": middle["high"], "median": round(median(values), 6),
            "count": len(values)}  # fmt: skip


def _interval(value: float, low: float, high: float) -> dict[str, Any]:
    return {"value": round(value, 6), "low": round(low, 6), "high": round(high, 6)}
