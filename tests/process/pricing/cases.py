"""Requests of every kind, drawn from a seed."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, get_args

from sales_operations.process.pricing import (
    Bundle,
    Discount,
    LineRequest,
    PriceEntry,
    PriceRequest,
    ProductRule,
    Rate,
    Rules,
    TaxClass,
    TaxRate,
    Tier,
    Tiers,
)
from sales_operations.process.pricing.rules import DiscountOrder, Proration, Rounding, TaxRounding

CURRENCIES = ("EUR", "USD", "JPY", "KWD")
PRODUCTS = ("SEAT", "LOG", "DAY", "CARE")


class Draw:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def number(self, low: str, high: str, places: int) -> Decimal:
        scale = 10**places
        return Decimal(self.random.randint(int(Decimal(low) * scale), int(Decimal(high) * scale))) / scale

    def percent(self, high: str = "40") -> Decimal:
        return self.number("0", high, self.random.choice((0, 0, 1, 3)))

    def often(self, share: float) -> bool:
        return self.random.random() < share

    def request(self) -> PriceRequest:
        pick = self.random.choice
        currency, on = pick(CURRENCIES), date(2023, 1, 1) + timedelta(days=self.random.randrange(1500))
        rules = Rules(
            pick(get_args(Rounding)),
            pick(get_args(DiscountOrder)),
            pick(get_args(TaxRounding)),
            pick(get_args(Proration)),
            pick((1, 12, 12, 36)),
            {
                product: ProductRule(
                    self.tiers(currency) if self.often(0.5) else None,
                    pick((None, None, 1, 24)),
                    pick((None, "reduced")),
                )
                for product in PRODUCTS
                if self.often(0.5)
            },
        )
        bundles = tuple(
            Bundle(key, key, Decimal(self.random.randint(1, 3)), price, percent)
            for key, price, percent in (
                ("box", self.random.randint(0, 60_000), None),
                ("kit", None, self.percent()),
            )
            if self.often(0.3)
        )
        lines = [self.line(currency, on) for _ in range(self.random.randint(1, 5))]
        for bundle in bundles:
            term = self.term()
            lines += [
                self.line(currency, on, bundle=bundle.key, **(term if bundle.price_minor is not None else self.term()))
                for _ in range(self.random.randint(1, 4))
            ]
        if "box" in {bundle.key for bundle in bundles}:
            rules = Rules(
                rules.rounding, rules.discount_order, rules.tax_rounding, rules.proration, 12,
                {code: ProductRule(rule.tiers, None, rule.tax_class) for code, rule in rules.products.items()},
            )  # fmt: skip
        self.random.shuffle(lines)
        source = pick([other for other in CURRENCIES if other != currency])
        return PriceRequest(
            currency=currency,
            on=on,
            lines=tuple(lines),
            discounts=self.discounts(0.5),
            bundles=bundles,
            taxes=self.taxes() if self.often(0.8) else (),
            tax_class="standard",
            entries=self.entries(currency, source, on),
            book="list" if self.often(0.5) else None,
            rates=self.rates(currency, source, on),
            convert_from=source,
            rules=rules,
        )

    def line(self, currency: str, on: date, **given: Any) -> LineRequest:
        own = self.often(0.4)
        term = self.term() if self.often(0.5) else {}
        return LineRequest(
            product=self.random.choice(PRODUCTS),
            quantity=self.number("0", "200", self.random.choice((0, 0, 1, 3))) if self.often(0.8) else Decimal("2.5"),
            unit_price_minor=self.number("0", "90000", self.random.choice((0, 0, 0, 2))) if own else None,
            cost_minor=self.random.randint(0, 3000) if self.often(0.8) else None,
            discounts=self.discounts(0.6),
            tax_class=self.random.choice((None, None, "standard", "reduced", "inside", "exempt")),
            tiers=self.tiers(currency) if self.often(0.2) else None,
            **(term if "bundle" not in given else {}) | given,
        )

    def term(self) -> dict[str, Any]:
        start = self.random.choice((date(2024, 1, 31), date(2024, 2, 29), date(2023, 2, 28), date(2025, 8, 31), None))
        start = start or date(2024, 1, 1) + timedelta(days=self.random.randrange(900))
        kind = self.random.randrange(4)
        if kind == 0:
            return {"term_months": self.random.randint(1, 60)}
        if kind == 1:
            return {"starts_on": start, "term_months": self.random.randint(1, 60)}
        return {"starts_on": start, "ends_on": start + timedelta(days=self.random.choice((0, 27, 28, 29, 30, 364, 365))
                + self.random.randrange(3) * self.random.randrange(400))}  # fmt: skip

    def discounts(self, share: float) -> tuple[Discount, ...]:
        found = []
        while self.often(share) and len(found) < 4:
            if self.often(0.7):
                found.append(Discount(f"d{len(found)}", percent=self.percent("30")))
            else:
                found.append(Discount(f"d{len(found)}", amount_minor=self.random.randint(0, 3000)))
        return tuple(found)

    def tiers(self, currency: str) -> Tiers:
        ends = sorted(
            {self.number("1", "150", self.random.choice((0, 0, 1))) for _ in range(self.random.randint(0, 3))}
        )
        rates: list[dict[str, Any]] = [
            {"percent_off": self.percent("60")}
            if self.often(0.6)
            else {"prices_minor": {currency: self.number("100", "60000", 1), "XAU": 1}}
            for _ in range(len(ends) + 1)
        ]
        bands = (Tier(end, **rate) for end, rate in zip([*ends, None], rates, strict=True))
        return Tiers(self.random.choice(("range", "slab")), tuple(bands))

    def taxes(self) -> tuple[TaxClass, ...]:
        several = (TaxRate("state", self.percent("9")), TaxRate("city", self.percent("4")))
        return (
            TaxClass("standard", (TaxRate("VAT", self.percent("25")),), inclusive=self.often(0.3)),
            TaxClass("reduced", several),
            TaxClass("inside", (*several, TaxRate("levy", self.percent("3"))), inclusive=True),
            TaxClass("exempt"),
        )

    def entries(self, currency: str, source: str, on: date) -> tuple[PriceEntry, ...]:
        found = []
        for product in PRODUCTS:
            dated = currency if self.often(0.6) else source
            price = self.number("50", "90000", self.random.choice((0, 0, 3)))
            day = timedelta(days=1)
            found += [
                PriceEntry(product, dated, price, on - 30 * day, on, "list"),
                PriceEntry(product, dated, price + 1, on + day, None, "list"),
                PriceEntry(product, dated, price + 2, None, on - 31 * day, "list"),
            ]
        return tuple(found)

    def rates(self, currency: str, source: str, on: date) -> tuple[Rate, ...]:
        worth = self.number("0.2", "180", 4)
        dated = [
            (worth, on - timedelta(days=3)),
            (worth + 1, on - timedelta(days=40)),
            (worth + 2, on + timedelta(days=1)),
        ]
        pairs = [(currency, source)] if self.often(0.6) else [(source, currency)]
        if self.often(0.2):
            pairs = [(currency, source), (source, currency)]
        return tuple(Rate(base, other, rate, since) for base, other in pairs for rate, since in dated)
