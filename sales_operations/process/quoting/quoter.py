"""Quotes made from a deal: on request, and by the program as the deal advances."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from sales_operations.domain.errors import Disabled, InvalidInput
from sales_operations.domain.money import to_minor
from sales_operations.domain.opportunity import Opportunity
from sales_operations.process.quoting import record
from sales_operations.process.quoting.content import OPEN, Content
from sales_operations.process.quoting.sources import country_of, lines_of_deal, origin_of
from sales_operations.process.quoting.view import shown
from sales_operations.process.quoting.writing import supersede
from sales_operations.settings import Settings
from sales_operations.store import opportunities
from sales_operations.store.lookup import rows
from sales_operations.store.unit import Unit
from sales_operations.workspace import Workspace, open_workspace


class Quoter:
    """Makes quotes. ``config``: a raw mapping, settings, an open workspace, or nothing."""

    def __init__(self, config: Any = None) -> None:
        self.workspace = open_workspace(config, create=True)

    async def create_quote(self, opportunity: Opportunity) -> dict[str, Any]:
        """Make a quote for a deal: quote_id, opportunity_id, amount, items, discount, total, valid_until, created_at,
        and what ``view.shown`` adds.

        Amounts are in major units of the deal's currency. Raises Disabled where ``quoting.enabled`` is off, NotFound for
        a deal that is not there, InvalidInput where an item of the deal has no price in that currency.
        """
        currency = opportunity.metadata.get("currency") or self.workspace.settings.company.currency
        amount = to_minor(opportunity.amount, currency)
        return await asyncio.to_thread(create, self.workspace, opportunity.opportunity_id, amount, currency)


def create(
    workspace: Workspace, opportunity_id: str, amount_minor: int | None = None, currency: str | None = None
) -> dict[str, Any]:
    """Make a quote for a deal, in the deal's currency and over its amount where none is given. Raises as ``Quoter``."""
    settings = workspace.settings
    if not settings.process_automation.quoting.enabled:
        raise Disabled("quotes are off: sales_operations.process_automation.quoting.enabled is false")
    with workspace.unit("create_quote") as unit:
        unit.hold()
        deal = opportunities.row(unit.connection, opportunity_id)
        code = currency or deal["currency"] or settings.company.currency
        content = _content(
            unit, settings, deal, (deal["amount_minor"] or 0) if amount_minor is None else amount_minor, code
        )
        if content.problems:
            raise InvalidInput(f"opportunity {deal['id']} cannot be quoted: {'; '.join(content.problems)}")
        made = record.priced(unit.connection, settings, content, strict=True)
        row = record.new_row(unit, settings, deal["id"], made, origin=origin_of(content.lines, code))
        unit.create("quotes", row)
        unit.flush()
        return shown(row, trace=True)


def make_quote(
    unit: Unit, settings: Settings, deal: Mapping[str, Any], amount_minor: int, currency: str
) -> dict[str, Any]:
    """Within a transaction, the quote of a deal that advances, as callers see it; ``is_new`` says whether it was made now.

    ``deal`` is its row, as it was read in this transaction or will be written by it. An open quote that was made from the
    same items and amount is kept; where these changed, it gets a new version. An item that cannot be priced does not stand in
    the way: its line has a ``problem``, and the quote cannot be sent.
    """
    content = _content(unit, settings, deal, amount_minor, currency)
    origin = origin_of(content.lines, currency)
    last = _last_made(unit, deal["id"])
    if last is not None and last["origin"] == origin and last["valid_until"] >= content.on:
        return shown(last) | {"is_new": False}
    made = record.priced(unit.connection, settings, content, strict=False)
    if last is None:
        row = record.new_row(unit, settings, deal["id"], made, origin=origin)
        unit.create("quotes", row)
    else:
        row = supersede(unit, settings, last, made, origin=origin)
    return shown(row) | {"is_new": True}


def _content(unit: Unit, settings: Settings, deal: Mapping[str, Any], amount_minor: int, currency: str) -> Content:
    contracting = settings.contracting
    return Content(
        currency=currency,
        on=record.today(unit, settings),
        lines=tuple(lines_of_deal(unit.connection, deal, amount_minor, currency)),
        payment_days=contracting.payment_days,
        term_months=contracting.term_months,
        country=country_of(unit.connection, deal["account_id"]),
    )


def _last_made(unit: Unit, deal: str) -> dict[str, Any] | None:
    """The newest open quote that was made from the deal, rather than copied from another quote."""
    found = [
        row
        for row in rows(unit.connection, "quotes", "opportunity_id", [deal], ("id", "status", "origin", "seq"))
        if row["status"] in OPEN and row["origin"] is not None
    ]
    return record.find(unit.connection, max(found, key=lambda row: int(row["seq"]))["id"]) if found else None
