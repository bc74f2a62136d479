"""What leaves by a channel, put down in the transaction of the change: the deliveries, and the durable work that makes them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert

from sales_operations.domain.clock import from_micros, to_micros
from sales_operations.domain.opportunity import new_id
from sales_operations.effects.people import user_called
from sales_operations.effects.routing import kinds, legs
from sales_operations.settings.notifications import EVERY, Notifications
from sales_operations.store import tables
from sales_operations.store.durable import Outbox
from sales_operations.store.unit import Unit

DELIVER = "deliver"
"""The durable work that delivers one batch."""
QUEUE = "deliveries"
"""Its queue; each channel is a partition of it, so that a dead receiver holds up nobody else."""
BATCH = 50
"""Deliveries by one channel that one piece of durable work makes, one after the other."""
WAITING, DELIVERED, UNDELIVERABLE = "waiting", "delivered", "undeliverable"
"""States of a delivery."""
_OPTION = "outgoing"


class Outgoing:
    """What one transaction sends. It travels with the transaction's connection."""

    def __init__(self, settings: Notifications, zone: str, outbox: Outbox | None) -> None:
        """``outbox``: None where nothing may leave, so that only the texts are made."""
        self._settings = settings
        self._zone = zone
        self._outbox = outbox
        self._kinds = kinds(settings.channels or {}, os.environ)
        self._batches: dict[str, tuple[str, int]] = {}
        self._users: dict[str, str | None] = {}

    def attach(self, unit: Unit) -> None:
        """Let a unit's notifications leave this way."""
        unit.connection.execution_options(**{_OPTION: self})

    def worded(self, event: str, values: Mapping[str, Any], subject: str, message: str) -> tuple[str, str]:
        """Subject and message by the event's own templates, where it has any. Raises TemplateError."""
        templates = self._settings.templates or {}
        template = templates.get(event) or templates.get(EVERY)
        if template is None:
            return subject, message
        from sales_operations.render.text import rendered

        given = {**values, "event": event, "subject": subject, "message": message}
        place = f"notifications.templates.{event if event in templates else EVERY}"
        if template.subject is not None:
            subject = " ".join(rendered(template.subject, given, f"{place}.subject").split())
        if template.message is not None:
            message = rendered(template.message, given, f"{place}.message").strip()
        return subject, message

    def add(self, unit: Unit, notification_id: str, event: str, recipient: str) -> None:
        """Put down every delivery of a notification that was just written."""
        if self._outbox is None:
            return
        connection = unit.connection
        for leg in legs(event, from_micros(unit.now), self._settings, self._kinds, self._zone):
            due = to_micros(leg.due)
            # Of a digest it is settled now whose it is, so that all that is one person's comes together.
            named = leg.to or (recipient if leg.digest else None)
            user = self._user(connection, named) if named is not None else None
            lost = leg.to is not None and user is None
            at_once = due <= unit.now and not leg.digest and not lost
            row = {
                "id": new_id("delivery"),
                "notification_id": notification_id,
                "event": event,
                "channel": leg.channel,
                "user_id": user,
                "digest": leg.digest,
                "state": UNDELIVERABLE if lost else WAITING,
                "batch_id": self._batch(connection, leg.channel) if at_once else None,
                "attempts": 0,
                "due_at": due,
                "reason": "no user, or more than one, has the e-mail address that the route names" if lost else None,
                "created_at": unit.now,
                "ended_at": unit.now if lost else None,
            }
            connection.execute(insert(tables.deliveries), row)

    def _batch(self, connection: Connection, channel: str) -> str:
        """The batch of this transaction that has room; a new one is enqueued."""
        assert self._outbox is not None
        identity, number = self._batches.get(channel, ("", BATCH))
        if number == BATCH:
            identity, number = new_id("batch"), 0
            self._outbox.put(connection, DELIVER, identity, QUEUE, channel)
        self._batches[channel] = identity, number + 1
        return identity

    def _user(self, connection: Connection, called: str) -> str | None:
        if called not in self._users:
            user = user_called(connection, called)
            self._users[called] = None if user is None else user.id
        return self._users[called]


def outgoing_of(connection: Connection) -> Outgoing | None:
    """What travels with a transaction, if anything does."""
    found: Outgoing | None = connection.get_execution_options().get(_OPTION)
    return found
