"""Which of the calls that were made stand: of each place and category the latest own one, and the latest adjustment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sales_operations.forecasting.calls.organisation import Key, Organisation

CALL, ADJUSTMENT = "call", "adjustment"
CATEGORIES = ("commit", "best_case", "pipeline")
Call = Mapping[str, Any]
Standing = dict[tuple[Key, str, str], Call]
"""(place, category, kind) to the call that stands there."""


def standing(rows: Iterable[Call], organisation: Organisation, rates: Mapping[str, float], currency: str) -> Standing:
    """The calls that stand, of rows in the order in which they were made; each with its amount in ``currency``.

    ``rates``: what one minor unit of another currency is worth in it. A call without a rate, and one that was taken back,
    stands nowhere.
    """
    found: Standing = {}
    for row in rows:
        place = organisation.key(row["level"], row["holder_id"]), row["category"], row["kind"]
        amount = in_company(row["amount_minor"], row["currency"], rates, currency)
        if amount is None:
            found.pop(place, None)
        else:
            found[place] = {**row, "counted_minor": amount}
    return found


def in_company(amount: int | None, own: str, rates: Mapping[str, float], currency: str) -> int | None:
    """An amount of a call in the company's currency of today; None where that has no rate."""
    if amount is None or own == currency:
        return amount
    return round(amount * rates[own]) if own in rates else None
