"""Contracts: prepared from a deal, with the text of a template."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import select

from sales_operations.domain.clock import day_of, iso
from sales_operations.domain.errors import Disabled, NotFound
from sales_operations.domain.money import exponent, to_major, to_minor
from sales_operations.domain.opportunity import Opportunity, new_id
from sales_operations.settings import Settings
from sales_operations.store import tables
from sales_operations.store.unit import Unit
from sales_operations.workspace import open_workspace

TEMPLATES = {
    "standard": (
        "Agreement between {company} and {account}, drawn up on {date}.\n"
        "1. Subject: the products and services of {basis}.\n"
        "2. Price: {amount} {currency}, net of taxes.\n"
        "3. Payment: within 30 days of the invoice date.\n"
        "4. Term: twelve months from signature, ended by either party with 60 days' notice in writing.\n"
        "5. Changes to this agreement are made in writing and signed by both parties."
    )
}
"""Name of a template, as ``contracts.template`` gives it, to its text."""


class ContractManager:
    """Prepares and keeps contracts. ``config``: a raw mapping, settings, an open workspace, or nothing."""

    def __init__(self, config: Any = None) -> None:
        self.workspace = open_workspace(config, create=True)

    async def prepare_contract(self, opportunity: Opportunity) -> dict[str, Any]:
        """Prepare a contract: contract_id, opportunity_id, account_name, amount, terms, created_at.

        The amount is in major units of the deal's currency. Raises Disabled where ``contracts.enabled`` is off, NotFound
        for a template that does not exist.
        """
        return await asyncio.to_thread(self._prepare, opportunity)

    def _prepare(self, opportunity: Opportunity) -> dict[str, Any]:
        settings = self.workspace.settings
        if not settings.process_automation.contracts.enabled:
            raise Disabled("contracts are off: sales_operations.process_automation.contracts.enabled is false")
        currency = opportunity.metadata.get("currency") or settings.company.currency
        amount = to_minor(opportunity.amount, currency)
        with self.workspace.unit("prepare_contract") as unit:
            return make_contract(unit, settings, opportunity.opportunity_id, opportunity.account_name, amount, currency)


def make_contract(
    unit: Unit, settings: Settings, deal: str, account_name: str, amount_minor: int, currency: str
) -> dict[str, Any]:
    """Write a contract within a transaction and give it as callers see it. It follows the newest quote, if any."""
    name = settings.process_automation.contracts.template
    if name not in TEMPLATES:
        known = ", ".join(TEMPLATES)
        raise NotFound(
            f"contract template {name!r} (sales_operations.process_automation.contracts.template): use {known}"
        )
    quotes = tables.RECORDS["quotes"].c
    newest = select(quotes.id).where(quotes.opportunity_id == deal).order_by(quotes.seq.desc()).limit(1)
    quote_id = unit.connection.execute(newest).scalar()
    row = {
        "id": new_id("contract"),
        "opportunity_id": deal,
        "quote_id": quote_id,
        "account_name": account_name,
        "amount_minor": amount_minor,
        "currency": currency,
        "terms": TEMPLATES[name].format(
            company=settings.company.name or "the seller",
            account=account_name or "the customer",
            date=day_of(unit.now, settings.company.timezone).isoformat(),
            basis=f"quote {quote_id}" if quote_id else f"opportunity {deal}",
            amount=f"{to_major(amount_minor, currency):,.{exponent(currency)}f}",
            currency=currency,
        ),
        "created_at": unit.now,
    }
    unit.create("contracts", row)
    return {
        "contract_id": row["id"],
        "opportunity_id": deal,
        "account_name": account_name,
        "amount": to_major(amount_minor, currency),
        "currency": currency,
        "terms": row["terms"],
        "created_at": iso(unit.now),
    }
