"""What holds for every price: rounding, orders, terms, tiers, bundles and taxes, as values that a file or a test gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

Rounding = Literal["half_even", "half_up"]
DiscountOrder = Literal["compound", "additive"]
TaxRounding = Literal["line", "total"]
Proration = Literal["day", "month", "whole_month"]
TierMode = Literal["range", "slab"]


@dataclass(frozen=True)
class Tier:
    """One band of quantities: all above the band before it, up to and with ``up_to`` (None: without end).

    Either ``prices_minor`` (the price of one unit in minor units, by currency; fractions of a minor unit are fine) or
    ``percent_off`` the list price (0 to 100).
    """

    up_to: Decimal | None = None
    prices_minor: Mapping[str, int | Decimal] | None = None
    percent_off: Decimal | None = None


@dataclass(frozen=True)
class Tiers:
    """Bands in rising order, the last without end. ``range``: all units at the rate of the band that the quantity
    reaches; ``slab``: the part of the quantity in each band at that band's rate."""

    mode: TierMode
    bands: tuple[Tier, ...]


@dataclass(frozen=True)
class ProductRule:
    """What holds for one product code."""

    tiers: Tiers | None = None
    default_term_months: int | None = None
    tax_class: str | None = None


@dataclass(frozen=True)
class BundleRule:
    """A bundle that can be ordered by its code: its parts (product code, quantity in one bundle), and either a price by
    currency in minor units or a percentage off the parts."""

    parts: tuple[tuple[str, Decimal], ...]
    name: str = ""
    prices_minor: Mapping[str, int | Decimal] | None = None
    percent_off: Decimal | None = None


@dataclass(frozen=True)
class TaxRate:
    """One tax, in percent of the net amount."""

    name: str
    percent: Decimal


@dataclass(frozen=True)
class TaxClass:
    """The taxes on one class of products; none at all where it is exempt. ``inclusive``: the prices contain them."""

    name: str
    rates: tuple[TaxRate, ...] = ()
    inclusive: bool = False


@dataclass(frozen=True)
class Rules:
    """How prices are made; ``products`` and ``bundles`` go by product code."""

    rounding: Rounding = "half_even"
    discount_order: DiscountOrder = "compound"
    tax_rounding: TaxRounding = "line"
    proration: Proration = "month"
    default_term_months: int = 12
    products: Mapping[str, ProductRule] = field(default_factory=dict)
    bundles: Mapping[str, BundleRule] = field(default_factory=dict)
