"""Handing out leads that are not deals yet: those that are named, or all open ones without a rep."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from sales_operations.domain.clock import to_micros
from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.domain.lead import CLOSED_STATUSES
from sales_operations.effects.notifications import notify
from sales_operations.process.assigning.assignment import Assigner, Assignment
from sales_operations.process.assigning.explanation import Explanation, Replay
from sales_operations.store import identity, tables
from sales_operations.store.engine import one_of
from sales_operations.store.unit import Unit
from sales_operations.workspace import Workspace

BATCH = 500
"""Leads that are handed out in one transaction."""


@dataclass(frozen=True)
class Handed:
    """A lead and who has it now (None: nobody), since when it is due an answer, and why; ``is_new``: it changed hands."""

    lead_id: str
    company: str
    user_id: str | None
    name: str
    is_new: bool
    due_at: int | None
    record_id: str | None
    explanation: Explanation


@dataclass(frozen=True)
class Kept:
    """An assignment of the past, in the state it came to (``status``), and why it was made."""

    record_id: str
    created_at: int
    status: str
    attempt: int
    due_at: int | None
    answered_at: int | None
    explanation: Explanation


def hand_out(
    workspace: Workspace,
    lead_ids: list[str] | None = None,
    progress: Callable[[int], None] = lambda _: None,
    *,
    dry_run: bool = False,
) -> list[Handed]:
    """Give leads to reps, and tell them; without ``lead_ids``, all open leads that have no rep.

    ``dry_run`` says what would happen and writes nothing. Raises NotFound for an unknown lead, InvalidInput for a converted
    one and, where so configured, where nobody can take a lead; SettingsError for rules that name unknown users or teams.
    """
    with workspace.reading() as connection:
        wanted = _open_leads(connection) if lead_ids is None else [_found(connection, text) for text in lead_ids]
    wanted = list(dict.fromkeys(wanted))
    handed: list[Handed] = []
    if dry_run:
        with workspace.reading() as connection:
            assigner = Assigner(connection, workspace.settings, now=to_micros(workspace.clock()))
            return _hand_out(connection, None, assigner, wanted)
    for start in range(0, len(wanted), BATCH):
        with workspace.unit("lead assignment") as unit:
            assigner = Assigner(unit, workspace.settings)
            handed += _hand_out(unit.connection, unit, assigner, wanted[start : start + BATCH])
        progress(len(handed))
    return handed


def history(workspace: Workspace, lead_id: str) -> list[Kept]:
    """Every assignment of a lead, the newest first, each explained from what was kept of it. Raises NotFound."""
    table = tables.RECORDS["assignments"]
    with workspace.reading() as connection:
        statement = select(table).where(table.c.lead_id == _found(connection, lead_id))
        newest_first = statement.order_by(table.c.created_at.desc(), table.c.attempt.desc(), table.c.id)
        replay = Replay(connection)
        return [
            Kept(
                row.id,
                row.created_at,
                row.status,
                row.attempt,
                row.due_at,
                row.answered_at,
                replay.explanation(dict(zip(tables.COLUMNS["assignments"], row, strict=True))),
            )
            for row in connection.execute(newest_first).all()
        ]


def accounts_of(connection: Connection, leads: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Lead id to the row of the account that has its company's name, where one has."""
    companies = {lead["id"]: lead["company"] for lead in leads if lead["company"]}
    named = identity.resolve(connection, "accounts", "", companies.values()) if companies else {}
    rows = rows_of(connection, "accounts", named.values())
    return {lead: rows[found] for lead, company in companies.items() if (found := named.get(company)) in rows}


def rows_of(connection: Connection, kind: str, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Record id to the record as stored."""
    table, names = tables.RECORDS[kind], tables.COLUMNS[kind]
    found = connection.execute(select(table).where(one_of(connection, table.c.id, ids)))
    return {row.id: dict(zip(names, row, strict=True)) for row in found}


def _hand_out(connection: Connection, unit: Unit | None, assigner: Assigner, wanted: list[str]) -> list[Handed]:
    leads = rows_of(connection, "leads", wanted)
    accounts = accounts_of(connection, leads.values())
    handed = []
    for lead in (leads[one] for one in wanted):
        if lead["converted_at"] is not None or lead["opportunity_id"]:
            raise InvalidInput(
                f"lead {lead['id']} is converted: its rep is that of its opportunity {lead['opportunity_id'] or ''}"
            )
        account = accounts.get(lead["id"])
        why = assigner.explained(lead, account=account)
        made = assigner.assign(lead, account=account, in_hand=True)
        is_new = made.user_id is not None and made.user_id != lead["owner_id"]
        if unit is not None and is_new:
            unit.update("leads", lead, {"owner_id": made.user_id, "owner_text": None})
            message = told(lead, assigner.written(made.due_at))
            notify(unit, made.name, "New lead", message, None, event="lead.assigned", values={"lead_id": lead["id"]})
        handed.append(_handed(lead, made, why, is_new))
    return handed


def _handed(lead: Mapping[str, Any], made: Assignment, why: Explanation, is_new: bool) -> Handed:
    company = lead["company"] or ""
    return Handed(lead["id"], company, made.user_id, made.name, is_new, made.due_at, made.record_id, why)


def told(lead: Mapping[str, Any], due: str | None) -> str:
    """What a rep reads about a lead that was assigned; ``due``: until when to answer, in words."""
    until = f" Answer it by {due}." if due else ""
    return f"A lead of {lead['company'] or 'an unknown company'} is yours ({lead['id']}).{until}"


def _found(connection: Connection, text: str) -> str:
    found = identity.find(connection, "leads", text)
    deleted = found is not None and rows_of(connection, "leads", [found])[found]["is_deleted"]
    if found is None or deleted:
        raise NotFound(f"there is no lead {text!r}; 'sales-operations import leads FILE' brings leads in")
    return found


def _open_leads(connection: Connection) -> list[str]:
    """Open leads without a rep, the oldest first."""
    leads = tables.leads.c
    statement = (
        select(leads.id, leads.status, leads.is_deleted)
        .where(leads.owner_id.is_(None), leads.converted_at.is_(None), leads.opportunity_id.is_(None))
        .order_by(leads.created_at, leads.id)
    )
    rows = connection.execute(statement).all()
    return [row.id for row in rows if not row.is_deleted and (row.status or "").casefold() not in CLOSED_STATUSES]
