"""What a quantity costs at its tiers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.process.pricing import PriceEntry, ProductRule, Rules, Tier, Tiers
from tests.process.pricing.conftest import line, priced

BANDS = (
    Tier(Decimal(9), percent_off=Decimal(0)),
    Tier(Decimal(49), percent_off=Decimal(10)),
    Tier(None, {"EUR": 80_00}),
)
BOOK = (PriceEntry("SEAT", "EUR", 100_00, book="list"),)


def gross(mode: Any, quantity: str, bands: tuple[Tier, ...] = BANDS, **more: Any) -> int:
    return priced(line(quantity=quantity, tiers=Tiers(mode, bands)), **more).lines[0].gross_minor


@pytest.mark.parametrize(
    ("quantity", "ranged", "slabbed"),
    [
        ("0", 0, 0),
        ("9", 900_00, 900_00),
        ("9.5", 855_00, 945_00),
        ("10", 900_00, 990_00),
        ("49", 4410_00, 4500_00),
        ("50", 4000_00, 4580_00),
        ("50.25", 4020_00, 4600_00),
    ],
)
def test_range_takes_the_tier_reached_and_slab_each_band_at_its_own(quantity: str, ranged: int, slabbed: int) -> None:
    assert gross("range", quantity) == ranged
    assert gross("slab", quantity) == slabbed


def test_the_unit_after_tiers_is_shown_and_an_average_in_slabs() -> None:
    ranged, slabbed = (priced(line(quantity=11, tiers=Tiers(mode, BANDS))).lines[0] for mode in ("range", "slab"))  # type: ignore[arg-type]
    assert (ranged.unit_list_minor, ranged.unit_minor) == (100_00, 90_00)
    assert slabbed.unit_minor == Decimal("9818.181818")


def test_a_tier_never_makes_a_unit_dearer_than_its_list_price() -> None:
    dear = (Tier(None, {"EUR": 100_01}),)
    assert gross("range", "7", dear) == gross("slab", "7", dear) == 700_00


def test_tiers_of_the_rules_are_for_list_prices_and_not_for_agreed_ones() -> None:
    rules = Rules(products={"S-1": ProductRule(Tiers("range", BANDS))})
    listed = priced(line(None, 10, code="S-1"), entries=BOOK, rules=rules)
    agreed = priced(line(95_00, 10, code="S-1"), entries=BOOK, rules=rules)
    assert (listed.net_minor, listed.discount_minor) == (900_00, 100_00)
    assert (agreed.net_minor, agreed.discount_minor) == (950_00, 0)


def test_the_first_tier_s_price_is_the_list_price_where_no_book_has_one() -> None:
    bands = (Tier(Decimal(10), {"EUR": 50_00}), Tier(None, {"EUR": 40_00}))
    found = priced(line(None, 11, tiers=Tiers("range", bands)))
    assert (found.subtotal_minor, found.net_minor) == (550_00, 440_00)
    with pytest.raises(NotFound, match="has no price in USD"):
        priced(line(None, 11, tiers=Tiers("range", bands)), currency="USD")


@pytest.mark.parametrize(
    ("bands", "message"),
    [
        ((), "end somewhere"),
        (BANDS[:2], "end somewhere; leave up_to out in the last one"),
        ((BANDS[1], BANDS[0], BANDS[2]), "do not rise: up_to 9 comes after 49"),
        ((Tier(None, percent_off=Decimal(1)), BANDS[2]), "before the last has no end"),
        ((Tier(None),), "needs either a price or percent_off"),
        ((Tier(None, {"USD": 1}),), r"without end has no price in EUR \(only USD\); add one"),
        ((Tier(None, percent_off=Decimal(101)),), "the most is 100 %"),
        ((Tier(None, {"EUR": -1}),), "cannot be below zero"),
    ],
)
def test_tiers_that_make_no_sense_are_errors(bands: tuple[Tier, ...], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        gross("range", "60", bands)
