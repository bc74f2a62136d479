"""What pricing gives: every line and every total in whole minor units, and the trace that leads to them."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

StepKind = Literal["price", "conversion", "list", "tier", "bundle", "discount", "total_discount", "tax"]


@dataclass(frozen=True)
class Step:
    """One step of the trace: ``effect_minor`` led to ``amount_minor`` of that line (position from 0) or of the quote
    (``line`` None). ``text`` says why, for people."""

    line: int | None
    kind: StepKind
    text: str
    effect_minor: int
    amount_minor: int


@dataclass(frozen=True)
class DiscountEffect:
    """A discount as it was asked for, and by how much it lowered the amount (never negative)."""

    name: str
    percent: Decimal | None
    amount_minor: int | None
    effect_minor: int


@dataclass(frozen=True)
class TaxEffect:
    """One tax on one line or on the quote: its base is the net amount."""

    name: str
    percent: Decimal
    inclusive: bool
    base_minor: int
    tax_minor: int


@dataclass(frozen=True)
class PricedLine:
    """One line, whole minor units but for the unit prices, which may have fractions of one.

    ``list_minor`` less the effect of tier and bundle is ``gross_minor``; less ``discounts`` and the line's share of the
    discounts on the total, ``total_discount_minor``, it is ``amount_minor``. Where prices contain tax, the amount is
    ``total_minor``; else it is ``net_minor``. In both cases net and tax add up to total. ``unit_minor`` is what one unit
    costs after tiers (an average to six decimals in slab mode), ``term_factor`` effective by default term to six
    decimals, None where the line has no term. ``margin`` is the share of the net that is not cost, rounded down.
    """

    product: str
    name: str
    quantity: Decimal
    unit_list_minor: Decimal
    unit_minor: Decimal
    term_factor: Decimal | None
    list_minor: int
    gross_minor: int
    discounts: tuple[DiscountEffect, ...]
    total_discount_minor: int
    amount_minor: int
    net_minor: int
    tax_minor: int
    total_minor: int
    taxes: tuple[TaxEffect, ...]
    cost_minor: int | None
    margin: Decimal | None
    bundle: str | None
    book: str | None


@dataclass(frozen=True)
class Priced:
    """A priced quote. Every total is the sum of its lines.

    ``subtotal_minor`` is at list prices; less ``discount_minor`` (tiers, bundles and all discounts) it is
    ``amount_minor``. ``discounts`` are those on the total, ``taxes`` one for each rate. ``discount_share`` is the part
    of the list that was let go, rounded up, ``margin`` the part of the net that is not cost, rounded down, both from 0
    to 1 with six decimals; None where the list or the net is 0, or a cost is not known.
    """

    currency: str
    on: date
    lines: tuple[PricedLine, ...]
    subtotal_minor: int
    discount_minor: int
    discounts: tuple[DiscountEffect, ...]
    amount_minor: int
    net_minor: int
    tax_minor: int
    total_minor: int
    taxes: tuple[TaxEffect, ...]
    discount_share: Decimal | None
    cost_minor: int | None
    margin: Decimal | None
    trace: tuple[Step, ...]


def as_json(value: Priced) -> dict[str, Any]:
    """The same with what JSON knows: decimals and dates as text, amounts as whole minor units."""
    plain: dict[str, Any] = _plain(value)
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value
