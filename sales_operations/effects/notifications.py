"""Notifications: written to the in-app inbox in the transaction of the change that they tell of."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, select

from sales_operations.domain.clock import iso
from sales_operations.domain.opportunity import new_id
from sales_operations.effects.outbox import outgoing_of
from sales_operations.store import tables
from sales_operations.store.engine import one_of
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
    once: str | None = None,
) -> str:
    """Put a message into a person's inbox, and on its way by the channels that are set up for its event.

    ``recipient``: a user's name, id or e-mail address. ``event``: a name such as ``quote.accepted``, by which routes and
    templates are chosen. ``values``: what an own template may show beside the texts (texts, numbers, lists and mappings).
    ``once``: a name of the occasion, of which the recipient is told once, however often this is called.
    Gives the notification's id, which stays the same wherever and however often it is delivered. Raises TemplateError.
    """
    identity, happened = new_id("note") if once is None else _id_of(once, recipient), event or MESSAGE
    if once is not None and _is_told(unit.connection, identity):
        return identity
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


def _id_of(occasion: str, recipient: str) -> str:
    return f"note_{sha256(repr((occasion, recipient)).encode()).hexdigest()[:32]}"


def _is_told(connection: Connection, identity: str) -> bool:
    notes = tables.RECORDS["notifications"]
    return connection.execute(select(notes.c.id).where(notes.c.id == identity)).first() is not None


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


def deliveries_of(connection: Connection, notification_ids: list[str]) -> dict[str, list[dict[str, Any]]]:
    """What became of notifications beyond the inbox, by notification: channel, state (waiting, delivered, undeliverable),
    attempts, reason of the last failure, due_at and ended_at. Those that went nowhere else are left out.
    """
    rows = tables.deliveries
    wanted = select(rows).where(one_of(connection, rows.c.notification_id, notification_ids))
    found: dict[str, list[dict[str, Any]]] = {}
    for row in connection.execute(wanted.order_by(rows.c.channel, rows.c.id)):
        told = {name: getattr(row, name) for name in ("channel", "event", "state", "attempts", "reason")}
        ended = None if row.ended_at is None else iso(row.ended_at)
        found.setdefault(row.notification_id, []).append(told | {"due_at": iso(row.due_at), "ended_at": ended})
    return found
