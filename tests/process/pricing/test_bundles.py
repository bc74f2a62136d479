"""Parts that are sold together."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.process.pricing import Bundle, BundleRule, PriceEntry, Rules, Tier, Tiers, opened
from tests.process.pricing.conftest import line, off, priced

BOX = Bundle("box", "Box", price_minor=10_00)


def amounts(*units: int, bundle: Bundle = BOX, **more: Any) -> list[int]:
    lines = (line(unit, bundle="box", **more) for unit in units)
    return [part.gross_minor for part in priced(*lines, line(5_00), bundles=(bundle,)).lines[:-1]]


def test_a_price_is_shared_out_by_list_price_to_the_last_minor_unit() -> None:
    assert amounts(4_00, 4_00, 4_00) == [3_34, 3_33, 3_33]
    assert amounts(1, 10_00, 5_00) == [1, 6_66, 3_33]


def test_two_bundles_cost_twice_and_half_a_term_costs_half() -> None:
    assert sum(amounts(20_00, 30_00, bundle=replace(BOX, quantity=Decimal(2)))) == 20_00
    assert sum(amounts(20_00, 30_00, term_months=6)) == 5_00


def test_a_bundle_never_costs_more_than_its_parts() -> None:
    assert amounts(4_00, 5_00) == [4_00, 5_00]
    assert amounts(0, 0) == [0, 0]


def test_a_price_stands_in_place_of_tiers_and_a_percentage_comes_after_them() -> None:
    half = Tiers("range", (Tier(None, percent_off=Decimal(50)),))
    percent = Bundle("box", "Box", percent_off=Decimal(10))
    assert amounts(10_00, 10_00, tiers=half) == [5_00, 5_00]
    found = priced(line(20_00, bundle="box", tiers=half), bundles=(BOX,))
    assert [step.kind for step in found.trace if step.line == 0] == ["list", "bundle"]
    assert amounts(10_00, 30_00, tiers=half, bundle=percent) == [4_50, 13_50]


def test_discounts_come_off_what_the_bundle_left() -> None:
    found = priced(line(20_00, bundle="box", discounts=(off("10"),)), bundles=(BOX,))
    assert (found.lines[0].gross_minor, found.net_minor) == (10_00, 9_00)


def test_a_bundle_of_the_rules_is_opened_into_its_lines() -> None:
    rule = BundleRule((("SEAT", Decimal(10)), ("CARE", Decimal("0.5"))), "Starter", {"EUR": 99_00})
    bundle, lines = opened(Rules(bundles={"ST": rule}), "ST", "EUR", Decimal(2), key="first")
    assert [(part.product, part.quantity, part.bundle) for part in lines] == [
        ("SEAT", 20, "first"),
        ("CARE", 1, "first"),
    ]
    book = (PriceEntry("SEAT", "EUR", 10_00), PriceEntry("CARE", "EUR", 40_00))
    found = priced(*lines, bundles=(bundle,), entries=book)
    assert (found.subtotal_minor, found.net_minor) == (240_00, 198_00)
    with pytest.raises(NotFound, match="there is no bundle 'XY'; use one of ST"):
        opened(Rules(bundles={"ST": rule}), "XY", "EUR")
    with pytest.raises(InvalidInput, match=r"the bundle 'ST' has no price in USD \(only EUR\)"):
        opened(Rules(bundles={"ST": rule}), "ST", "USD")


def test_what_does_not_fit_together_is_an_error() -> None:
    part = line(bundle="box")
    with pytest.raises(InvalidInput, match="line 1 is part of the bundle 'box', which the request lacks"):
        priced(part)
    with pytest.raises(InvalidInput, match="the bundle 'box' has no lines"):
        priced(line(), bundles=(BOX,))
    with pytest.raises(InvalidInput, match="two bundles have the key 'box'"):
        priced(part, bundles=(BOX, BOX))
    with pytest.raises(InvalidInput, match="needs either a price or percent_off"):
        priced(part, bundles=(replace(BOX, percent_off=Decimal(1)),))
    with pytest.raises(InvalidInput, match="different terms"):
        priced(part, line(bundle="box", starts_on=date(2026, 1, 1), ends_on=date(2026, 1, 31)), bundles=(BOX,))
