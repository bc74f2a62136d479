"""From what stands in a quote to what it costs: the request to the price engine, and the figures that are judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import orjson

from sales_operations.domain.errors import InvalidInput, NotFound, SalesOperationsError
from sales_operations.process.pricing import (
    Discount,
    LineRequest,
    Priced,
    PricedLine,
    PriceRequest,
    Rules,
    TaxClass,
    TaxEffect,
    opened,
    price,
    rules_of,
    taxes_of,
)
from sales_operations.process.quoting.approvals import Figures
from sales_operations.process.quoting.content import Content, Line, Reduction, content_of, stored_content
from sales_operations.process.quoting.sources import DECIMALS, Sources
from sales_operations.settings import Settings

AGREED = "Agreed price"
"""What the discount down to a price that was agreed is called."""


@dataclass(frozen=True)
class Policy:
    """How prices are made here: rules, the taxes of the customer's country, the price book and conversion asked for."""

    rules: Rules
    taxes: tuple[TaxClass, ...] = ()
    tax_class: str | None = None
    book: str | None = None
    convert_from: str | None = None


@dataclass(frozen=True)
class Offer:
    """A content with its price. ``priced`` has the lines without a ``problem``, in their order; None where there is none."""

    content: Content
    priced: Priced | None

    def lines(self) -> list[tuple[Line, PricedLine | None]]:
        """Each line with its price, None for one that cannot be priced."""
        prices = iter(self.priced.lines if self.priced else ())
        return [(line, None if line.problem else next(prices, None)) for line in self.content.lines]

    def columns(self) -> dict[str, Any]:
        """The columns of the store that hold content and price."""
        results = {
            line.number: {
                name: getattr(found, name)
                for name in ("list_minor", "gross_minor", "amount_minor", "net_minor", "tax_minor", "total_minor")
            }
            | {"unit_list_minor": format(found.unit_list_minor, "f")}
            for line, found in self.lines()
            if found is not None
        }
        kept = {
            "taxes": [_tax(tax) for tax in self.priced.taxes] if self.priced else [],
            "trace": [vars(step) for step in self.priced.trace] if self.priced else [],
            "cost_minor": self.priced.cost_minor if self.priced else None,
        }
        totals = {
            "amount_minor": "subtotal_minor",
            "discount_minor": "discount_minor",
            "net_minor": "net_minor",
            "tax_minor": "tax_minor",
            "total_minor": "total_minor",
        }
        return {
            **stored_content(self.content, results),
            **{column: getattr(self.priced, name) if self.priced else 0 for column, name in totals.items()},
            "pricing": orjson.dumps(kept).decode(),
        }


def _tax(tax: TaxEffect) -> dict[str, Any]:
    return vars(tax) | {"percent": format(tax.percent, "f")}


def figures_of(row: Mapping[str, Any]) -> Figures:
    """What is judged in a stored quote, from the amounts that it holds.

    Discounts are counted from the price after tiers and bundles, which the rules give anyway.
    """
    content = content_of(row)
    items = [item for item in orjson.loads(row["items"]) if not item.get("problem")]
    offs = [
        (item.get("gross_minor", item["list_minor"]), item.get("amount_minor", item["total_minor"])) for item in items
    ] or [(row["amount_minor"], row["total_minor"])]
    worst = max(offs, key=lambda off: Fraction(off[0] - off[1], off[0]) if off[0] else Fraction(0))
    return Figures(
        currency=row["currency"],
        list_minor=sum(gross for gross, _ in offs),
        amount_minor=sum(amount for _, amount in offs),
        net_minor=row["total_minor"] if row["net_minor"] is None else row["net_minor"],
        line_list_minor=worst[0],
        line_amount_minor=worst[1],
        cost_minor=orjson.loads(row["pricing"])["cost_minor"] if row["pricing"] else None,
        payment_days=content.payment_days,
        term_months=content.term_months,
    )


def policy(settings: Settings, country: str | None) -> Policy:
    """How this company prices for a customer in that country. Raises NotFound where the country's taxes are not known."""
    pricing = settings.pricing
    return Policy(
        rules_of(settings), taxes_of(settings, country), pricing.tax_class, pricing.book, pricing.convert_from
    )


def has_book_price(line: Line, held: Sources, content: Content, rules: Policy) -> bool:
    """Whether a line of a product has a list price without being given one."""
    alone = replace(content, lines=(replace(line, agreed_minor=None, discounts=(), problem=None),), discounts=())
    try:
        price(_request(replace(alone, bundles=()), held, replace(rules, taxes=())))
    except NotFound:
        return False
    return True


