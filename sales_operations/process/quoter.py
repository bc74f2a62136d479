"""Quotes: from the line items of a deal, or its amount where it has none."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import orjson
from sqlalchemy import select

from sales_operations.domain.clock import day_of, iso
from sales_operations.domain.errors import Disabled
from sales_operations.domain.money import to_major, to_minor
from sales_operations.domain.opportunity import Opportunity, new_id
from sales_operations.settings import Settings
from sales_operations.store import tables
from sales_operations.store.unit import Unit
from sales_operations.workspace import open_workspace


class Quoter:
    """Makes and keeps quotes. ``config``: a raw mapping, settings, an open workspace, or nothing."""

    def __init__(self, config: Any = None) -> None:
        self.workspace = open_workspace(config, create=True)

    async def create_quote(self, opportunity: Opportunity) -> dict[str, Any]:
        """Make a quote for a deal: quote_id, opportunity_id, amount, items, discount, total, valid_until, created_at.

        Amounts are in major units of the deal's currency. Raises Disabled where ``quoting.enabled`` is off.
        """
        return await asyncio.to_thread(self._create, opportunity)

    def _create(self, opportunity: Opportunity) -> dict[str, Any]:
        if not self.workspace.settings.process_automation.quoting.enabled:
            raise Disabled("quotes are off: sales_operations.process_automation.quoting.enabled is false")
        currency = opportunity.metadata.get("currency") or self.workspace.settings.company.currency
        with self.workspace.unit("create_quote") as unit:
            return make_quote(
                unit,
                self.workspace.settings,
                opportunity.opportunity_id,
                to_minor(opportunity.amount, currency),
                currency,
            )


def make_quote(unit: Unit, settings: Settings, deal: str, amount_minor: int, currency: str) -> dict[str, Any]:
    """Write a quote within a transaction and give it as callers see it."""
    items = _items(unit, deal, currency)
    listed = sum(item["list_minor"] for item in items) if items else amount_minor
    total = sum(item["total_minor"] for item in items) if items else amount_minor
    today = day_of(unit.now, settings.company.timezone)
    valid_until = today + timedelta(days=settings.process_automation.quoting.valid_days)
    row = {
        "id": new_id("quote"),
        "opportunity_id": deal,
        "amount_minor": listed,
        "currency": currency,
        "items": orjson.dumps(items).decode(),
        "discount_minor": listed - total,
        "total_minor": total,
        "valid_until": valid_until.isoformat(),
        "created_at": unit.now,
    }
    unit.create("quotes", row)
    return shown_quote(row)


def shown_quote(row: dict[str, Any]) -> dict[str, Any]:
    """A stored quote as callers see it, amounts in major units."""
    currency = row["currency"]
    items = [
        {
            "product": item["product"],
            "quantity": float(item["quantity"]),
            "amount": to_major(item["list_minor"], currency),
            "total": to_major(item["total_minor"], currency),
        }
        for item in orjson.loads(row["items"])
    ]
    return {
        "quote_id": row["id"],
        "opportunity_id": row["opportunity_id"],
        "amount": to_major(row["amount_minor"], currency),
        "items": items,
        "discount": to_major(row["discount_minor"], currency),
        "total": to_major(row["total_minor"], currency),
        "currency": currency,
        "valid_until": row["valid_until"],
        "created_at": iso(row["created_at"]),
    }


def _items(unit: Unit, deal: str, currency: str) -> list[dict[str, Any]]:
    """Line items of a deal in its currency, with list amount and total in minor units."""
    items, products = tables.RECORDS["items"], tables.RECORDS["products"]
    statement = (
        select(items, products.c.name.label("product_name"))
        .select_from(items.outerjoin(products, products.c.id == items.c.product_id))
        .where(items.c.opportunity_id == deal, items.c.currency == currency)
        .order_by(items.c.id)
    )
    found = []
    for row in unit.connection.execute(statement):
        if row.is_deleted or row.total_minor is None:
            continue
        quantity = Decimal(row.quantity or "1")
        listed = row.total_minor
        if row.unit_price_minor is not None:
            listed = int((quantity * row.unit_price_minor).to_integral_value(ROUND_HALF_EVEN))
        found.append(
            {
                "product": row.product_name or row.product_text or "",
                "quantity": str(quantity),
                "list_minor": listed,
                "total_minor": row.total_minor,
            }
        )
    return found
