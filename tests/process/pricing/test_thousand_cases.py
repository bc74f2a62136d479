"""A thousand quotes, priced by the product and, from docs/pricing.md, by a second computation that shares no code."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from sales_operations.domain.errors import InvalidInput
from sales_operations.process.pricing import Priced, PriceRequest, price
from tests.process.pricing.cases import Draw
from tests.process.pricing.oracle import Answer, Refused, answer

SEED = 20261125
CASES = 1000
HALF = Decimal("0.5")


def kinds(request: PriceRequest, priced: Priced) -> set[str]:
    """What a case is a case of."""
    rules = request.rules
    found = {request.currency, rules.rounding, f"discounts {rules.discount_order}", f"tax by {rules.tax_rounding}"}
    found |= {step.kind for step in priced.trace}
    found |= {f"{rules.proration} term" for line in request.lines if line.starts_on}
    found |= {"inclusive" for tax in priced.taxes if tax.inclusive}
    for step in priced.trace:
        found |= {word for word in ("range tier", "slab tier") if step.text.startswith(word)}
    found |= {"fraction of a unit" for line in request.lines if line.quantity % 1}
    found |= {"fraction of a minor unit" for line in priced.lines if line.unit_list_minor % 1}
    found |= {"bundle price" for bundle in request.bundles if bundle.price_minor is not None}
    found |= {"bundle percent" for bundle in request.bundles if bundle.percent_off is not None}
    found |= {"several discounts on one line" for line in request.lines if len(line.discounts) > 1}
    found |= {
        "tie" for line in priced.lines if not line.term_factor and line.quantity * line.unit_list_minor % 1 == HALF
    }
    return found | {"margin" for _ in (1,) if priced.margin is not None}


def compared(priced: Priced, expected: Answer) -> list[tuple[str, Any, Any]]:
    pairs: list[tuple[str, Any, Any]] = []
    for place, (line, other) in enumerate(zip(priced.lines, expected.lines, strict=True)):
        pairs += [
            (f"line {place} list", line.list_minor, other.listed),
            (f"line {place} gross", line.gross_minor, other.gross),
            (f"line {place} discounts", tuple(one.effect_minor for one in line.discounts), other.discounts),
            (f"line {place} share", line.total_discount_minor, other.share),
            (f"line {place} amount", line.amount_minor, other.amount),
            (f"line {place} net", line.net_minor, other.net),
            (f"line {place} taxes", tuple(tax.tax_minor for tax in line.taxes), other.taxes),
            (f"line {place} total", line.total_minor, other.net + sum(other.taxes)),
            (f"line {place} cost", line.cost_minor, other.cost),
        ]
    tax = sum(expected.rates.values())
    return [
        *pairs,
        ("subtotal", priced.subtotal_minor, expected.sum("listed")),
        ("discount", priced.discount_minor, expected.sum("listed") - expected.sum("amount")),
        ("discounts", tuple(one.effect_minor for one in priced.discounts), expected.total_discounts),
        ("amount", priced.amount_minor, expected.sum("amount")),
        ("net", priced.net_minor, expected.sum("net")),
        ("tax", priced.tax_minor, tax),
        ("total", priced.total_minor, expected.sum("net") + tax),
        ("rates", {(one.name, one.percent, one.inclusive): one.tax_minor for one in priced.taxes}, expected.rates),
        ("margin", priced.margin, expected.margin),
        ("share", priced.discount_share, expected.share),
    ]


def test_a_thousand_quotes_cost_what_a_second_computation_says() -> None:
    draw, seen = Draw(SEED), Counter[str]()
    number = 0
    while seen["priced"] < CASES:
        number += 1
        request = draw.request()
        try:
            expected = answer(request)
        except Refused:
            with pytest.raises(InvalidInput, match=r"only .* is left|less than half a minor unit"):
                price(request)
            seen["refused"] += 1
            continue
        priced = price(request)
        wrong = [pair for pair in compared(priced, expected) if pair[1] != pair[2]]
        assert not wrong, (number, request, wrong)
        seen.update({"priced"} | kinds(request, priced))
    assert not {kind: count for kind, count in seen.items() if count < 50}
    assert len(seen) == 32