def offer(content: Content, sources: Sources, policy: Policy, *, strict: bool = True) -> Offer:
    """Price a quote, but for the lines that have a ``problem``.

    Raises what the price engine says; without ``strict``, the lines that it refuses get a problem instead.
    """
    if not all(line.problem for line in content.lines):
        try:
            return Offer(content, price(_request(content, sources, policy)))
        except SalesOperationsError:
            if strict:
                raise
        lines = tuple(_tried(content, line, sources, policy) for line in content.lines)
        if lines == content.lines:
            raise InvalidInput("the quote cannot be priced, though each of its lines can; look at its discounts")
        return offer(replace(content, lines=lines), sources, policy, strict=False)
    return Offer(content, None)


def _tried(content: Content, line: Line, sources: Sources, policy: Policy) -> Line:
    """The line, with a problem where it cannot be priced by itself."""
    if line.problem:
        return line
    alone = replace(content, lines=(replace(line, bundle=None),), discounts=(), bundles=())
    try:
        price(_request(alone, sources, policy))
    except SalesOperationsError as error:
        return replace(line, problem=str(error))
    return line


def _request(content: Content, sources: Sources, policy: Policy) -> PriceRequest:
    requests = {line.number: _line(line, content, policy) for line in content.lines if not line.problem}
    whole = PriceRequest(
        currency=content.currency,
        on=date.fromisoformat(content.on),
        lines=tuple(requests.values()),
        taxes=policy.taxes,
        tax_class=policy.tax_class,
        entries=sources.entries,
        book=policy.book,
        rates=sources.rates,
        convert_from=policy.convert_from,
        rules=policy.rules,
        bundles=tuple(
            opened(policy.rules, one.code, content.currency, Decimal(one.quantity), one.key)[0]
            for one in content.bundles
        ),
    )
    for line in content.lines:
        if line.number in requests:
            request = requests[line.number]
            if line.agreed_minor is not None:
                request = _agreed(whole, request, Decimal(line.agreed_minor))
            requests[line.number] = replace(request, discounts=(*request.discounts, *map(_discount, line.discounts)))
    return replace(whole, lines=tuple(requests.values()), discounts=tuple(map(_discount, content.discounts)))


def _agreed(whole: PriceRequest, request: LineRequest, agreed: Decimal) -> LineRequest:
    """The line at an agreed unit price: as a discount from what it would cost, or as its own price where it is dearer."""

    def alone(line: LineRequest) -> PricedLine:
        return price(replace(whole, lines=(replace(line, bundle=None),), bundles=(), taxes=())).lines[0]

    instead = replace(request, unit_price_minor=agreed, tiers=None)
    before, wanted = alone(request).gross_minor, alone(instead).gross_minor
    if wanted > before:
        return instead
    if wanted == before:
        return request
    reduced = replace(request, discounts=(Discount(AGREED, amount_minor=before - wanted),))
    if alone(reduced).amount_minor == wanted:
        return reduced
    # A list price that ends in half a minor unit rounds the other way once whole ones are taken off: it loses the half.
    each = (Decimal(before) / request.quantity).quantize(DECIMALS)
    return replace(reduced, unit_price_minor=each, tiers=None)


def _line(line: Line, content: Content, policy: Policy) -> LineRequest:
    rule = policy.rules.products.get(line.code or "")
    recurring = rule is not None and rule.default_term_months is not None
    own = line.starts_on is not None or line.term_months is not None or line.unit_minor is not None
    follows = recurring and not own and line.bundle is None and content.term_months is not None
    return LineRequest(
        product=line.product_id or line.product,
        name=line.product,
        code=line.code,
        quantity=Decimal(line.quantity),
        unit_price_minor=None if line.unit_minor is None else Decimal(line.unit_minor),
        cost_minor=None if line.cost_minor is None else Decimal(line.cost_minor),
        tax_class=line.tax_class,
        starts_on=_day(content.starts_on if follows else line.starts_on),
        ends_on=_day(line.ends_on),
        term_months=content.term_months if follows else line.term_months,
        bundle=line.bundle,
    )


def _discount(one: Reduction) -> Discount:
    return Discount(one.name, Decimal(one.percent) if one.percent is not None else None, one.amount_minor)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
