"""Leads that were not answered in time go to somebody else, and in the end to the manager's attention.

An answer is the first activity of the rep on the lead or its deal, or a change of the lead's status or of the deal's stage,
after the assignment.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import select

from sales_operations.domain.activities import NOT_DONE
from sales_operations.domain.events import BIT
from sales_operations.domain.lead import CLOSED_STATUSES
from sales_operations.effects.notifications import notify
from sales_operations.process.assigning.assignment import Assigner
from sales_operations.process.assigning.of_leads import accounts_of, rows_of, told
from sales_operations.settings import Settings
from sales_operations.store import tables
from sales_operations.store.engine import one_of
from sales_operations.store.unit import Unit
from sales_operations.workspace import Workspace

BATCH = 200
"""Assignments that are looked at in one transaction."""

Row = dict[str, Any]


def work(workspace: Workspace) -> int:
    """Look at every assignment whose time is over; gives the number of leads that were handed on or escalated."""
    count = 0
    while True:
        with workspace.unit("response time") as unit:
            unit.hold()  # whoever else does the same finds what is left
            table = tables.RECORDS["assignments"]
            late = select(table).where(table.c.status == "waiting", table.c.due_at < unit.now)
            found = unit.connection.execute(late.order_by(table.c.due_at, table.c.seq).limit(BATCH)).all()
            if not found:
                return count
            rows = [dict(zip(tables.COLUMNS["assignments"], row, strict=True)) for row in found]
            count += _Overdue(unit, workspace.settings, rows).settle()


class _Overdue:
    """Assignments whose time is over, with the leads, deals and answers that they are about."""

    def __init__(self, unit: Unit, settings: Settings, rows: list[Row]) -> None:
        self._unit = unit
        self._settings = settings
        self._rows = rows
        self._leads = rows_of(unit.connection, "leads", {row["lead_id"] for row in rows})
        ids = [lead["opportunity_id"] for lead in self._leads.values() if lead["opportunity_id"]]
        self._deals = rows_of(unit.connection, "opportunities", ids)
        self._answers = self._first_answers()
        self._accounts = accounts_of(unit.connection, self._leads.values())
        self._before = self._had_it()
        self._assigner: Assigner | None = None

    def settle(self) -> int:
        """Close or hand on each of them; gives the number of the latter, escalations included."""
        count = 0
        for row in self._rows:
            lead = self._leads.get(row["lead_id"])
            answered = self._answers.get(row["id"])
            if lead is None or lead["is_deleted"]:
                self._close(row, "closed")
            elif answered is not None:
                self._close(row, "answered", answered)
            elif self._owner(lead) != row["user_id"]:
                self._close(row, "taken over")
            elif self._is_closed(lead):
                self._close(row, "closed")
            else:
                self._hand_on(row, lead)
                count += 1
        return count

    def _close(self, row: Row, status: str, answered_at: int | None = None) -> None:
        self._unit.update("assignments", row, {"status": status, "answered_at": answered_at})

    def _deal(self, lead: Row) -> Row | None:
        return self._deals.get(lead["opportunity_id"])

    def _owner(self, lead: Row) -> str | None:
        owner: str | None = (self._deal(lead) or lead)["owner_id"]
        return owner

    def _is_closed(self, lead: Row) -> bool:
        deal = self._deal(lead)
        if deal is not None:
            return bool(deal["is_deleted"] or deal["status"] != "open")
        return lead["converted_at"] is not None or (lead["status"] or "").casefold() in CLOSED_STATUSES

    def _hand_on(self, row: Row, lead: Row) -> None:
        self._assigner = self._assigner or Assigner(self._unit, self._settings)
        deal = self._deal(lead)
        former = self._assigner.name_of(row["user_id"])
        if row["attempt"] >= self._settings.assignment.response_time.reassignments:
            self._escalate(row, lead, former, "it has been handed on as often as is allowed")
            return
        made = self._assigner.assign(
            {**lead, "owner_id": row["user_id"]},
            account=self._accounts.get(lead["id"]),
            in_hand=deal is None,
            avoid=self._before[lead["id"]],
            attempt=row["attempt"] + 1,
            must=False,
        )
        if made.user_id is None:
            self._escalate(row, lead, former, "nobody else can take it")
            return
        self._close(row, "handed on")
        self._before[lead["id"]].add(made.user_id)
        new = {"owner_id": made.user_id, "owner_text": None}
        self._leads[lead["id"]] = self._unit.update("leads", lead, new)
        if deal is not None:
            self._deals[deal["id"]] = self._unit.update("opportunities", deal, new)
        deal_id = deal["id"] if deal is not None else None
        values = {"lead_id": lead["id"]}
        gained = f"{told(lead, self._assigner.written(made.due_at))} It was not answered in time before."
        notify(self._unit, made.name, "Lead handed on", gained, deal_id, event="lead.handed_on", values=values)
        if former is not None:
            lost = f"The lead of {_company(lead)} ({lead['id']}) went to {made.name}: it was not answered in time."
            notify(self._unit, former, "Lead handed on", lost, deal_id, event="lead.handed_on", values=values)

    def _escalate(self, row: Row, lead: Row, former: str | None, why: str) -> None:
        self._close(row, "escalated")
        assert self._assigner is not None
        recipient = self._assigner.manager_of(row["user_id"]) or former
        if recipient is not None:
            message = f"Nobody answered the lead of {_company(lead)} ({lead['id']}) in time, and {why}."
            if former is not None:
                message += f" {former} has it."
            values = {"lead_id": lead["id"], "sales_rep": former}
            deal = lead["opportunity_id"]
            notify(self._unit, recipient, "Lead not answered", message, deal, event="lead.escalated", values=values)

    def _had_it(self) -> dict[str, set[str]]:
        """Lead id to everybody who was given it."""
        table = tables.RECORDS["assignments"].c
        statement = select(table.lead_id, table.user_id).where(
            one_of(self._unit.connection, table.lead_id, self._leads), table.user_id.is_not(None)
        )
        found: dict[str, set[str]] = {lead: set() for lead in self._leads}
        for row in self._unit.connection.execute(statement):
            found[row.lead_id].add(row.user_id)
        return found

    def _first_answers(self) -> dict[str, int]:
        """Assignment id to the instant of its first answer, where there is one until now."""
        signs: dict[str, list[tuple[int, str | None]]] = {lead: [] for lead in self._leads}
        leads_of = {lead["opportunity_id"]: lead["id"] for lead in self._leads.values() if lead["opportunity_id"]}
        for lead, instant, user in (*self._activities(leads_of), *self._moves(leads_of), *self._statuses()):
            signs[lead].append((instant, user))
        found: dict[str, int] = {}
        for row in self._rows:
            instants = [
                instant
                for instant, user in signs.get(row["lead_id"], ())
                if row["created_at"] < instant <= self._unit.now and user in (None, row["user_id"])
            ]
            if instants:
                found[row["id"]] = min(instants)
        return found

    def _activities(self, leads_of: dict[str, str]) -> Iterable[tuple[str, int, str | None]]:
        """Lead id, instant and user of every activity on the leads and deals."""
        done, connection = tables.RECORDS["activities"].c, self._unit.connection
        asked = select(
            done.lead_id, done.opportunity_id, done.occurred_at, done.owner_id, done.status, done.is_deleted
        ).where(done.occurred_at.is_not(None), done.owner_id.is_not(None))
        rows = list(connection.execute(asked.where(one_of(connection, done.lead_id, self._leads))))
        if leads_of:
            rows += connection.execute(asked.where(one_of(connection, done.opportunity_id, leads_of)))
        for row in rows:
            if not row.is_deleted and (row.status or "").casefold() not in NOT_DONE:
                lead = row.lead_id if row.lead_id in self._leads else leads_of[row.opportunity_id]
                yield lead, row.occurred_at, row.owner_id

    def _moves(self, leads_of: dict[str, str]) -> Iterable[tuple[str, int, None]]:
        """Lead id and instant of every change of stage of the deals; whoever made it, somebody was at work."""
        if not leads_of:
            return
        events, connection = tables.events.c, self._unit.connection
        moved = events.fields.op("&")(BIT["pipeline_stage"] | BIT["stage"]) != 0
        statement = select(events.opportunity_id, events.occurred_at)
        for row in connection.execute(statement.where(moved, one_of(connection, events.opportunity_id, leads_of))):
            yield leads_of[row.opportunity_id], row.occurred_at, None

    def _statuses(self) -> Iterable[tuple[str, int, None]]:
        """Lead id and instant of every change of status of the leads."""
        audit, connection = tables.audit.c, self._unit.connection
        statement = select(audit.record_id, audit.recorded_at, audit.detail).where(
            audit.kind == "leads", audit.action == "update", one_of(connection, audit.record_id, self._leads)
        )
        for row in connection.execute(statement):
            if row.detail and "status" in orjson.loads(row.detail):
                yield row.record_id, row.recorded_at, None


def _company(lead: Row) -> str:
    return str(lead["company"] or "an unknown company")
