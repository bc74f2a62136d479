"""The trace, the whole as JSON, and the figures that approvals look at."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from sales_operations.domain.errors import InvalidInput
from sales_operations.process.pricing import Tier, Tiers, as_json, written_trace
from tests.process.pricing.conftest import line, off, priced, taxes


def test_a_person_reads_in_the_trace_how_an_amount_came_about() -> None:
    tiers = Tiers("range", (Tier(Decimal(9), percent_off=Decimal(0)), Tier(None, percent_off=Decimal(20))))
    seats = line(100_00, 10, name="Seats", tiers=tiers, discounts=(off("5", name="Launch"),), term_months=18)
    found = priced(seats, discounts=(off(amount=40_00, name="Voucher"),), taxes=taxes("19"))
    assert [" ".join(shown.split()) for shown in written_trace(found)] == [
        "1. Seats",
        "list price: 10 × 100.00 × 1.5 of the default term 1,500.00 1,500.00 EUR",
        "range tier: 10 at 80.00 (20 % off) -300.00 1,200.00 EUR",
        "Launch: 5 % of 1,200.00 -60.00 1,140.00 EUR",
        "its part of the discounts on the total -40.00 1,100.00 EUR",
        "tax 0 19 % of 1,100.00 209.00 1,309.00 EUR",
        "The quote",
        "all lines at list price 1,500.00 1,500.00 EUR",
        "tiers, bundles and discounts of the lines -360.00 1,140.00 EUR",
        "Voucher: 40.00 off -40.00 1,100.00 EUR",
        "tax 0 19 % of 1,100.00 209.00 1,309.00 EUR",
    ]


def test_amounts_are_written_with_the_places_of_their_currency() -> None:
    def listed(currency: str) -> str:
        return written_trace(priced(line(Decimal("1234.5"), 2), currency=currency))[1]

    assert "2 × 12.345 " in listed("EUR")
    assert listed("JPY").endswith(" 2,469 JPY")
    assert listed("KWD").endswith(" 2.469 KWD")


def test_a_priced_quote_is_json_with_whole_minor_units_and_exact_decimals() -> None:
    found = priced(line(Decimal("0.5"), "3", cost_minor=1, term_months=1), taxes=taxes("19"))
    held = json.loads(json.dumps(as_json(found)))
    assert held["on"] == "2026-11-25"
    assert held["lines"][0]["unit_list_minor"] == "0.5"
    assert held["lines"][0]["term_factor"] == "0.083333"
    assert held["total_minor"] == found.total_minor
    assert held["trace"][0] == {
        "line": 0,
        "kind": "list",
        "text": "list price: 3 × 0.005 × 0.083333 of the default term",
        "effect_minor": 0,
        "amount_minor": 0,
    }


def test_margin_is_rounded_down_and_the_discount_up() -> None:
    found = priced(line(3_00, cost_minor=1_00, discounts=(off(amount=1_00),)))
    assert found.discount_share == Decimal("0.333334")
    assert found.margin == found.lines[0].margin == Decimal("0.5")
    assert priced(line(3_00, cost_minor=2_00)).margin == Decimal("0.333333")
    assert priced(line(1_00, cost_minor=3_00)).margin == Decimal(-2)


def test_margin_is_not_known_without_every_cost_or_without_a_price() -> None:
    assert priced(line(cost_minor=1), line()).margin is None
    free = priced(line(0, cost_minor=1))
    assert (free.margin, free.discount_share) == (None, None)


def test_cost_is_prorated_as_the_price_is() -> None:
    assert priced(line(10_00, 3, cost_minor=5_00, term_months=18)).cost_minor == 22_50


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"quantity": Decimal(-1)}, r"the quantity of line 2 \(SEAT\) is -1; it cannot be below zero"),
        ({"quantity": Decimal("Infinity")}, "give a finite number"),
        ({"quantity": 1.5}, "not float"),
        ({"quantity": Decimal("1e-13")}, "has 13 decimals; the most is 12"),
        ({"unit_price_minor": 6 * 10**15}, "larger than can be held exactly"),
        ({"unit_price_minor": 10**15, "quantity": Decimal(6)}, r"line 2 \(SEAT\) is larger than can be held exactly"),
        ({"cost_minor": -1}, r"the cost of line 2 \(SEAT\) is -1"),
    ],
)
def test_numbers_that_cannot_be_priced_are_errors_that_name_the_line(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        priced(line(), replace(line(), **change))


def test_a_quote_needs_lines_a_currency_and_an_amount_that_can_be_held() -> None:
    with pytest.raises(InvalidInput, match="no lines to price; add one"):
        priced()
    with pytest.raises(InvalidInput, match="not a three-letter ISO 4217 code"):
        priced(line(), currency="")
    with pytest.raises(InvalidInput, match="the quote is larger than can be held exactly"):
        priced(line(4 * 10**15), line(4 * 10**15))
