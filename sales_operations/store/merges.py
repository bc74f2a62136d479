"""Which record a merged one lives on in: merged records stay where they are, and mean the survivor."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, or_, select

from sales_operations.store import lookup, tables


def survivors(connection: Connection, ids: Collection[str]) -> dict[str, str]:
    """Id of a merged record to the id of the one that it is part of now, through several merges if need be."""
    found: dict[str, str] = {}
    asked = set(ids)
    while asked:
        step = lookup.rows(connection, "merges", "merged_id", asked, ("merged_id", "survivor_id", "undone_at"))
        next_of = {row["merged_id"]: row["survivor_id"] for row in step if row["undone_at"] is None}
        for start in ids:
            end = found.get(start, start)
            if end in next_of:
                found[start] = next_of[end]
        asked = set(next_of.values())
    return found


def of_record(connection: Connection, record_id: str) -> list[dict[str, Any]]:
    """The merges, undone ones included, that a record was part of, in the order in which they happened."""
    table = tables.RECORDS["merges"]
    part = or_(table.c.survivor_id == record_id, table.c.merged_id == record_id)
    names = tables.COLUMNS["merges"]
    found = connection.execute(select(table).where(part).order_by(table.c.created_at, table.c.id))
    return [dict(zip(names, row, strict=True)) for row in found]


def merged_into(connection: Connection, record_id: str) -> list[str]:
    """Ids of the records that are part of this one now, through several merges if need be."""
    found: list[str] = []
    asked = [record_id]
    while asked:
        rows = lookup.rows(connection, "merges", "survivor_id", asked, ("merged_id", "undone_at"))
        asked = sorted(row["merged_id"] for row in rows if row["undone_at"] is None)
        found += asked
    return found
