"""Taxes: on top or contained, rounded for each line or on the total."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sales_operations.domain.errors import InvalidInput
from sales_operations.process.pricing import PriceRequest, ProductRule, Rules, TaxClass, TaxRate, price
from tests.process.pricing.conftest import TODAY, line, priced, taxes

TOTAL = Rules(tax_rounding="total")


def test_taxes_come_on_top_or_are_contained() -> None:
    on_top, contained = priced(line(119_00), taxes=taxes("19")), priced(line(119_00), taxes=taxes("19", inclusive=True))
    assert (on_top.net_minor, on_top.tax_minor, on_top.total_minor) == (119_00, 22_61, 141_61)
    assert (contained.net_minor, contained.tax_minor, contained.total_minor) == (100_00, 19_00, 119_00)
    assert contained.amount_minor == 119_00


def test_several_rates_are_each_on_the_net() -> None:
    found = priced(line(100_00), taxes=taxes("6.25", "2.875"))
    assert [tax.tax_minor for tax in found.taxes] == [6_25, 2_88]
    inside = priced(line(118_00), taxes=taxes("9", "9", inclusive=True))
    assert [(tax.base_minor, tax.tax_minor) for tax in inside.taxes] == [(100_00, 9_00), (100_00, 9_00)]


def test_half_a_minor_unit_goes_where_the_setting_says() -> None:
    even, up = (
        priced(line(50), taxes=taxes("5"), rules=Rules(rounding=rounding)) for rounding in ("half_even", "half_up")
    )
    assert (even.tax_minor, up.tax_minor) == (2, 3)


def test_rounding_on_the_total_differs_from_rounding_each_line_and_still_adds_up() -> None:
    lines = [line(13)] * 3
    by_line, on_total = priced(*lines, taxes=taxes("19")), priced(*lines, taxes=taxes("19"), rules=TOTAL)
    assert (by_line.tax_minor, on_total.tax_minor) == (6, 7)
    assert [part.tax_minor for part in on_total.lines] == [3, 2, 2]


def test_a_rate_is_rounded_once_over_all_classes_that_have_it() -> None:
    rate = TaxRate("VAT", Decimal(19))
    classes = (TaxClass("standard", (rate,)), TaxClass("services", (rate,)))
    found = priced(line(13), line(13, tax_class="services"), taxes=classes, rules=TOTAL)
    assert [(tax.base_minor, tax.tax_minor) for tax in found.taxes] == [(26, 5)]
    lower = (classes[0], TaxClass("services", (TaxRate("VAT", Decimal(18)),)))
    found = priced(line(13), line(13, tax_class="services"), taxes=lower, rules=TOTAL)
    assert [(tax.percent, tax.tax_minor) for tax in found.taxes] == [(19, 2), (18, 2)]


def test_a_line_never_contains_more_tax_than_it_costs() -> None:
    for rules in (Rules("half_up"), Rules("half_up", tax_rounding="total")):
        found = priced(*[line(1)] * 3, *[line(2)] * 3, taxes=taxes("100", "100", "100", inclusive=True), rules=rules)
        assert all(part.net_minor >= 0 for part in found.lines)
    found = priced(*[line(1)] * 20, taxes=taxes("9", "9", inclusive=True), rules=TOTAL)
    assert found.tax_minor == 4
    assert max(part.tax_minor for part in found.lines) == 1


def test_the_class_is_the_line_s_or_the_product_s_or_the_usual_one() -> None:
    classes = (*taxes("19"), TaxClass("reduced", (TaxRate("VAT", Decimal(7)),)), TaxClass("exempt"))
    rules = Rules(products={"BOOK": ProductRule(tax_class="reduced")})
    book, own, usual = (line(100, product="BOOK"), line(100, product="BOOK", tax_class="exempt"), line(100))
    found = priced(book, own, usual, taxes=classes, rules=rules)
    assert [part.tax_minor for part in found.lines] == [7, 0, 19]


def test_without_tax_classes_there_is_no_tax() -> None:
    found = priced(line(100, tax_class="standard"))
    assert (found.tax_minor, found.taxes, found.total_minor) == (0, (), 100)


def test_a_line_whose_class_is_not_clear_is_an_error() -> None:
    with pytest.raises(InvalidInput, match=r"line 1 \(SEAT\) has the tax class 'luxury', which is not among standard"):
        priced(line(tax_class="luxury"), taxes=taxes("19"))
    with pytest.raises(InvalidInput, match="has no tax class; give it one of reduced"):
        price(PriceRequest("EUR", TODAY, (line(),), taxes=(TaxClass("reduced"),)))
    with pytest.raises(InvalidInput, match="two tax classes have one name"):
        priced(line(), taxes=taxes("19") * 2)
    with pytest.raises(InvalidInput, match="the tax 'tax 0' is 101 %"):
        priced(line(), taxes=taxes("101"))
