"""What scores are learnt from: leads, deals with their history, and accounts, as plain rows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, func, select

from sales_operations.domain.events import Event
from sales_operations.store import tables
from sales_operations.store.history import to_event

_CHUNK = 5_000


def leads(connection: Connection) -> Iterator[dict[str, Any]]:
    """Every lead that is not deleted, nor its person erased, as stored, in the order of the ids."""
    table = tables.leads
    kept = (func.coalesce(table.c.is_deleted, 0) == 0, table.c.erased_at.is_(None))
    statement = select(table).where(*kept).order_by(table.c.id)
    for row in connection.execute(statement):
        yield row._asdict()


def deals(connection: Connection, until: int) -> Iterator[tuple[str, list[Event]]]:
    """Deals with their events up to an instant (microseconds), in the order of the ids and of the events' numbers."""
    events = tables.events
    statement = select(events).where(events.c.occurred_at <= until).order_by(events.c.opportunity_id, events.c.seq)
    with connection.execute(statement, execution_options={"yield_per": _CHUNK}) as rows:
        for deal, found in groupby(rows, attrgetter("opportunity_id")):
            yield deal, [to_event(row) for row in found]


def accounts(connection: Connection) -> dict[str, dict[str, Any]]:
    """Account id to what describes the company."""
    table = tables.RECORDS["accounts"].c
    statement = select(table.id, table.industry, table.segment, table.country, table.employees)
    return {row.id: row._asdict() for row in connection.execute(statement)}
