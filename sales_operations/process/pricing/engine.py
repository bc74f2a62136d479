"""From a request to a priced quote: lines, then discounts on the total, then taxes. Values in, values out."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction

from sales_operations.domain.errors import InvalidInput
from sales_operations.domain.money import LARGEST_MINOR, exponent
from sales_operations.process.pricing.discounts import Discounted, discounted
from sales_operations.process.pricing.exact import exact, money, shared_out, six_decimals, trimmed, whole
from sales_operations.process.pricing.lines import Draft, drafted
from sales_operations.process.pricing.priced import Priced, PricedLine, Step, TaxEffect
from sales_operations.process.pricing.request import PriceRequest
from sales_operations.process.pricing.taxes import Taxed, class_of, taxed


def price(request: PriceRequest) -> Priced:
    """Price a quote exactly, as ``docs/pricing.md`` defines it.

    Raises InvalidInput for what cannot be priced (a negative quantity, a discount below zero, two prices that hold at
    once, a price without currency, an unknown tax class …) and NotFound for a price or rate that is not there. Each
    names the line and what to do.
    """
    exponent(request.currency)
    if not request.lines:
        raise InvalidInput("there are no lines to price; add one")
    drafts = drafted(request)
    amounts = [draft.shown for draft in drafts]
    before = sum(amounts)
    if sum(draft.list_minor for draft in drafts) > LARGEST_MINOR:
        raise InvalidInput("the quote is larger than can be held exactly; split it")
    total = discounted(Fraction(before), request.discounts, request.rules, request.currency, "the total")
    after = total.effects[-1][1] if total.effects else before
    shares = shared_out(before - after, amounts)
    for draft, share in zip(drafts, shares, strict=True):
        if total.effects:
            draft.note("total_discount", "its part of the discounts on the total", draft.shown - share)
    classes = [class_of(request, draft.request, draft.where) for draft in drafts]
    taxes = taxed([draft.shown for draft in drafts], classes, request.rules)
    lines = tuple(_line(request, draft, share, tax) for draft, share, tax in zip(drafts, shares, taxes, strict=True))
    return _totals(request, lines, drafts, total)


def _line(request: PriceRequest, draft: Draft, share: int, tax: Taxed) -> PricedLine:
    amount = draft.shown
    for one in tax.taxes:
        _note_tax(draft, one)
    line = draft.request
    cost = None
    if line.cost_minor is not None:
        each = exact(line.cost_minor, f"the cost of {draft.where}")
        factor = 1 if draft.factor is None else draft.factor
        cost = whole(each * draft.quantity * factor, request.rules.rounding, f"the cost of {draft.where}")
    return PricedLine(
        product=line.product,
        name=line.name,
        quantity=trimmed(line.quantity),
        unit_list_minor=six_decimals(draft.unit_list),
        unit_minor=six_decimals(draft.unit),
        term_factor=None if draft.factor is None else six_decimals(draft.factor),
        list_minor=draft.list_minor,
        gross_minor=draft.gross_minor,
        discounts=draft.discounts,
        total_discount_minor=share,
        amount_minor=amount,
        net_minor=tax.net_minor,
        tax_minor=tax.tax_minor,
        total_minor=tax.net_minor + tax.tax_minor,
        taxes=tax.taxes,
        cost_minor=cost,
        margin=_margin(tax.net_minor, cost),
        bundle=line.bundle,
        book=draft.book,
    )


def _note_tax(draft: Draft, tax: TaxEffect) -> None:
    name = f"{tax.name} {trimmed(tax.percent)} %"
    if tax.inclusive:
        contained = money(tax.tax_minor, draft.currency)
        draft.note("tax", f"{name}: {contained} contained", draft.shown)
    else:
        draft.note("tax", f"{name} of {money(tax.base_minor, draft.currency)}", draft.shown + tax.tax_minor)


def _totals(request: PriceRequest, lines: tuple[PricedLine, ...], drafts: Sequence[Draft], total: Discounted) -> Priced:
    subtotal = sum(line.list_minor for line in lines)
    amount = sum(line.amount_minor for line in lines)
    net = sum(line.net_minor for line in lines)
    costs = [line.cost_minor for line in lines if line.cost_minor is not None]
    cost = sum(costs) if len(costs) == len(lines) else None
    let_go = Fraction(subtotal - amount, subtotal) if subtotal else None
    taxes = _by_rate(lines)
    steps = [step for draft in drafts for step in draft.steps]
    return Priced(
        currency=request.currency,
        on=request.on,
        lines=lines,
        subtotal_minor=subtotal,
        discount_minor=subtotal - amount,
        discounts=tuple(effect for effect, _, _ in total.effects),
        amount_minor=amount,
        net_minor=net,
        tax_minor=sum(line.tax_minor for line in lines),
        total_minor=sum(line.total_minor for line in lines),
        taxes=taxes,
        discount_share=None if let_go is None else six_decimals(let_go, ROUND_CEILING),
        cost_minor=cost,
        margin=_margin(net, cost),
        trace=(*steps, *_summed(request, lines, total, taxes)),
    )


def _by_rate(lines: Sequence[PricedLine]) -> tuple[TaxEffect, ...]:
    found: dict[tuple[str, Decimal, bool], tuple[int, int]] = {}
    for tax in (tax for line in lines for tax in line.taxes):
        key = (tax.name, tax.percent, tax.inclusive)
        base, sum_of = found.get(key, (0, 0))
        found[key] = (base + tax.base_minor, sum_of + tax.tax_minor)
    return tuple(TaxEffect(*key, base_minor=base, tax_minor=tax) for key, (base, tax) in found.items())


def _summed(
    request: PriceRequest, lines: Sequence[PricedLine], total: Discounted, taxes: Sequence[TaxEffect]
) -> list[Step]:
    """The steps of the quote as a whole."""
    listed = sum(line.list_minor for line in lines)
    before = sum(line.amount_minor + line.total_discount_minor for line in lines)
    steps = [Step(None, "list", "all lines at list price", listed, listed)]
    if before != listed:
        steps.append(Step(None, "discount", "tiers, bundles and discounts of the lines", before - listed, before))
    now = before
    for effect, after, text in total.effects:
        steps.append(Step(None, "total_discount", text, -effect.effect_minor, after))
        now = after
    for tax in taxes:
        name = f"{tax.name} {trimmed(tax.percent)} %"
        if tax.inclusive:
            text, added = f"{name}: {money(tax.tax_minor, request.currency)} contained", 0
        else:
            text, added = f"{name} of {money(tax.base_minor, request.currency)}", tax.tax_minor
        now += added
        steps.append(Step(None, "tax", text, added, now))
    return steps


def _margin(net: int, cost: int | None) -> Decimal | None:
    return None if cost is None or not net else six_decimals(1 - Fraction(cost, net), ROUND_FLOOR)
