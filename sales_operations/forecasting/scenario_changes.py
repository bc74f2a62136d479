"""What a scenario changes: single deals, the win rate, the business not created yet; checked before anything is worked out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sales_operations.domain.errors import InvalidInput
from sales_operations.domain.money import to_minor

SLIPS, WINS, LOSES, AMOUNT = "slips", "wins", "loses", "amount"
WIN_RATE, NEW_BUSINESS = "win_rate", "new_business"
FATES = (SLIPS, WINS, LOSES)
LEAST_PERCENT = -100.0


@dataclass(frozen=True)
class Change:
    """One change, of the ``deal`` of that id or, without one, of all.

    ``value`` is an amount in minor units (``amount``), percentage points of the share won (``win_rate``), or percent of
    what is expected from deals not created yet (``new_business``).
    """

    kind: str
    deal: str | None = None
    value: float = 0.0


def changes_of(
    currency: str,
    *,
    slips: Iterable[str] = (),
    wins: Iterable[str] = (),
    loses: Iterable[str] = (),
    amounts: Mapping[str, float | str] | None = None,
    win_rate: float = 0.0,
    new_business: float = 0.0,
) -> tuple[Change, ...]:
    """The changes that were asked for, each once. Raises InvalidInput for none, for contradictions and for bad numbers."""
    fates = [Change(kind, deal) for kind, deals in zip(FATES, (slips, wins, loses), strict=True) for deal in deals]
    found = list(dict.fromkeys(fates))
    said: dict[str | None, str] = {}
    for one in found:
        if one.deal in said:
            raise InvalidInput(
                f"deal {one.deal!r} is said to be one that {said[one.deal]} and one that {one.kind}; keep one"
            )
        said[one.deal] = one.kind
    for deal, amount in (amounts or {}).items():
        found.append(Change(AMOUNT, deal, _amount(deal, amount, currency)))
    for kind, number in ((WIN_RATE, win_rate), (NEW_BUSINESS, new_business)):
        if not math.isfinite(number):
            raise InvalidInput(f"{kind}: {number} is not a finite number; use one such as -5")
        if number:
            found.append(Change(kind, None, number))
    if new_business < LEAST_PERCENT:
        raise InvalidInput(
            f"new_business: {new_business:g} % would leave less than none; use {LEAST_PERCENT:g} or more"
        )
    if not found:
        raise InvalidInput(
            "nothing is changed: name a deal that slips, wins, loses or has another amount, a win_rate, or new_business"
        )
    return tuple(found)


def _amount(deal: str, amount: float | str, currency: str) -> float:
    try:
        minor = to_minor(amount, currency)
    except InvalidInput as error:
        raise InvalidInput(f"amount of deal {deal!r}: {error}; use one such as 25000") from None
    if minor < 0:
        raise InvalidInput(f"amount of deal {deal!r}: {amount} is below 0; a deal is worth 0 or more")
    return float(minor)
