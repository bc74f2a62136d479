"""Discounts: their order, their effects, and that none leads below zero."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sales_operations.domain.errors import InvalidInput
from sales_operations.process.pricing import Discount, Priced, Rules
from tests.process.pricing.conftest import line, off, priced

ADDITIVE = Rules(discount_order="additive")


def one(*discounts: Discount, unit: int = 100_00, **more: Any) -> Priced:
    return priced(line(unit, discounts=discounts), **more)


def test_compound_takes_each_off_what_is_left_and_additive_off_the_whole() -> None:
    two = (off("10"), off("10"))
    assert one(*two).net_minor == 81_00
    assert one(*two, rules=ADDITIVE).net_minor == 80_00


def test_the_place_of_an_amount_matters_in_compound_and_not_in_additive() -> None:
    first, last = (off(amount=10_00), off("10")), (off("10"), off(amount=10_00))
    assert (one(*first).net_minor, one(*last).net_minor) == (81_00, 80_00)
    assert one(*first, rules=ADDITIVE).net_minor == one(*last, rules=ADDITIVE).net_minor == 80_00


def test_a_line_is_rounded_once_however_many_discounts_it_has() -> None:
    found = one(*[off("1")] * 3, unit=50, rules=Rules(rounding="half_up"))
    assert [effect.effect_minor for effect in found.lines[0].discounts] == [0, 1, 0]
    assert found.net_minor == 49


def test_percentages_that_are_a_whole_leave_nothing_whatever_the_rounding() -> None:
    assert one(off("50"), off("50"), unit=1, rules=Rules("half_up", "additive")).net_minor == 0


def test_a_discount_on_the_total_is_shared_out_by_amount_to_the_last_minor_unit() -> None:
    found = priced(line(1), line(1), line(1), line(0), discounts=(off(amount=2),))
    assert [part.total_discount_minor for part in found.lines] == [1, 1, 0, 0]
    assert found.net_minor == 1


def test_discounts_on_the_total_follow_the_same_order() -> None:
    several = (off("10"), off("10"), off(amount=5_00))
    assert priced(line(60_00), line(40_00), discounts=several).net_minor == 76_00
    assert priced(line(60_00), line(40_00), discounts=several, rules=ADDITIVE).net_minor == 75_00


def test_an_amount_may_take_what_is_shown_although_a_fraction_less_is_there() -> None:
    assert priced(line(Decimal("1.5"), discounts=(off(amount=2),))).net_minor == 0


@pytest.mark.parametrize("rules", [Rules(), ADDITIVE])
def test_a_discount_below_zero_is_an_error_that_says_what_is_left(rules: Rules) -> None:
    with pytest.raises(InvalidInput) as error:
        one(off("60", name="Sale"), off(amount=40_01, name="Voucher"), rules=rules)
    assert str(error.value) == (
        "the discount 'Voucher' on line 1 (SEAT) takes off 40.01 EUR, but only 40.00 is left; lower it, or leave it out"
    )
    with pytest.raises(InvalidInput, match="'Voucher' on the total takes off 9 JPY, but only 8 is left"):
        priced(line(8), currency="JPY", discounts=(off(amount=9, name="Voucher"),))


def test_additive_percentages_of_more_than_a_whole_are_an_error() -> None:
    with pytest.raises(InvalidInput, match=r"only 40\.00 is left"):
        one(off("60"), off("50"), rules=ADDITIVE)
    assert one(off("60"), off("50")).net_minor == 20_00


@pytest.mark.parametrize(
    ("discount", "message"),
    [
        (Discount("x"), "needs either a percentage or an amount"),
        (off("1", 1), "needs either a percentage or an amount"),
        (off("100.01"), "is 100.01 %; the most is 100 %"),
        (off("-1"), "cannot be below zero"),
        (off(amount=-1), "cannot be below zero"),
        (off("NaN"), "give a finite number"),
        (Discount("x", percent=12.5), "give a whole number or a Decimal, not float"),  # type: ignore[arg-type]
        (Discount("x", amount_minor=Decimal(1)), "give whole minor units"),  # type: ignore[arg-type]
    ],
)
def test_a_discount_that_makes_no_sense_is_an_error(discount: Discount, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        one(discount)
