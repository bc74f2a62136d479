"""Notifications: written to the in-app inbox in the transaction of the change that they tell of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from sales_operations.domain.clock import iso
from sales_operations.domain.opportunity import new_id
from sales_operations.effects.outbox import outgoing_of
from sales_operations.store import tables
from sales_operations.store.unit import Unit

MESSAGE = "message"
"""The event of a notification that names none."""


def notify(
    unit: Unit,
    recipient: str,
    subject: str,
    message: str,
    opportunity_id: str | None,
    *,
    event: str | None = None,
    values: Mapping[str, Any] | None = None,
) -> str:
    """Put a message into a person's inbox, and on its way by the channels that are set up for its event.

    ``recipient``: a user's name, id or e-mail address. ``event``: a name such as ``quote.accepted``, by which routes and
    templates are chosen. ``values``: what an own template may show beside the texts (texts, numbers, lists and mappings).
    Gives the notification's id, which stays the same wherever and however often it is delivered. Raises TemplateError.
    """
    identity, happened = new_id("note"), event or MESSAGE
    outgoing = outgoing_of(unit.connection)
    if outgoing is not None:
        given = {**(values or {}), "recipient": recipient, "opportunity_id": opportunity_id}
        subject, message = outgoing.worded(happened, given, subject, message)
    row = {
        "id": identity,
        "recipient": recipient,
        "subject": subject,
        "message": message,
        "opportunity_id": opportunity_id,
        "created_at": unit.now,
    }
    unit.create("notifications", row)
    if outgoing is not None:
        outgoing.add(unit, identity, happened, recipient)
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
