"""Notifications: written to the in-app inbox in the transaction of the change that they tell of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from sales_operations.domain.clock import iso
from sales_operations.domain.opportunity import new_id
from sales_operations.store import tables
from sales_operations.store.unit import Unit


def notify(unit: Unit, recipient: str, subject: str, message: str, opportunity_id: str | None) -> str:
    """Put a message into a person's inbox; gives the notification's id, which stays the same wherever it is delivered."""
    identity = new_id("note")
    row = {
        "id": identity,
        "recipient": recipient,
        "subject": subject,
        "message": message,
        "opportunity_id": opportunity_id,
        "created_at": unit.now,
    }
    unit.create("notifications", row)
    return identity


def inbox(
    connection: Connection, recipient: str | None = None, limit: int = 50, until: int | None = None
) -> list[dict[str, Any]]:
    """The newest notifications, newest first; of one recipient, or up to an instant (microseconds), where given."""
    notes = tables.RECORDS["notifications"]
    statement = select(notes).order_by(notes.c.seq.desc()).limit(limit)
    if until is not None:
        statement = statement.where(notes.c.created_at <= until)
    if recipient is not None:
        statement = statement.where(notes.c.recipient == recipient)
    names = ("id", "recipient", "subject", "message", "opportunity_id")
    return [
        {name: getattr(row, name) for name in names} | {"created_at": iso(row.created_at)}
        for row in connection.execute(statement)
    ]
