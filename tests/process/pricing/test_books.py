"""Which price of a book holds, and what happens where it is not clear."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.process.pricing import PriceEntry, Rate, choose
from tests.process.pricing.conftest import TODAY, line, priced

OLD = PriceEntry("SEAT", "EUR", 90_00, None, date(2026, 6, 30), "list")
NEW = PriceEntry("SEAT", "EUR", 100_00, date(2026, 7, 1), None, "list")
DOLLAR = replace(NEW, currency="USD", unit_price_minor=110_00)
RATE = Rate("EUR", "USD", Decimal("0.9"), date(2026, 11, 1), "bank")


@pytest.mark.parametrize(("day", "found"), [(date(2026, 6, 30), OLD), (date(2026, 7, 1), NEW)])
def test_the_first_and_the_last_day_of_a_price_belong_to_it(day: date, found: PriceEntry) -> None:
    assert choose((OLD, NEW, DOLLAR), "SEAT", "EUR", day) is found


def test_a_book_that_is_named_is_the_only_one_that_counts() -> None:
    partner = replace(NEW, unit_price_minor=80_00, book="partner")
    assert choose((NEW, partner), "SEAT", "EUR", TODAY, "partner") is partner
    with pytest.raises(NotFound, match="no price in EUR on 2026-11-25 in the price book 'public'; add one"):
        choose((NEW, partner), "SEAT", "EUR", TODAY, "public")


def test_two_prices_that_hold_at_once_are_an_error_that_names_both() -> None:
    partner = replace(NEW, unit_price_minor=80_00, valid_from=None, book="partner")
    with pytest.raises(InvalidInput) as error:
        choose((NEW, partner), "SEAT", "EUR", TODAY)
    assert "'SEAT' has 2 prices in EUR on 2026-11-25" in str(error.value)
    assert "100.00 in the price book 'list' from 2026-07-01; 80.00 in the price book 'partner'." in str(error.value)


def test_a_price_without_currency_is_an_error_as_soon_as_it_would_hold() -> None:
    without = replace(NEW, currency=None, book="import")
    with pytest.raises(
        InvalidInput, match=r"line 1 \(SEAT\): the price of 'SEAT' in the price book 'import' has no curr"
    ):
        priced(line(None), entries=(NEW, without))
    assert priced(line(None), entries=(NEW, replace(without, valid_to=date(2026, 11, 24)))).total_minor == 100_00


def test_a_missing_price_says_what_there_is_instead() -> None:
    with pytest.raises(NotFound, match=r"line 1 \(SEAT\): 'SEAT' has no price in EUR .* \(there are prices in USD\)"):
        priced(line(None), entries=(DOLLAR,))
    with pytest.raises(NotFound, match=r"\(there are prices for other days\)"):
        priced(line(None), entries=(OLD,))
    with pytest.raises(NotFound, match="on 2026-11-25; add one, or give the line a price of its own"):
        priced(line(None))


def test_a_line_with_its_own_price_asks_no_book() -> None:
    assert priced(line(7), entries=(NEW, NEW)).lines[0].book is None


def test_nothing_is_converted_that_was_not_asked_for() -> None:
    with pytest.raises(NotFound):
        priced(line(None), entries=(DOLLAR,), rates=(RATE,))


def test_a_converted_price_is_rounded_to_a_minor_unit_and_says_how_it_came_about() -> None:
    found = priced(line(None, 3), entries=(replace(DOLLAR, unit_price_minor=33_33),), rates=(RATE,), convert_from="USD")
    assert found.lines[0].unit_list_minor == 30_00
    assert found.subtotal_minor == 90_00
    assert found.trace[0].text == "converted: 33.33 USD is 30.00 EUR (1 USD = 0.9 EUR, bank, from 2026-11-01)"


def test_a_price_in_the_currency_of_the_quote_goes_before_a_converted_one() -> None:
    assert priced(line(None), entries=(NEW, DOLLAR), rates=(RATE,), convert_from="USD").subtotal_minor == 100_00


@pytest.mark.parametrize(
    ("target", "rate", "unit"),
    [
        ("JPY", Rate("JPY", "USD", Decimal(150), TODAY), 16_500),
        ("KWD", Rate("USD", "KWD", Decimal("3.25"), TODAY), 33_846),
    ],
)
def test_the_minor_units_of_both_currencies_count(target: str, rate: Rate, unit: int) -> None:
    found = priced(line(None), currency=target, entries=(DOLLAR,), rates=(rate,), convert_from="USD")
    assert found.lines[0].unit_list_minor == unit


def test_the_latest_rate_of_the_day_or_before_serves_and_the_direct_one_first() -> None:
    older = replace(RATE, rate=Decimal("0.5"), valid_from=date(2026, 10, 1))
    later = replace(RATE, rate=Decimal("0.7"), valid_from=date(2026, 11, 26))
    turned = Rate("USD", "EUR", Decimal(2), TODAY)
    found = priced(line(None), entries=(DOLLAR,), rates=(older, RATE, later, turned), convert_from="USD")
    assert found.subtotal_minor == 99_00
    assert priced(line(None), entries=(DOLLAR,), rates=(later, turned), convert_from="USD").subtotal_minor == 55_00


def test_rates_that_do_not_serve_are_errors() -> None:
    contradicting = (RATE, replace(RATE, rate=Decimal("0.8")))
    with pytest.raises(InvalidInput, match="two rates between USD and EUR from 2026-11-01; keep one"):
        priced(line(None), entries=(DOLLAR,), rates=contradicting, convert_from="USD")
    with pytest.raises(InvalidInput, match="is 0; mend it"):
        priced(line(None), entries=(DOLLAR,), rates=(replace(RATE, rate=Decimal(0)),), convert_from="USD")
    with pytest.raises(NotFound, match="no rate from USD to EUR on 2026-11-25; add one, or a price in EUR"):
        priced(line(None), entries=(DOLLAR,), convert_from="USD")
    cent = replace(DOLLAR, unit_price_minor=1)
    with pytest.raises(InvalidInput, match=r"0\.01 USD, is less than half a minor unit of JPY"):
        priced(
            line(None),
            currency="JPY",
            entries=(cent,),
            rates=(Rate("JPY", "USD", Decimal(9), TODAY),),
            convert_from="USD",
        )
