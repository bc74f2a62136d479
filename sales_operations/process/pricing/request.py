"""What is to be priced: lines, bundles, discounts, and the books, rates and taxes that serve for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sales_operations.process.pricing.books import PriceEntry, Rate
from sales_operations.process.pricing.rules import Rules, TaxClass, Tiers


@dataclass(frozen=True)
class Discount:
    """One discount: either ``percent`` (0 to 100) or ``amount_minor`` (minor units, once for the line or the quote)."""

    name: str
    percent: Decimal | None = None
    amount_minor: int | None = None


@dataclass(frozen=True)
class Bundle:
    """A bundle in this quote; the lines that name its ``key`` are its parts.

    Either ``price_minor`` (of one bundle, for the default term; it replaces the parts' tiers and is shared out to them
    by list price) or ``percent_off`` the parts.
    """

    key: str
    name: str
    quantity: Decimal = Decimal(1)
    price_minor: int | Decimal | None = None
    percent_off: Decimal | None = None


@dataclass(frozen=True)
class LineRequest:
    """One line. ``product`` is what price books call it; ``code`` is what rules call it (the same where not given).

    ``unit_price_minor`` and ``cost_minor`` are of one unit for the default term, in minor units of the quote's
    currency; without a price the book's serves. A line with its own price has tiers only where ``tiers`` gives them;
    a price from the book has those of the rules. A line has a term, and is prorated, where it has ``starts_on`` with
    ``ends_on`` (its last day) or ``term_months`` (with or without a start); without, it is charged once in full.
    """

    product: str
    quantity: Decimal
    name: str = ""
    code: str | None = None
    unit_price_minor: int | Decimal | None = None
    cost_minor: int | Decimal | None = None
    discounts: tuple[Discount, ...] = ()
    tax_class: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    term_months: int | None = None
    default_term_months: int | None = None
    bundle: str | None = None
    tiers: Tiers | None = None


@dataclass(frozen=True)
class PriceRequest:
    """A whole quote. ``on`` is the day whose book prices and rates hold; ``discounts`` are on the total.

    ``taxes`` are the classes of the country that is sold to; without any, no tax is computed. A line without a class
    has the one of its product's rule, or else ``tax_class``. ``book`` limits the entries to one price book.
    ``convert_from`` asks for prices of that currency, converted by ``rates``, where the book has none in ``currency``.
    """

    currency: str
    on: date
    lines: tuple[LineRequest, ...]
    discounts: tuple[Discount, ...] = ()
    bundles: tuple[Bundle, ...] = ()
    taxes: tuple[TaxClass, ...] = ()
    tax_class: str | None = None
    entries: tuple[PriceEntry, ...] = ()
    book: str | None = None
    rates: tuple[Rate, ...] = ()
    convert_from: str | None = None
    rules: Rules = field(default_factory=Rules)
