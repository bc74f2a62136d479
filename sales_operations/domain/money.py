"""Money is exact: whole minor units and an ISO 4217 currency inside, major units only at the boundary."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import lru_cache

from sales_operations.domain.errors import InvalidInput

# ISO 4217: currencies whose minor unit is not a hundredth.
_EXPONENTS = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
LARGEST_MINOR = 5 * 10**15
"""Amounts of more minor units are refused: at the boundary, as floats, two of them could be the same number."""
_CODE = re.compile(r"[A-Z]{3}")


@lru_cache(maxsize=256)
def exponent(currency: str) -> int:
    """Decimal places of a currency's minor unit. Raises InvalidInput for what is not a three-letter code."""
    if not _CODE.fullmatch(currency):
        raise InvalidInput(f"currency {currency!r} is not a three-letter ISO 4217 code such as USD")
    return _EXPONENTS.get(currency, 2)


def special_exponents() -> dict[str, int]:
    """The currencies whose minor unit is not a hundredth, and their decimal places."""
    return dict(_EXPONENTS)


def to_minor(amount: Decimal | float | int | str, currency: str) -> int:
    """Minor units of an amount in major units, rounded half to even.

    Raises InvalidInput for what is no finite number, or is too large to be exact.
    """
    try:
        exact = amount if isinstance(amount, Decimal) else Decimal(str(amount))
        if not exact.is_finite():
            raise InvalidOperation
        minor = int(exact.scaleb(exponent(currency)).to_integral_value(ROUND_HALF_EVEN))
    except InvalidOperation:
        raise InvalidInput(f"amount {amount!r} is not a finite number") from None
    if abs(minor) > LARGEST_MINOR:
        raise InvalidInput(f"amount {amount!r} {currency} is larger than can be held exactly")
    return minor


def to_major(minor: int, currency: str) -> float:
    """The amount in major units, converted once, at the boundary."""
    return minor / float(10 ** exponent(currency))


def written(amount: float, currency: str) -> str:
    """An amount in major units as people read it: ``$1,200.00``, ``1,200.00 EUR``, ``1,200 JPY``."""
    sign, size = "-" if amount < 0 else "", f"{abs(amount):,.{exponent(currency)}f}"
    return f"{sign}${size}" if currency == "USD" else f"{sign}{size} {currency}"
