"""Short ways to write requests."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sales_operations.process.pricing import Discount, LineRequest, Priced, PriceRequest, TaxClass, TaxRate, price

TODAY = date(2026, 11, 25)


def line(
    unit: int | Decimal | None = 100_00, quantity: int | str = 1, product: str = "SEAT", **more: Any
) -> LineRequest:
    return LineRequest(product, Decimal(quantity), unit_price_minor=unit, **more)


def off(percent: str | None = None, amount: int | None = None, name: str = "Special") -> Discount:
    return Discount(name, None if percent is None else Decimal(percent), amount)


def taxes(*percents: str, inclusive: bool = False) -> tuple[TaxClass, ...]:
    rates = tuple(TaxRate(f"tax {place}", Decimal(percent)) for place, percent in enumerate(percents))
    return (TaxClass("standard", rates, inclusive),)


def priced(*lines: LineRequest, currency: str = "EUR", **more: Any) -> Priced:
    return price(PriceRequest(currency, TODAY, lines, tax_class="standard", **more))
