"""Prices: values in, a priced quote out, exact to the last minor unit. Defined in ``docs/pricing.md``."""

from __future__ import annotations

from sales_operations.process.pricing.books import PriceEntry, Rate, choose
from sales_operations.process.pricing.bundles import opened
from sales_operations.process.pricing.configured import rules_of, taxes_of
from sales_operations.process.pricing.engine import price
from sales_operations.process.pricing.priced import DiscountEffect, Priced, PricedLine, Step, TaxEffect, as_json
from sales_operations.process.pricing.request import Bundle, Discount, LineRequest, PriceRequest
from sales_operations.process.pricing.rules import (
    BundleRule,
    ProductRule,
    Rules,
    TaxClass,
    TaxRate,
    Tier,
    Tiers,
)
from sales_operations.process.pricing.texts import written_trace

__all__ = [
    "Bundle",
    "BundleRule",
    "Discount",
    "DiscountEffect",
    "LineRequest",
    "PriceEntry",
    "PriceRequest",
    "Priced",
    "PricedLine",
    "ProductRule",
    "Rate",
    "Rules",
    "Step",
    "TaxClass",
    "TaxEffect",
    "TaxRate",
    "Tier",
    "Tiers",
    "as_json",
    "choose",
    "opened",
    "price",
    "rules_of",
    "taxes_of",
    "written_trace",
]
