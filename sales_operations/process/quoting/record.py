"""Quotes as records: how they are found, made, and priced anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from sales_operations.domain.clock import day_of
from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.domain.opportunity import new_id
from sales_operations.process.quoting.content import Content, content_of
from sales_operations.process.quoting.offer import Offer, offer, policy
from sales_operations.process.quoting.sources import sources
from sales_operations.settings import Settings
from sales_operations.store import tables
from sales_operations.store.unit import Unit


def find(connection: Connection, quote_id: str) -> dict[str, Any]:
    """The quote as stored, what one of the first release lacks filled in. Raises NotFound."""
    table = tables.RECORDS["quotes"]
    row = connection.execute(select(table).where(table.c.id == quote_id)).first()
    if row is None:
        raise NotFound(f"there is no quote {quote_id!r}; 'sales-operations quote list' shows those that there are")
    return completed(row)


def completed(row: Any) -> dict[str, Any]:
    """A stored quote with version, status and net amount, which those of the first release lack."""
    found = dict(zip(tables.COLUMNS["quotes"], row, strict=True))
    found["root_id"] = found["root_id"] or found["id"]
    found["version"] = found["version"] or 1
    found["status"] = found["status"] or "draft"
    if found["net_minor"] is None:
        found["net_minor"], found["tax_minor"] = found["total_minor"], 0
    return found


def of_deal(connection: Connection, deal: str) -> list[dict[str, Any]]:
    """All quotes of a deal, the newest first."""
    table = tables.RECORDS["quotes"]
    rows = connection.execute(select(table).where(table.c.opportunity_id == deal).order_by(table.c.seq.desc()))
    return [completed(row) for row in rows]


def priced(connection: Connection, settings: Settings, content: Content, *, strict: bool) -> Offer:
    """The content at its price, as the settings say; ``strict`` as in ``quote_pricing.offer``."""
    content = replace(content, problem=None)
    try:
        rules = policy(settings, content.country)
    except NotFound as error:
        if strict:
            raise
        return Offer(replace(content, problem=str(error)), None)
    held = sources(connection, content.lines, rules.book, rules.convert_from)
    return offer(content, held, rules, strict=strict)


def today(unit: Unit, settings: Settings) -> str:
    """The company's day, as ISO text."""
    return day_of(unit.now, settings.company.timezone).isoformat()


def last_day(unit: Unit, settings: Settings) -> str:
    """Until when a quote that is made now is valid."""
    days = timedelta(days=settings.process_automation.quoting.valid_days)
    return (day_of(unit.now, settings.company.timezone) + days).isoformat()


def new_row(unit: Unit, settings: Settings, deal: str, made: Offer, **more: Any) -> dict[str, Any]:
    """The row of a new draft; the first version of a quote of its own unless ``more`` says otherwise."""
    identity = new_id("quote")
    return {
        **dict.fromkeys(tables.COLUMNS["quotes"]),
        "id": identity,
        "root_id": identity,
        "version": 1,
        "opportunity_id": deal,
        "status": "draft",
        **made.columns(),
        "valid_until": last_day(unit, settings),
        "created_at": unit.now,
        **more,
    }


def repriced(connection: Connection, settings: Settings, row: Mapping[str, Any], on: str | None = None) -> Offer:
    """What a stored quote says, priced again; with the prices of another day where one is given."""
    content = content_of(row)
    return priced(connection, settings, replace(content, on=on) if on else content, strict=False)


def require_open(row: Mapping[str, Any], day: str, doing: str) -> None:
    """Raise InvalidInput where a quote's validity has ended by ``day``; the message says what to do instead."""
    if row["valid_until"] < day or row["status"] == "expired":
        raise InvalidInput(
            f"quote {row['id']} expired on {row['valid_until']}; it cannot be {doing}: "
            f"'sales-operations quote revise {row['id']}' makes a new version"
        )
