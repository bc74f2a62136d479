"""Exact arithmetic: every amount is a fraction of minor units until it is rounded to whole ones, once."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from math import ceil, floor

from sales_operations.domain.errors import InvalidInput
from sales_operations.domain.money import LARGEST_MINOR, exponent
from sales_operations.process.pricing.rules import Rounding

_MOST_DECIMALS = 12
_HALF = Fraction(1, 2)
_SIX = Decimal("0.000001")


def exact(value: int | Decimal, what: str) -> Fraction:
    """A number that is given as whole or decimal. Raises InvalidInput for a negative, infinite or absurd one."""
    if type(value) is int and 0 <= value <= LARGEST_MINOR:
        return Fraction(value)
    # Text and floats would pass silently into the arithmetic, and floats are not what they look like.
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise InvalidInput(f"{what} is {value!r}; give a whole number or a Decimal, not {type(value).__name__}")
    if isinstance(value, Decimal):
        places = value.as_tuple().exponent
        if not isinstance(places, int):
            raise InvalidInput(f"{what} is {value}; give a finite number")
        if places < -_MOST_DECIMALS:
            raise InvalidInput(f"{what} has {-places} decimals; the most is {_MOST_DECIMALS}")
    if value < 0:
        raise InvalidInput(f"{what} is {value}; it cannot be below zero")
    if value > LARGEST_MINOR:
        raise InvalidInput(f"{what} is larger than can be held exactly")
    return Fraction(value)


def percentage(value: int | Decimal, what: str) -> Fraction:
    """A percentage from 0 to 100, as a share from 0 to 1. Raises InvalidInput for another one."""
    found = exact(value, what)
    if found > 100:
        raise InvalidInput(f"{what} is {value} %; the most is 100 %")
    return found / 100


def whole(value: Fraction, rounding: Rounding, what: str = "the amount") -> int:
    """Whole minor units of an amount that is not negative. Raises InvalidInput for one that is too large."""
    rounded = round(value) if rounding == "half_even" else floor(value + _HALF)
    if rounded > LARGEST_MINOR:
        raise InvalidInput(f"{what} is larger than can be held exactly; split the quote")
    return rounded


def shared_out(total: int, weights: Sequence[int]) -> list[int]:
    """A total in whole parts in proportion to the weights: the exact parts rounded down, and what is left over one by
    one to the largest remainders, the first of equal ones first. All to the first where the weights are all 0."""
    together = sum(weights)
    if not together:
        return [total if position == 0 else 0 for position in range(len(weights))]
    if not total:
        return [0] * len(weights)
    return apportioned(total, [Fraction(total * weight, together) for weight in weights])


def apportioned(total: int, parts: Sequence[Fraction]) -> list[int]:
    """Whole parts that add up to a total which is the exact parts' sum, rounded; as ``shared_out``."""
    shares = [floor(part) for part in parts]
    order = sorted(range(len(parts)), key=lambda place: (shares[place] - parts[place], place))
    for place in order[: total - sum(shares)]:
        shares[place] += 1
    return shares


def six_decimals(value: Fraction, rounding: str = ROUND_HALF_EVEN) -> Decimal:
    """For figures that are shown: a decimal with at most six places, none where the number is whole."""
    if value.denominator == 1:
        return Decimal(value.numerator)
    to_whole = {ROUND_FLOOR: floor, ROUND_CEILING: ceil}.get(rounding, round)
    return trimmed(Decimal(to_whole(value * 1_000_000)).scaleb(-6))


def trimmed(value: int | Decimal) -> Decimal:
    """The same number without trailing zeros and without an exponent."""
    return Decimal(format(Decimal(value).normalize(), "f"))


def money(minor: int, currency: str) -> str:
    """A whole amount as people read it, without its currency: ``1,200.00``."""
    places = exponent(currency)
    return f"{Decimal(minor).scaleb(-places):,.{places}f}"


def unit_money(minor: Decimal, currency: str) -> str:
    """A unit price as people read it: with the places of its currency, more where it needs them."""
    places = exponent(currency)
    major = trimmed(minor).scaleb(-places)
    shown = major.as_tuple().exponent
    return f"{major:,.{max(places, -shown if isinstance(shown, int) else 0)}f}"
