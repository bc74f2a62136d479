"""The rules and taxes that the configuration gives, in the terms of the engine."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from sales_operations.domain.errors import NotFound
from sales_operations.domain.money import exponent
from sales_operations.process.pricing.rules import BundleRule, ProductRule, Rules, TaxClass, TaxRate, Tier, Tiers
from sales_operations.settings import Settings
from sales_operations.settings.pricing import Pricing, PricingProduct

OTHER = "other"
"""The key of the taxes for every country that has none of its own."""


def rules_of(settings: Settings) -> Rules:
    """The rules of ``pricing``, its prices in minor units."""
    pricing = settings.pricing
    return Rules(
        rounding=pricing.rounding,
        discount_order=pricing.discount_order,
        tax_rounding=pricing.tax_rounding,
        proration=pricing.proration,
        default_term_months=pricing.default_term_months,
        products={code: _product(rule) for code, rule in pricing.products.items()},
        bundles={
            code: BundleRule(
                parts=tuple((part.product, part.quantity) for part in rule.parts),
                name=rule.name or code,
                prices_minor=_minor(rule.price),
                percent_off=rule.percent_off,
            )
            for code, rule in pricing.bundles.items()
        },
    )


def taxes_of(settings: Settings, country: str | None = None) -> tuple[TaxClass, ...]:
    """The tax classes of a country, whatever its case; of ``pricing.country`` where none is named.

    None at all where the configuration has no taxes. Raises NotFound for a country that it says nothing about.
    """
    pricing = settings.pricing
    if not pricing.taxes:
        return ()
    wanted = country or pricing.country
    by_name = {name.casefold(): name for name in pricing.taxes}
    found = by_name.get((wanted or OTHER).strip().casefold()) or by_name.get(OTHER)
    if found is None:
        missing = f"there are no taxes for {wanted!r}" if wanted else "the customer's country is not known"
        place = f"pricing.taxes.{wanted}" if wanted else "pricing.country"
        raise NotFound(f"{missing}; add {place}, or pricing.taxes.{OTHER} for all that are not listed")
    return _classes(pricing, found)


def _classes(pricing: Pricing, country: str) -> tuple[TaxClass, ...]:
    return tuple(
        TaxClass(name, tuple(TaxRate(rate.name, rate.percent) for rate in given.rates), given.inclusive)
        for name, given in pricing.taxes[country].items()
    )


def _product(rule: PricingProduct) -> ProductRule:
    bands = tuple(Tier(band.up_to, _minor(band.price), band.percent_off) for band in rule.tiers or ())
    tiers = Tiers(rule.tier_mode, bands) if bands else None
    return ProductRule(tiers, rule.default_term_months, rule.tax_class)


def _minor(prices: Mapping[str, Decimal] | None) -> Mapping[str, int | Decimal] | None:
    return prices and {currency: price.scaleb(exponent(currency)) for currency, price in prices.items()}
