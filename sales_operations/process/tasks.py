"""Tasks: something that a person has to do by a day, for a deal or a lead."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, or_, select

from sales_operations.domain.clock import iso
from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.domain.opportunity import new_id
from sales_operations.store import identity, tables
from sales_operations.store.unit import Unit
from sales_operations.workspace import Workspace

STATUSES = ("open", "done", "all")


def add(
    unit: Unit,
    title: str,
    due_date: str,
    *,
    owner_id: str | None,
    opportunity_id: str | None = None,
    lead_id: str | None = None,
    firing_id: str | None = None,
) -> dict[str, Any]:
    """Write a task within a transaction and give its row. ``due_date`` is ``YYYY-MM-DD``."""
    row = {
        "id": new_id("task"),
        "title": title,
        "opportunity_id": opportunity_id,
        "lead_id": lead_id,
        "owner_id": owner_id,
        "due_date": due_date,
        "status": "open",
        "firing_id": firing_id,
        "created_at": unit.now,
        "done_at": None,
    }
    unit.create("tasks", row)
    return row


def finish(workspace: Workspace, task_id: str) -> dict[str, Any]:
    """Note that a task is done, and give it as callers see it; one that was done already stays so. Raises NotFound."""
    with workspace.unit("task done") as unit:
        unit.hold()
        row = unit.find("tasks", task_id)
        if row is None:
            raise NotFound(f"there is no task {task_id!r}; 'sales-operations task list' shows them")
        if row["status"] == "open":
            row = unit.update("tasks", row, {"status": "done", "done_at": unit.now})
    with workspace.reading() as connection:
        users = tables.RECORDS["users"].c
        owner = connection.execute(select(users.name).where(users.id == row["owner_id"])).scalar()
    return _shown({**row, "owner_name": owner})


def listing(
    connection: Connection,
    *,
    status: str = "open",
    owner: str | None = None,
    opportunity_id: str | None = None,
    limit: int = 50,
    until: int | None = None,
) -> list[dict[str, Any]]:
    """Tasks, those due first before the others; as they stood at an instant (microseconds) where given.

    ``owner`` is a record id, e-mail or name. Raises InvalidInput for another status, NotFound for an unknown owner.
    """
    if status not in STATUSES:
        raise InvalidInput(f"status {status!r} is none of {', '.join(STATUSES)}")
    table, users = tables.RECORDS["tasks"], tables.RECORDS["users"]
    statement = (
        select(*table.c, users.c.name.label("owner_name"))
        .select_from(table.outerjoin(users, users.c.id == table.c.owner_id))
        .order_by(table.c.due_date, table.c.seq)
        .limit(limit)
    )
    if until is not None:
        statement = statement.where(table.c.created_at <= until)
    undone = table.c.done_at.is_(None) if until is None else or_(table.c.done_at.is_(None), table.c.done_at > until)
    if status != "all":
        statement = statement.where(undone if status == "open" else ~undone)
    if owner is not None:
        found = identity.resolve(connection, "users", "", [owner]).get(owner)
        if found is None:
            raise NotFound(f"there is no user {owner!r}; name one by record id, e-mail or name")
        statement = statement.where(table.c.owner_id == found)
    if opportunity_id is not None:
        statement = statement.where(table.c.opportunity_id == opportunity_id)
    return [_shown(dict(row._mapping), until) for row in connection.execute(statement)]


def _shown(row: dict[str, Any], until: int | None = None) -> dict[str, Any]:
    done = row["done_at"] is not None and (until is None or row["done_at"] <= until)
    return {
        "task_id": row["id"],
        "title": row["title"],
        "due_date": row["due_date"],
        "status": "done" if done else "open",
        "owner": row["owner_name"] or row["owner_id"],
        "opportunity_id": row["opportunity_id"],
        "lead_id": row["lead_id"],
        "created_at": iso(row["created_at"]),
        "done_at": iso(row["done_at"]) if done else None,
        "firing_id": row["firing_id"],
    }
