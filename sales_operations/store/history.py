"""The history of deals as stored: read back as events, replayed, and checked against the present state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson
from sqlalchemy import Connection, Row, func, or_, select

from sales_operations.domain.events import BIT, Event, derive
from sales_operations.domain.stages import OpportunityStage
from sales_operations.store import tables
from sales_operations.store.audit import Finding
from sales_operations.store.engine import one_of

_APART = frozenset(("id", "seq", "status", "observed"))
"""Columns of a deal that a replay does not give."""


def to_event(row: Row[Any]) -> Event:
    """A stored row as an event."""
    values = {name: getattr(row, name) for name, bit in BIT.items() if row.fields & bit}
    return Event(
        row.opportunity_id,
        row.occurred_at,
        row.basis,
        values,
        orjson.loads(row.other) if row.other else {},
        orjson.loads(row.previous) if row.previous else {},
        row.seq,
        row.recorded_at,
    )


def of_deals(connection: Connection, ids: Iterable[str]) -> dict[str, list[Event]]:
    """The events of these deals, in order of their numbers."""
    return {deal: list(map(to_event, rows)) for deal, rows in _rows_of_deals(connection, ids).items()}


def _rows_of_deals(connection: Connection, ids: Iterable[str]) -> dict[str, list[Row[Any]]]:
    found: dict[str, list[Row[Any]]] = {}
    wanted = one_of(connection, tables.events.c.opportunity_id, ids)
    for row in connection.execute(select(tables.events).where(wanted).order_by(tables.events.c.seq)):
        found.setdefault(row.opportunity_id, []).append(row)
    return found


def newest_change(connection: Connection, until: int) -> int | None:
    """When a deal last changed, in microseconds, up to an instant; None where no change is dated.

    What an import saw without a date is as old as the import, and says nothing about the age of the data.
    """
    events = tables.events.c
    dated = or_(events.basis != "inferred", events.occurred_at < events.recorded_at)
    newest = select(func.max(events.occurred_at)).where(dated, events.occurred_at <= until)
    return connection.execute(newest).scalar()


def state_of(events: Iterable[Event]) -> dict[str, Any]:
    """The columns of a deal that follow from its events."""
    state = derive(events)
    state["status"] = OpportunityStage(state["stage"]).status.value
    return state


def replayed(connection: Connection, chunk: int = 2_000) -> Iterator[tuple[Row[Any], dict[str, Any] | None]]:
    """Every deal as stored, beside its state as replayed from the events alone.

    None where it has no events, nothing where somebody made them unreadable.
    """
    table = tables.opportunities
    deals = select(table).order_by(table.c.id)
    with connection.execute(deals, execution_options={"yield_per": chunk}) as stored:
        for rows in stored.partitions(chunk):
            found = _rows_of_deals(connection, [row.id for row in rows])
            for row in rows:
                yield row, _replay(found[row.id]) if row.id in found else None


def _replay(rows: list[Row[Any]]) -> dict[str, Any]:
    try:
        return state_of(map(to_event, rows))
    except (
        AttributeError,
        OverflowError,
        TypeError,
        ValueError,
    ):  # text that is no JSON, or a stage that does not exist
        return {}


def verify(connection: Connection, limit: int = 50) -> list[Finding]:
    """Replay the whole history and compare it with the present state of every deal."""
    findings: list[Finding] = []
    names = [name for name in tables.COLUMNS["opportunities"] if name not in _APART]
    for row, state in replayed(connection):
        if state is None:
            findings.append(Finding(row.seq, f"opportunities {row.id} has no history"))
        elif not state:
            findings.append(Finding(row.seq, f"opportunities {row.id} has a history that cannot be read"))
        elif differing := [name for name in names if getattr(row, name) != state.get(name)]:
            findings.append(Finding(row.seq, f"opportunities {row.id}: {', '.join(differing)} differ from its history"))
        if len(findings) >= limit:
            return findings
    deal = tables.opportunities.c.id
    orphans = select(tables.events.c.opportunity_id).where(
        ~select(deal).where(deal == tables.events.c.opportunity_id).exists()
    )
    for orphan in connection.execute(orphans.distinct().limit(limit - len(findings))):
        findings.append(Finding(None, f"history of {orphan.opportunity_id}, which is no deal"))
    return findings
