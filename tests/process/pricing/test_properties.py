"""What holds for every quote."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from sales_operations.domain.errors import InvalidInput
from sales_operations.process.pricing import (
    Discount,
    LineRequest,
    Priced,
    PriceRequest,
    Rules,
    TaxClass,
    TaxRate,
    Tier,
    Tiers,
    price,
)
from tests.process.pricing.cases import Draw
from tests.process.pricing.conftest import TODAY

RULES = st.builds(
    Rules,
    st.sampled_from(("half_even", "half_up")),
    st.sampled_from(("compound", "additive")),
    st.sampled_from(("line", "total")),
)
PERCENTS = st.decimals(0, 30, places=2)
QUANTITIES = st.decimals(0, 500, places=2)
UNITS = st.integers(0, 10**7)
DISCOUNTS = st.lists(st.builds(Discount, st.just("d"), PERCENTS), max_size=3).map(tuple)
TAXES = st.lists(PERCENTS, max_size=3)
LINES = st.lists(
    st.builds(LineRequest, st.just("P"), QUANTITIES, unit_price_minor=UNITS, discounts=DISCOUNTS),
    min_size=1,
    max_size=6,
).map(tuple)


def classes(percents: list[Decimal], inclusive: bool) -> tuple[TaxClass, ...]:
    return (TaxClass("s", tuple(TaxRate(f"t{n}", percent) for n, percent in enumerate(percents)), inclusive),)


REQUESTS = st.builds(
    lambda lines, discounts, percents, inclusive, rules, currency: PriceRequest(
        currency, TODAY, lines, discounts, taxes=classes(percents, inclusive), tax_class="s", rules=rules
    ),
    LINES,
    DISCOUNTS,
    TAXES,
    st.booleans(),
    RULES,
    st.sampled_from(("EUR", "JPY", "KWD")),
)
ANY = st.integers(0, 2**32).map(lambda seed: Draw(seed).request())
"""Quotes of every kind, with tiers, terms, bundles, books and conversion."""


def allowed(request: PriceRequest) -> Priced:
    """Its price; a quote that is refused is no case."""
    try:
        return price(request)
    except InvalidInput:
        assume(False)
        raise


@given(ANY)
def test_every_total_is_the_sum_of_its_lines_and_nothing_is_below_zero(request: PriceRequest) -> None:
    found = allowed(request)

    def add(figure: Callable[[Any], int]) -> int:
        return sum(figure(line) for line in found.lines)

    assert found.subtotal_minor == add(lambda line: line.list_minor)
    assert found.amount_minor == add(lambda line: line.amount_minor) == found.subtotal_minor - found.discount_minor
    assert found.net_minor == add(lambda line: line.net_minor)
    assert found.tax_minor == add(lambda line: line.tax_minor) == sum(tax.tax_minor for tax in found.taxes)
    assert found.total_minor == add(lambda line: line.total_minor) == found.net_minor + found.tax_minor
    assert sum(one.effect_minor for one in found.discounts) == add(lambda line: line.total_discount_minor)
    for line in found.lines:
        effects = [one.effect_minor for one in line.discounts]
        assert line.gross_minor - sum(effects) - line.total_discount_minor == line.amount_minor
        assert line.list_minor >= line.gross_minor >= line.amount_minor >= 0
        assert line.net_minor >= 0
        assert min([*effects, *(tax.tax_minor for tax in line.taxes), line.total_discount_minor]) >= 0


@given(ANY)
def test_the_trace_of_every_line_and_of_the_quote_leads_to_its_total(request: PriceRequest) -> None:
    found = allowed(request)
    for position, total in [*((n, line.total_minor) for n, line in enumerate(found.lines)), (None, found.total_minor)]:
        now = 0
        for step in (step for step in found.trace if step.line == position):
            now += step.effect_minor
            assert step.amount_minor == now
        assert now == total


@given(REQUESTS, st.randoms(use_true_random=False))
def test_the_order_of_percentages_does_not_matter(request: PriceRequest, random: Any) -> None:
    def mixed(discounts: tuple[Discount, ...]) -> tuple[Discount, ...]:
        return tuple(random.sample(discounts, len(discounts)))

    lines = tuple(replace(line, discounts=mixed(line.discounts)) for line in request.lines)
    other = price(replace(request, lines=lines, discounts=mixed(request.discounts)))
    assert [line.total_minor for line in other.lines] == [line.total_minor for line in price(request).lines]


@given(
    st.integers(10**6, 10**8),
    st.lists(st.one_of(PERCENTS, st.integers(0, 10**5)), min_size=2, max_size=3),
    st.randoms(use_true_random=False),
)
def test_the_order_of_additive_discounts_does_not_matter_whatever_they_are(
    unit: int, offs: list[Decimal | int], random: Any
) -> None:
    def net(offs: list[Decimal | int]) -> int:
        discounts = [
            Discount("d", amount_minor=off) if isinstance(off, int) else Discount("d", percent=off) for off in offs
        ]
        line = LineRequest("P", Decimal(1), unit_price_minor=unit, discounts=tuple(discounts))
        return price(PriceRequest("EUR", TODAY, (line,), rules=Rules(discount_order="additive"))).net_minor

    assert net(offs) == net(random.sample(offs, len(offs)))


@given(LINES, DISCOUNTS, st.randoms(use_true_random=False))
def test_the_order_of_the_lines_does_not_change_the_total(
    lines: tuple[LineRequest, ...], discounts: tuple[Discount, ...], random: Any
) -> None:
    mixed = tuple(random.sample(lines, len(lines)))
    first, other = (price(PriceRequest("EUR", TODAY, one, discounts)) for one in (lines, mixed))
    assert first.total_minor == other.total_minor


@given(st.lists(st.tuples(st.integers(1, 400), PERCENTS), max_size=4), QUANTITIES, QUANTITIES)
def test_with_falling_rates_a_larger_quantity_has_no_higher_unit_and_in_slabs_no_lower_amount(
    given_bands: list[tuple[int, Decimal]], one: Decimal, other: Decimal
) -> None:
    ends = sorted({end for end, _ in given_bands})
    offs = sorted([Decimal(0), *(percent for _, percent in given_bands)])[: len(ends) + 1]
    bands = tuple(Tier(Decimal(end), percent_off=off) for end, off in zip(ends, offs, strict=False))
    bands += (Tier(None, percent_off=offs[-1]),)
    less, more = sorted((one, other))
    assume(less > 0)
    for mode in ("range", "slab"):
        few, many = (
            price(
                PriceRequest("EUR", TODAY, (LineRequest("P", q, unit_price_minor=100_000, tiers=Tiers(mode, bands)),))
            ).lines[0]
            for q in (less, more)
        )  # type: ignore[arg-type]
        assert many.unit_minor <= few.unit_minor
        if mode == "slab":
            assert many.gross_minor >= few.gross_minor


@given(REQUESTS, st.integers(2, 1000))
def test_prices_that_are_larger_by_a_factor_lead_to_amounts_that_are(request: PriceRequest, factor: int) -> None:
    lines = tuple(replace(line, unit_price_minor=(line.unit_price_minor or 0) * factor) for line in request.lines)
    small, large = price(request), price(replace(request, lines=lines))
    # A line, a share of a discount and each of up to three taxes are rounded: half a minor unit each, or one when shared.
    slack = (factor + 1) * 6 * len(lines)
    assert abs(large.total_minor - small.total_minor * factor) <= slack


@given(REQUESTS)
def test_minor_units_are_minor_units_in_every_currency(request: PriceRequest) -> None:
    totals = {price(replace(request, currency=currency)).total_minor for currency in ("EUR", "JPY", "KWD")}
    assert len(totals) == 1


@given(REQUESTS)
def test_a_higher_discount_never_makes_a_quote_dearer(request: PriceRequest) -> None:
    more = replace(request, discounts=(*request.discounts, Discount("more", percent=Decimal(1))))
    assert price(more).amount_minor <= price(request).amount_minor
