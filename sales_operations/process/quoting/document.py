"""A quote as a document for the customer."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, select

from sales_operations.domain.clock import day_of
from sales_operations.process.pricing.exact import money, unit_money
from sales_operations.process.quoting import record
from sales_operations.process.quoting.approval_people import name_of
from sales_operations.process.quoting.content import Content, Line, content_of
from sales_operations.process.quoting.view import reduction_text
from sales_operations.render.documents import pdf
from sales_operations.settings import Settings
from sales_operations.store import tables
from sales_operations.workspace import Workspace

_FINAL = ("approved", "sent", "accepted")


def document(workspace: Workspace, quote_id: str, *, trace: bool = False) -> bytes:
    """The PDF of a quote, by the template ``quote``; with ``trace``, it says how the price came about.

    Unless it is approved, sent or accepted, its status stands across the page. Raises NotFound, and InvalidInput for a
    template that does not work.
    """
    settings = workspace.settings
    with workspace.reading() as connection:
        data = document_data(connection, settings, record.find(connection, quote_id), trace=trace)
    folder = settings.documents.templates
    return pdf("quote", data, Path(folder) if folder else None)


def document_data(
    connection: Connection, settings: Settings, row: Mapping[str, Any], *, trace: bool = False
) -> dict[str, Any]:
    """What the template shows, as finished texts; its keys are listed at the head of ``quote.typ``."""
    currency, content = row["currency"], content_of(row)
    deals, accounts = tables.opportunities, tables.RECORDS["accounts"]
    deal = connection.execute(
        select(deals.c.name, deals.c.owner_id, deals.c.owner_text, deals.c.account_text, accounts)
        .select_from(deals.outerjoin(accounts, accounts.c.id == deals.c.account_id))
        .where(deals.c.id == row["opportunity_id"])
    ).first()
    found = deal._mapping if deal is not None else {}
    pricing = orjson.loads(row["pricing"]) if row["pricing"] else {"taxes": [], "trace": []}
    stored = orjson.loads(row["items"]) or [{"list_minor": row["amount_minor"], "total_minor": row["total_minor"]}]
    buyer = found.get(accounts.c.name) or found.get(deals.c.account_text) or "The customer"
    data = {
        "title": "Quote",
        "number": row["id"],
        "version": str(row["version"]),
        "date": day_of(row["created_at"], settings.company.timezone).isoformat(),
        "valid_until": row["valid_until"],
        "reference": found.get(deals.c.name) or row["opportunity_id"],
        "prepared_by": name_of(connection, found.get(deals.c.owner_id)) or found.get(deals.c.owner_text),
        "seller": {"name": settings.company.name or "The seller"},
        "buyer": {"name": buyer, "lines": [one for one in (found.get(accounts.c.city), found.get(accounts.c.country)) if one]},
        "currency": currency,
        "lines": [_line(line, item, currency) for line, item in zip(content.lines, stored, strict=True)],
        "subtotal": money(row["amount_minor"], currency),
        "discount": _less(row["discount_minor"], currency),
        "net": money(row["net_minor"], currency),
        "taxes": [
            {"label": f"{tax['name']} {_plain(tax['percent'])} %{' (contained)' if tax['inclusive'] else ''}",
             "amount": money(tax["tax_minor"], currency)}
            for tax in pricing["taxes"]
        ],
        "total": money(row["total_minor"], currency),
        "terms": _terms(content, bool(pricing["taxes"])),
        "note": row["notes"],
        "paper": settings.documents.paper,
    }  # fmt: skip
    if row["status"] not in _FINAL:
        data["watermark"] = str(row["status"]).replace("_", " ")
    if trace:
        numbers = [line.number for line in content.lines if not line.problem]
        data["trace"] = [
            f"{_place(step['line'], numbers)}: {step['text']} → {money(step['amount_minor'], currency)}"
            for step in pricing["trace"]
        ]
    return data


def _place(position: int | None, numbers: list[int]) -> str:
    return "Quote" if position is None else f"Line {numbers[position]}"


def _line(line: Line, item: Mapping[str, Any], currency: str) -> dict[str, Any]:
    listed, amount = item.get("list_minor", 0), item.get("amount_minor", item.get("total_minor", 0))
    unit = Decimal(item.get("unit_list_minor") or line.unit_minor or 0)
    told = [reduction_text(one, currency) for one in line.discounts]
    if line.problem:
        told.append("not priced yet")
    term = f"{line.starts_on or ''} to {line.ends_on}" if line.ends_on else ""
    months = f"{line.term_months} months" if line.term_months else ""
    description = "; ".join(part for part in (term, months, *told) if part)
    return {
        "name": line.product,
        "code": line.code,
        "description": description or None,
        "quantity": _plain(line.quantity),
        "unit_price": unit_money(unit, currency),
        "list": money(listed, currency),
        "discount": _less(listed - amount, currency),
        "tax": money(item["tax_minor"], currency) if item.get("tax_minor") else None,
        "net": money(item.get("net_minor", amount), currency),
    }


def _terms(content: Content, taxed: bool) -> list[str]:
    days = content.payment_days
    terms = [f"Payment within {days} days of the invoice date." if days else "Payment on receipt of the invoice."]
    if content.term_months:
        unit = "month" if content.term_months == 1 else "months"
        begin = f", from {content.starts_on}" if content.starts_on else ""
        terms.append(f"Term: {content.term_months} {unit}{begin}.")
    if not taxed:
        terms.append("Prices are net of taxes.")
    return terms


def _less(minor: int, currency: str) -> str:
    """A discount as it is shown beside list prices."""
    return f"−{money(minor, currency)}" if minor > 0 else money(abs(minor), currency)


def _plain(number: str) -> str:
    return format(Decimal(number).normalize(), "f")
