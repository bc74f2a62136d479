"""What stands in a quote: lines, discounts, terms; and how the store holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

import orjson

from sales_operations.domain.clock import from_micros

OPEN = ("draft", "in_approval", "approved", "sent")
"""Statuses of a quote that is still to be decided; at most one version of a quote has one of them."""
CLOSED = ("accepted", "rejected", "expired", "superseded")
PAYMENT_DAYS = 30
"""Days until payment is due, where nothing else was agreed."""


@dataclass(frozen=True)
class Reduction:
    """A discount: percent (as text) or an amount in minor units, and what it is called."""

    name: str
    percent: str | None = None
    amount_minor: int | None = None


@dataclass(frozen=True)
class Line:
    """One line. ``number`` stays with it over edits and versions, ``item_id`` is the deal's item that it came from.

    Numbers are text, so that they stay exact. ``unit_minor`` is an own list price of one unit, None for the price book's;
    ``agreed_minor`` a price of one unit that was agreed instead: what lies between counts as a discount. ``problem`` says
    why a line cannot be priced; it is left out of the totals, and keeps the quote from going out.
    """

    number: int
    product: str
    quantity: str
    product_id: str | None = None
    code: str | None = None
    item_id: str | None = None
    unit_minor: str | None = None
    agreed_minor: str | None = None
    cost_minor: str | None = None
    discounts: tuple[Reduction, ...] = ()
    tax_class: str | None = None
    starts_on: str | None = None
    ends_on: str | None = None
    term_months: int | None = None
    bundle: str | None = None
    problem: str | None = None


@dataclass(frozen=True)
class PlacedBundle:
    """A bundle of the rules in this quote; the lines that name its ``key`` are its parts."""

    key: str
    code: str
    quantity: str


@dataclass(frozen=True)
class Content:
    """Everything that a quote's price follows from. ``on`` is the day whose prices hold.

    ``problem`` says why the quote as a whole has no price.
    """

    currency: str
    on: str
    lines: tuple[Line, ...]
    discounts: tuple[Reduction, ...] = ()
    bundles: tuple[PlacedBundle, ...] = ()
    payment_days: int = PAYMENT_DAYS
    term_months: int | None = None
    starts_on: str | None = None
    country: str | None = None
    problem: str | None = None

    @property
    def problems(self) -> tuple[str, ...]:
        """Why the quote, or lines of it, cannot be priced."""
        lines = tuple(f"line {line.number} ({line.product}): {line.problem}" for line in self.lines if line.problem)
        return (self.problem, *lines) if self.problem else lines


_LINE = tuple(field.name for field in fields(Line))
_TERMS = ("on", "payment_days", "term_months", "starts_on", "country", "problem")


def content_of(row: Mapping[str, Any]) -> Content:
    """What stands in a stored quote, one of the first release included."""
    stored = orjson.loads(row["items"])
    terms = orjson.loads(row["terms"]) if row["terms"] else {"on": from_micros(row["created_at"]).date().isoformat()}
    said = orjson.loads(row["discounts"]) if row["discounts"] else {"discounts": [], "bundles": []}
    return Content(
        currency=row["currency"],
        lines=tuple(
            _line(item) if "number" in item else _old_line(number, item) for number, item in enumerate(stored, 1)
        )
        or (_whole(row),),
        discounts=tuple(Reduction(**one) for one in said["discounts"]),
        bundles=tuple(PlacedBundle(**one) for one in said["bundles"]),
        **terms,
    )


def stored_content(content: Content, results: Mapping[int, dict[str, Any]]) -> dict[str, Any]:
    """The columns that hold it; ``results`` gives each line's amounts by its number."""
    lines = [_plain(vars(line)) | results.get(line.number, {}) for line in content.lines]
    terms = {name: getattr(content, name) for name in _TERMS if getattr(content, name) is not None}
    reduced = {
        "discounts": [_plain(vars(one)) for one in content.discounts],
        "bundles": [vars(one) for one in content.bundles],
    }
    return {
        "currency": content.currency,
        "items": orjson.dumps(lines).decode(),
        "terms": orjson.dumps(terms).decode(),
        "discounts": orjson.dumps(reduced).decode() if content.discounts or content.bundles else None,
    }


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in values.items() if value is not None and value != ()}
    if "discounts" in kept:
        kept["discounts"] = [_plain(vars(one)) for one in kept["discounts"]]
    return kept


def _line(item: dict[str, Any]) -> Line:
    held = {name: value for name, value in item.items() if name in _LINE}
    return Line(**held | {"discounts": tuple(Reduction(**one) for one in item.get("discounts", ()))})


def _old_line(number: int, item: dict[str, Any]) -> Line:
    """A line of the first release: a list price and a total for the whole quantity."""
    quantity = Decimal(item["quantity"]) or Decimal(1)
    listed, total = item["list_minor"], item["total_minor"]
    agreed = str(Decimal(total) / quantity) if total != listed else None
    return Line(number, item["product"], str(quantity), unit_minor=str(Decimal(listed) / quantity), agreed_minor=agreed)


def _whole(row: Mapping[str, Any]) -> Line:
    """A quote of the first release without lines: the amount of its deal."""
    return Line(1, "", "1", unit_minor=str(row["amount_minor"]))
