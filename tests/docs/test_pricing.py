"""The page on pricing: its examples are run, its configuration is loaded."""

from __future__ import annotations

import doctest
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import yaml

from sales_operations.process.pricing import PriceEntry, PriceRequest, opened, price, rules_of, taxes_of
from sales_operations.settings import load

PAGE = Path(__file__).parents[2] / "docs" / "pricing.md"


def test_every_example_of_the_page_gives_what_stands_below_it() -> None:
    failed, run = doctest.testfile(str(PAGE), module_relative=False)
    assert failed == 0
    assert run >= 25


def test_the_configuration_of_the_page_prices_its_bundle() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    settings = load(yaml.safe_load(block), environ={})
    rules = rules_of(settings)
    bundle, lines = opened(rules, "STARTER", "EUR")
    entries = (PriceEntry("SEAT", "EUR", 100_00), PriceEntry("GUIDE", "EUR", 50_00))
    priced = price(
        PriceRequest(
            "EUR",
            date(2026, 11, 25),
            lines,
            bundles=(bundle,),
            entries=entries,
            taxes=taxes_of(settings, "de"),
            tax_class=settings.pricing.tax_class,
            rules=rules,
        )
    )
    assert (priced.subtotal_minor, priced.net_minor, priced.total_minor) == (1050_00, 990_00, 1178_10)
    assert rules.products["SEAT"].tiers is not None
    assert rules.products["SEAT"].tiers.bands[1].percent_off == Decimal("12.5")
    assert taxes_of(settings, "Atlantis")[0].rates == ()
