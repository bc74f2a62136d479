"""Leads: between the stored row and the ``Lead`` that callers see."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import Connection, Row, func, select

from sales_operations.domain import clock
from sales_operations.domain.errors import NotFound
from sales_operations.domain.lead import CLOSED_STATUSES, Lead
from sales_operations.store import identity, merges, tables

_TEXTS = (
    "company",
    "first_name",
    "last_name",
    "email",
    "phone",
    "title",
    "industry",
    "country",
    "lead_source",
    "product",
)


def to_lead(row: Row[*tuple[Any, ...]]) -> Lead:
    """A stored row as callers see it."""
    return Lead(
        lead_id=row.id,
        **{name: getattr(row, name) or "" for name in _TEXTS},
        employees=row.employees,
        status="converted" if row.converted_at is not None else row.status or "open",
        sales_rep=row.owner_name or row.owner_text or "",
        created_at="" if row.created_at is None else clock.iso(row.created_at),
        opportunity_id=row.opportunity_id or "",
        metadata={"attributes": orjson.loads(row.attributes)} if row.attributes else {},
    )


def get(connection: Connection, given: str) -> Lead:
    """The lead of this record id or external id. Raises NotFound; a deleted lead counts as gone, a merged one lives on."""
    found = identity.find(connection, "leads", given)
    if found:
        found = merges.survivors(connection, [found]).get(found, found)
    leads, users = tables.leads, tables.RECORDS["users"]
    statement = (
        select(*leads.c, func.coalesce(users.c.name, users.c.email).label("owner_name"))
        .select_from(leads.outerjoin(users, users.c.id == leads.c.owner_id))
        .where(leads.c.id == found)
    )
    row = connection.execute(statement).first() if found else None
    if row is None or row.is_deleted:
        raise NotFound(f"there is no lead {given!r}; 'sales-operations import leads FILE' brings leads in")
    return to_lead(row)


def open_ids(connection: Connection) -> list[str]:
    """Ids of the leads that can still be converted, oldest first: those with a closed status are left out."""
    leads = tables.leads.c
    waiting = (
        select(leads.id)
        .where(
            leads.converted_at.is_(None),
            leads.opportunity_id.is_(None),
            func.coalesce(leads.is_deleted, 0) == 0,
            func.lower(func.coalesce(leads.status, "")).not_in(CLOSED_STATUSES),
        )
        .order_by(leads.created_at, leads.id)
    )
    return [row.id for row in connection.execute(waiting)]
