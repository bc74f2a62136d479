"""Contracts: drafted from the accepted quote of a deal, or else from the deal."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select

from sales_operations.domain.clock import day_of, iso
from sales_operations.domain.errors import Disabled, NotFound
from sales_operations.domain.money import exponent, to_major, to_minor
from sales_operations.domain.opportunity import Opportunity, new_id
from sales_operations.process.contracting import templates as contract_templates
from sales_operations.process.contracting.terms import last_day
from sales_operations.settings import Settings
from sales_operations.store import tables
from sales_operations.store.lookup import rows
from sales_operations.store.unit import Unit
from sales_operations.workspace import open_workspace


class ContractManager:
    """Prepares and keeps contracts. ``config``: a raw mapping, settings, an open workspace, or nothing."""

    def __init__(self, config: Any = None) -> None:
        self.workspace = open_workspace(config, create=True)

    async def prepare_contract(self, opportunity: Opportunity) -> dict[str, Any]:
        """Prepare a contract: contract_id, opportunity_id, account_name, amount, terms, created_at.

        The amount is in major units of the deal's currency. Raises Disabled where ``contracts.enabled`` is off, NotFound
        for a template that does not exist, InvalidInput for one that cannot be rendered.
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
    unit: Unit,
    settings: Settings,
    deal: str,
    account_name: str,
    amount_minor: int,
    currency: str,
    *,
    template: str | None = None,
    starts_on: date | None = None,
    term_months: int | None = None,
) -> dict[str, Any]:
    """Write a contract within a transaction and give it as callers see it.

    An accepted quote of the deal gives it its net amount, currency and terms; without one, the deal does, and the newest
    quote is named. A contract of a renewal begins on the day after the contract that it renews. Raises NotFound for a
    template that does not exist, InvalidInput for one that cannot be rendered.
    """
    quote = _quote(unit, deal)
    agreed = orjson.loads(quote["terms"]) if quote and quote["terms"] else {}
    if quote and quote["status"] == "accepted":
        amount_minor = quote["total_minor"] if quote["net_minor"] is None else quote["net_minor"]
        currency = quote["currency"]
    renewed = _renewed(unit, deal)
    if starts_on is None and renewed and renewed["ends_on"]:
        starts_on = date.fromisoformat(renewed["ends_on"]) + timedelta(days=1)
    if starts_on is None and agreed.get("starts_on"):
        starts_on = date.fromisoformat(agreed["starts_on"])
    months = term_months or agreed.get("term_months") or settings.contracting.term_months
    row = {
        "id": new_id("contract"),
        "opportunity_id": deal,
        "quote_id": quote["id"] if quote else None,
        "account_name": account_name,
        "amount_minor": amount_minor,
        "full_minor": amount_minor,
        "currency": currency,
        "starts_on": starts_on.isoformat() if starts_on else None,
        "ends_on": last_day(starts_on, months).isoformat() if starts_on else None,
        "term_months": months,
        "notice_days": settings.contracting.notice_days,
        "renewal": settings.contracting.renewal.price,
        "uplift_percent": format(settings.contracting.renewal.uplift_percent, "g"),
        "renews_id": renewed["id"] if renewed else None,
        "created_at": unit.now,
    }
    values = {"payment_days": agreed.get("payment_days") or settings.contracting.payment_days}
    return create(unit, settings, row, values, template)


def create(
    unit: Unit, settings: Settings, row: dict[str, Any], values: dict[str, Any], template: str | None = None
) -> dict[str, Any]:
    """Render the text of a contract whose terms are known, write it as a draft, and give it as callers see it.

    ``values`` are those that its kind of contract adds to what every template may show.
    """
    name = template or settings.process_automation.contracts.template
    folder = template_folder(settings)
    if not contract_templates.exists(name, folder):
        key = "" if template else " (sales_operations.process_automation.contracts.template)"
        raise NotFound(f"contract template {name!r}{key}: use {', '.join(contract_templates.known(folder))}")
    row |= {"template": name, "status": "draft", "version": 1}
    row |= rendered_columns(unit, settings, row, values)
    unit.create("contracts", row)
    return shown(row)


def rendered_columns(
    unit: Unit, settings: Settings, row: dict[str, Any], values: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The text and the obligations that a contract's template gives for its terms. Raises NotFound, InvalidInput."""
    made = contract_templates.draft(
        row["template"], _values(unit, settings, row) | (values or {}), template_folder(settings)
    )
    return {"terms": made.terms, "duties": orjson.dumps(made.duties).decode()}


def payment_days(unit: Unit, settings: Settings, quote_id: str | None) -> int:
    """In how many days the customer pays: as the quote says, or else the configuration."""
    quotes = tables.RECORDS["quotes"].c
    agreed = unit.connection.execute(select(quotes.terms).where(quotes.id == quote_id)).scalar() if quote_id else None
    return int((orjson.loads(agreed) if agreed else {}).get("payment_days") or settings.contracting.payment_days)


def template_folder(settings: Settings) -> Path | None:
    """The folder of the user's templates, where the configuration names one."""
    return Path(settings.documents.templates) if settings.documents.templates else None


def written_amount(minor: int, currency: str) -> str:
    """An amount as contracts say it: ``1,234.56``."""
    return f"{to_major(minor, currency):,.{exponent(currency)}f}"


def written_months(months: int) -> str:
    """A term as contracts say it: ``12 months``."""
    return "1 month" if months == 1 else f"{months} months"


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """A stored contract as callers see it, its amount in major units."""
    return {
        "contract_id": row["id"],
        "opportunity_id": row["opportunity_id"],
        "account_name": row["account_name"],
        "amount": to_major(row["amount_minor"], row["currency"]),
        "currency": row["currency"],
        "terms": row["terms"],
        "created_at": iso(row["created_at"]),
        "status": row.get("status") or "draft",
        "version": row.get("version") or 1,
        "reason": row.get("reason"),
        "quote_id": row.get("quote_id"),
        **{
            name: row.get(name)
            for name in ("starts_on", "ends_on", "term_months", "notice_days", "amends_id", "renews_id")
        },
    }


def _values(unit: Unit, settings: Settings, row: dict[str, Any]) -> dict[str, Any]:
    """What a template may show, beside what its kind of contract adds."""
    quote, deal, currency = row["quote_id"], row["opportunity_id"], row["currency"]
    return {
        "company": settings.company.name or "the seller",
        "account": row["account_name"] or "the customer",
        "date": day_of(unit.now, settings.company.timezone).isoformat(),
        "basis": f"quote {quote}" if quote else f"opportunity {deal}",
        "quote": quote,
        "opportunity": deal,
        "amount": written_amount(row["amount_minor"], currency),
        "full_amount": written_amount(row["full_minor"], currency),
        "currency": currency,
        "term": written_months(row["term_months"]),
        "payment_days": settings.contracting.payment_days,
        **{
            name: row[name]
            for name in ("starts_on", "ends_on", "term_months", "notice_days", "renewal", "uplift_percent")
        },
    }


def _quote(unit: Unit, deal: str) -> dict[str, Any] | None:
    """The accepted quote of a deal, or else its newest."""
    columns = ("id", "status", "terms", "net_minor", "total_minor", "currency", "seq")
    found = rows(unit.connection, "quotes", "opportunity_id", [deal], columns)
    return max(found, key=lambda row: (row["status"] == "accepted", row["seq"]), default=None)


def _renewed(unit: Unit, deal: str) -> dict[str, Any] | None:
    """The contract that this deal was opened to renew."""
    return next(iter(rows(unit.connection, "contracts", "renewal_opportunity_id", [deal], ("id", "ends_on"))), None)
