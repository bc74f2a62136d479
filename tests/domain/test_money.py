"""Money: whole minor units inside, exact at the boundary."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_operations.domain.errors import InvalidInput
from sales_operations.domain.money import LARGEST_MINOR, exponent, special_exponents, to_major, to_minor, written

CURRENCIES = ["USD", "EUR", *special_exponents()]


@pytest.mark.parametrize(
    ("currency", "places"), [("USD", 2), ("EUR", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3), ("CLF", 4), ("XXX", 2)]
)
def test_a_currency_has_the_decimal_places_of_iso_4217(currency: str, places: int) -> None:
    assert exponent(currency) == places


@pytest.mark.parametrize("code", ["", "US", "usd", "USDT", "U$D", "US\n"])
def test_what_is_no_currency_code_is_refused(code: str) -> None:
    with pytest.raises(InvalidInput, match="three-letter"):
        exponent(code)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        (0.1, "USD", 10),
        (1.1, "USD", 110),
        (2.675, "USD", 268),
        ("2.665", "USD", 266),
        ("2.675", "USD", 268),
        (Decimal("0.005"), "USD", 0),
        (Decimal("0.015"), "USD", 2),
        (-0.015, "USD", -2),
        (0.5, "JPY", 0),
        (1.5, "JPY", 2),
        (12, "KWD", 12_000),
        ("1e3", "USD", 100_000),
        ("0.00005", "CLF", 0),
        (49_999_999_999_999.99, "USD", 4_999_999_999_999_999),
        (-0.0, "USD", 0),
    ],
)
def test_an_amount_is_rounded_half_to_even_in_its_currency(amount: Any, currency: str, minor: int) -> None:
    assert to_minor(amount, currency) == minor


@pytest.mark.parametrize(
    "amount", ["", "ten", "1,000", "NaN", "Infinity", float("nan"), float("-inf"), Decimal("sNaN")]
)
def test_what_is_no_finite_number_is_refused(amount: Any) -> None:
    with pytest.raises(InvalidInput, match="not a finite number"):
        to_minor(amount, "USD")


@pytest.mark.parametrize("amount", [50_000_000_000_000.01, -1e15, "1e400", Decimal(10) ** 30])
def test_an_amount_that_no_float_could_show_to_the_cent_is_refused(amount: Any) -> None:
    with pytest.raises(InvalidInput, match=r"larger than can be held exactly|not a finite number"):
        to_minor(amount, "USD")


@given(st.integers(-LARGEST_MINOR, LARGEST_MINOR), st.sampled_from(CURRENCIES))
def test_minor_units_come_back_from_the_boundary_as_they_were(minor: int, currency: str) -> None:
    assert to_minor(to_major(minor, currency), currency) == minor


@given(st.integers(LARGEST_MINOR - 10_000, LARGEST_MINOR), st.sampled_from(CURRENCIES))
def test_the_largest_amounts_come_back_too(minor: int, currency: str) -> None:
    assert to_minor(to_major(minor, currency), currency) == minor


@given(st.decimals(-(10**9), 10**9, places=6), st.sampled_from(CURRENCIES))
def test_rounding_never_moves_an_amount_by_more_than_half_a_unit(amount: Decimal, currency: str) -> None:
    exact = amount.scaleb(exponent(currency))
    assert abs(to_minor(amount, currency) - exact) <= Decimal("0.5")
    assert to_minor(amount, currency) == int(exact.to_integral_value(ROUND_HALF_EVEN))


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1_200.0, "USD", "$1,200.00"),
        (-1_200.5, "USD", "-$1,200.50"),
        (0.0, "EUR", "0.00 EUR"),
        (-1_234_567.0, "JPY", "-1,234,567 JPY"),
        (1.2345, "KWD", "1.234 KWD"),
    ],
)
def test_an_amount_is_written_with_its_currency_and_its_decimal_places(amount: float, currency: str, text: str) -> None:
    assert written(amount, currency) == text
