"""Rules, taxes and bundles from the configuration."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sales_operations.domain.errors import NotFound, SettingsError
from sales_operations.process.pricing import (
    PriceEntry,
    ProductRule,
    Rules,
    TaxClass,
    TaxRate,
    Tier,
    Tiers,
    rules_of,
    taxes_of,
)
from sales_operations.settings import Settings, load
from tests.process.pricing.conftest import line, priced


def configured(**pricing: Any) -> Settings:
    return load({"sales_operations": {"pricing": pricing}}, environ={})


def test_without_a_configuration_the_rules_are_those_of_the_engine_and_there_is_no_tax() -> None:
    assert rules_of(configured()) == Rules()
    assert taxes_of(configured(), "DE") == ()


def test_every_switch_reaches_the_engine() -> None:
    words = {"rounding": "half_up", "discount_order": "additive", "tax_rounding": "total", "proration": "whole_month"}
    assert rules_of(configured(**words, default_term_months=1)) == Rules(**words, default_term_months=1)  # type: ignore[arg-type]


def test_numbers_are_taken_as_they_are_written_and_prices_become_minor_units() -> None:
    tiers = [{"up_to": 2.5, "percent_off": 0.1}, {"price": {"EUR": 19.99, "JPY": "1500", "KWD": 1.2345}}]
    found = rules_of(configured(products={"A": {"tiers": tiers, "tier_mode": "slab", "default_term_months": 1}}))
    second = {"EUR": Decimal(1999), "JPY": Decimal(1500), "KWD": Decimal("1234.5")}
    bands = (Tier(Decimal("2.5"), None, Decimal("0.1")), Tier(None, second))
    assert found.products["A"] == ProductRule(Tiers("slab", bands), 1)
    entries = (PriceEntry("A", "JPY", 2000),)
    yen = priced(line(None, 3, product="A", term_months=1), rules=found, currency="JPY", entries=entries)
    assert yen.total_minor == 4995 + 750


def test_a_country_is_found_whatever_its_case_and_others_have_their_own_key() -> None:
    standard = {"standard": {"rates": [{"name": "VAT", "percent": 19}]}}
    settings = configured(taxes={"DE": standard, "other": {"standard": {"rates": []}}}, country="DE")
    german = (TaxClass("standard", (TaxRate("VAT", Decimal(19)),)),)
    assert taxes_of(settings, "de ") == taxes_of(settings) == german
    assert taxes_of(settings, "FR") == (TaxClass("standard"),)


def test_a_country_without_taxes_is_an_error_that_says_where_to_add_them() -> None:
    settings = configured(taxes={"DE": {"standard": {"rates": []}}})
    with pytest.raises(NotFound, match=r"no taxes for 'FR'; add pricing\.taxes\.FR, or pricing\.taxes\.other"):
        taxes_of(settings, "FR")
    with pytest.raises(NotFound, match=r"country is not known; add pricing\.country, or pricing\.taxes\.other"):
        taxes_of(settings)


@pytest.mark.parametrize(
    ("pricing", "message"),
    [
        ({"rounding": "up"}, "rounding: expected one of half_even, half_up; found the text 'up'"),
        ({"country": ""}, "country"),
        (
            {"taxes": {"DE": {"s": {"rates": [{"name": "VAT", "percent": 101}]}}}},
            "percent: expected a percentage from 0",
        ),
        ({"taxes": {"DE": {"s": {"rates": [{"name": "V", "percent": 1}] * 2}}}}, "the same name; rename one"),
        ({"products": {"A": {"tiers": [{"percent_off": 1, "price": {"EUR": 1}}]}}}, "either price or percent_off"),
        ({"products": {"A": {"tiers": [{"percent_off": 1}] * 2}}}, "only the last tier may be without up_to"),
        ({"products": {"A": {"tiers": [{"percent_off": 1, "up_to": 5}]}}}, "the last tier has no end"),
        (
            {"products": {"A": {"tiers": [{"percent_off": 1, "up_to": n} for n in (5, 5)] + [{"percent_off": 1}]}}},
            "up_to 5 does not lie above 5; list the tiers in rising order",
        ),
        ({"products": {"A": {"tiers": [{"price": {"EURO": 1}}]}}}, "'EURO' is not an ISO 4217 currency code"),
        ({"bundles": {"B": {"parts": [{"product": "A"}]}}}, "a bundle needs either price or percent_off"),
        ({"bundles": {"B": {"parts": [], "percent_off": 1}}}, "at least one part; found an empty list"),
        ({"bundles": {"B": {"parts": [{"product": "A", "quantity": "many"}], "percent_off": 1}}}, "a number above 0"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_refused_with_its_key(pricing: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        configured(**pricing)
