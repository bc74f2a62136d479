"""What happened that a rule may wait for: events of deals, and what became of leads, quotes, contracts, activities, tasks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, func, select

from sales_operations.domain.stages import OpportunityStatus
from sales_operations.process.rules.facts import Activity
from sales_operations.process.rules.timeline import Moment
from sales_operations.process.rules.vocabulary import RECORD_EVENTS
from sales_operations.store import tables
from sales_operations.store.engine import one_of

_IMPORT = "import "
"""What the cause of an import's changes begins with."""


@dataclass(frozen=True)
class Cause:
    """Something that happened to a record, by its number in the ledger; ``event`` is None where its deal's moment tells.

    ``at`` in microseconds. ``cause`` is what the change itself names as its cause.
    """

    seq: int
    at: int
    cause: str
    event: str | None
    opportunity_id: str | None = None
    lead_id: str | None = None
    imported: bool = False


def events_of(moment: Moment) -> tuple[str, ...]:
    """The events, in the words of the rules, that a moment of a deal is."""
    if not moment.before:
        return ("opportunity.created",)
    if not moment.changed:
        return ()
    changed = moment.changed
    names = ["opportunity.changed"]
    if "pipeline_stage" in changed or "stage" in changed:
        names.append("opportunity.stage_changed")
    names += [f"opportunity.{name}_changed" for name in ("amount", "close_date", "owner") if name in changed]
    status = moment.after["status"]
    if "status" in changed and status != OpportunityStatus.OPEN.value:
        names.append(f"opportunity.{status}")
    return tuple(names)


def deal_causes(connection: Connection, after: int, until: int, limit: int) -> list[Cause]:
    """Events of deals with numbers from ``after``, not included, to ``until``; at most ``limit``, in order."""
    events = tables.events.c
    statement = (
        select(events.seq, events.recorded_at, events.cause, events.opportunity_id, events.basis)
        .where(events.seq > after, events.seq <= until)
        .order_by(events.seq)
        .limit(limit)
    )
    return [
        Cause(
            row.seq,
            row.recorded_at,
            row.cause,
            None,
            row.opportunity_id,
            imported=row.basis != "live" or row.cause.startswith(_IMPORT),
        )
        for row in connection.execute(statement)
    ]


def record_causes(
    connection: Connection, names: Iterable[str], after: int, until: int, limit: int | None = None
) -> list[Cause]:
    """The same for other records: those of the named events."""
    kinds: dict[str, list[str]] = {}
    for name in names:
        if name in RECORD_EVENTS:
            kinds.setdefault(RECORD_EVENTS[name][0], []).append(name)
    found: list[Cause] = []
    audit = tables.audit.c
    for kind, events in sorted(kinds.items()):
        statement = (
            select(audit.seq, audit.recorded_at, audit.cause, audit.action, audit.record_id, audit.detail)
            .where(audit.kind == kind, audit.seq > after, audit.seq <= until)
            .order_by(audit.seq)
        )
        rows = connection.execute(statement.limit(limit) if limit else statement).all()
        told = [(row, event) for row in rows for event in events if _is(event, row.action, row.detail)]
        deals = _deals(connection, kind, {row.record_id for row, _ in told})
        for row, event in told:
            deal, lead = deals.get(row.record_id), row.record_id if kind == "leads" else None
            if deal or lead:
                imported = row.cause.startswith(_IMPORT)
                found.append(Cause(row.seq, row.recorded_at, row.cause, event, deal, lead, imported))
    return sorted(found, key=lambda cause: (cause.seq, cause.event or ""))


def _is(event: str, action: str, detail: str | None) -> bool:
    status = RECORD_EVENTS[event][1]
    if status is None:
        return action == "create"
    if action != "update" or detail is None:
        return False
    changed = orjson.loads(detail).get("status")
    return isinstance(changed, list) and changed[1] == status


def _deals(connection: Connection, kind: str, ids: set[str]) -> dict[str, str]:
    """Record to its deal."""
    if kind == "leads":
        return {}
    table = tables.RECORDS[kind].c
    statement = select(table.id, table.opportunity_id).where(one_of(connection, table.id, ids))
    return {row.id: row.opportunity_id for row in connection.execute(statement) if row.opportunity_id}


def activities_of(connection: Connection, deals: Iterable[str], until: int | None = None) -> dict[str, list[Activity]]:
    """Deal to its activities, in order of time; with ``until``, only those written up to that number of the ledger.

    An activity is known from the time it happened, or from its recording in the source where that was later.
    """
    table, audit = tables.RECORDS["activities"].c, tables.audit.c
    statement = select(table.opportunity_id, table.occurred_at, table.created_at, table.activity_type).where(
        one_of(connection, table.opportunity_id, deals),
        table.occurred_at.is_not(None),
        func.coalesce(table.is_deleted, 0) == 0,
    )
    if until is not None:
        written = select(audit.seq).where(
            audit.kind == "activities", audit.record_id == table.id, audit.action == "create", audit.seq <= until
        )
        statement = statement.where(written.exists())
    found: dict[str, list[Activity]] = {}
    for row in connection.execute(statement):
        known_at = max(row.occurred_at, row.created_at or row.occurred_at)
        found.setdefault(row.opportunity_id, []).append(Activity(known_at, (row.activity_type or "").casefold()))
    for activities in found.values():
        activities.sort(key=lambda one: (one.at, one.type))
    return found


def asks_for_activities(conditions: Iterable[Any]) -> bool:
    """Whether any of the comparisons counts activities or their age."""
    return any(one.fact.source == "activities" or one.fact.name == "since_activity" for one in conditions)
