"""Where a quote's lines and prices come from: a deal's items, products, price books, exchange rates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Connection, select

from sales_operations.domain.errors import InvalidInput
from sales_operations.domain.money import exponent
from sales_operations.process.pricing.books import PriceEntry, Rate
from sales_operations.process.quoting.content import Line, Reduction
from sales_operations.store import identity, tables
from sales_operations.store.engine import one_of
from sales_operations.store.lookup import rows

DECIMALS = Decimal("1e-12")
"""How exactly a price of one unit is kept where it follows from the price of all."""


@dataclass(frozen=True)
class Sources:
    """What prices may be taken from, for the products of one quote."""

    entries: tuple[PriceEntry, ...] = ()
    rates: tuple[Rate, ...] = ()


def lines_of_deal(connection: Connection, deal: Mapping[str, Any], amount_minor: int, currency: str) -> list[Line]:
    """A line for each item of the deal; where it has none, one line over the deal's amount.

    An item that says what it costs in another currency, or in none, has a ``problem``.
    """
    found = [row for row in rows(connection, "items", "opportunity_id", [deal["id"]]) if not row["is_deleted"]]
    if found:
        found.sort(key=lambda row: str(row["id"]))
        named = {row["product_id"] for row in found} - {None}
        products = {row["id"]: row for row in rows(connection, "products", "id", sorted(named))}
        lines = ((row, products.get(row["product_id"])) for row in found)
        return [_line(number, row, product, currency) for number, (row, product) in enumerate(lines, 1)]
    name = deal["product"] or deal["name"] or f"Opportunity {deal['id']}"
    return [Line(1, name, "1", unit_minor=str(amount_minor))]


def _line(number: int, row: Mapping[str, Any], product: Mapping[str, Any] | None, currency: str) -> Line:
    known: Mapping[str, Any] = product or {}
    name = known.get("name") or row["product_text"] or f"Item {row['id']}"
    quantity = Decimal(row["quantity"] or "1") or Decimal(1)
    line = Line(
        number,
        name,
        _text(quantity),
        product_id=row["product_id"],
        code=known.get("code"),
        item_id=row["id"],
        cost_minor=_cost(known.get("attributes"), currency),
    )
    unit, total = row["unit_price_minor"], row["total_minor"]
    if unit is None and total is None:
        if row["product_id"] is None:
            return replace(line, problem=f"it has no price, and no product whose price in {currency} could serve")
        return _reduced(line, row["discount"])
    if not row["currency"]:
        return replace(line, problem="it has a price without a currency; give the item one")
    if row["currency"] != currency:
        return replace(line, problem=f"its price is in {row['currency']}, the quote is in {currency}")
    if min(unit or 0, total or 0, quantity) < 0:
        return replace(line, problem="its price or quantity is below zero; give a discount instead")
    if unit is None:
        return replace(line, unit_minor=_each(total, quantity))
    if total is None:
        return _reduced(replace(line, unit_minor=str(unit)), row["discount"])
    if total > unit * quantity:
        return replace(line, unit_minor=_each(total, quantity))
    agreed = None if total == unit * quantity else _each(total, quantity)
    return replace(line, unit_minor=str(unit), agreed_minor=agreed)


def _reduced(line: Line, percent: str | None) -> Line:
    if not percent or not Decimal(percent):
        return line
    return replace(line, discounts=(Reduction("Discount", percent=_text(Decimal(percent))),))


def _each(total: int, quantity: Decimal) -> str:
    return _text((Decimal(total) / quantity).quantize(DECIMALS))


def _text(number: Decimal) -> str:
    return format(number.normalize(), "f")


def _cost(attributes: str | None, currency: str) -> str | None:
    """What one unit costs the seller: the product's attribute ``cost``, in major units, where its currency fits."""
    held = orjson.loads(attributes) if attributes else {}
    cost, code = held.get("cost"), held.get("cost_currency", currency)
    try:
        minor = Decimal(str(cost)).scaleb(exponent(currency))
    except InvalidOperation:
        return None
    return _text(minor) if code == currency and minor.is_finite() and minor >= 0 else None


def product_line(connection: Connection, given: str, number: int, quantity: str, currency: str) -> Line | None:
    """A line for a product named by its id, code or name; None where there is no such product."""
    found = identity.resolve(connection, "products", "", [given]).get(given)
    if found is None:
        return None
    products = tables.RECORDS["products"]
    row = connection.execute(select(products).where(products.c.id == found)).one()
    name = row.name or row.code or found
    return Line(number, name, quantity, product_id=found, code=row.code, cost_minor=_cost(row.attributes, currency))


def sources(
    connection: Connection, lines: Iterable[Line], book: str | None = None, convert_from: str | None = None
) -> Sources:
    """The prices of the products of those lines that have no price of their own.

    They stand in price books, or in the one that is named; the list price that stands at a product itself serves where no
    book has a price in its currency.
    """
    wanted = sorted({line.product_id for line in lines if line.product_id and line.unit_minor is None})
    if not wanted:
        return Sources()
    books, products = tables.RECORDS["pricebooks"], tables.RECORDS["products"]
    statement = select(books).where(one_of(connection, books.c.product_id, wanted)).order_by(books.c.id)
    if book is not None:
        statement = statement.where(books.c.pricebook == book)
    entries = [
        PriceEntry(
            row.product_id, row.currency, row.unit_price_minor, _day(row.valid_from), _day(row.valid_to),
            row.pricebook or "",
        )
        for row in connection.execute(statement)
        if not row.is_deleted and row.unit_price_minor is not None
    ]  # fmt: skip
    listed = {(entry.product, entry.currency) for entry in entries}
    for row in connection.execute(select(products).where(one_of(connection, products.c.id, wanted))):
        if row.list_price_minor is not None and (row.id, row.currency) not in listed:
            entries.append(PriceEntry(row.id, row.currency, row.list_price_minor, book=book or ""))
    return Sources(tuple(entries), rates_of(connection) if convert_from else ())


def rates_of(connection: Connection) -> tuple[Rate, ...]:
    """Every exchange rate of the store."""
    rates = tables.RECORDS["rates"]
    return tuple(
        Rate(row.base_currency, row.currency, Decimal(row.rate), date.fromisoformat(row.valid_from), row.id)
        for row in connection.execute(select(rates).order_by(rates.c.id))
        if not row.is_deleted
    )


def country_of(connection: Connection, account_id: str | None) -> str | None:
    """The country of the deal's account, which decides its taxes."""
    found = rows(connection, "accounts", "id", [account_id], ("country",)) if account_id else []
    return found[0]["country"] if found else None


def origin_of(lines: Iterable[Line], currency: str) -> str:
    """A digest of what a deal says should be quoted: equal as long as its items and its amount stay the same."""
    told = orjson.dumps([currency, [repr(line) for line in lines]])
    return sha256(told).hexdigest()[:16]


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidInput(f"{text!r} in a price book is no date; write YYYY-MM-DD") from None
