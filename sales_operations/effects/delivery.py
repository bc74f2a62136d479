"""Making deliveries: each letter is sent, and what became of it is written down before the next one goes out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, Row, select, update

from sales_operations.domain.clock import Clock, to_micros
from sales_operations.effects.channels import Letter, Send, opened
from sales_operations.effects.digests import collected
from sales_operations.effects.failure import DeliveryFailed, Undeliverable
from sales_operations.effects.outbox import DELIVERED, UNDELIVERABLE, WAITING
from sales_operations.effects.people import user_called, user_of_id
from sales_operations.effects.routing import wait_seconds
from sales_operations.settings.notifications import Notifications
from sales_operations.store import tables
from sales_operations.store.engine import one_of, reading, writing
from sales_operations.store.history import to_event

PATIENCE = 3
"""Failures in a row after which the rest of a batch waits: its receiver is probably down."""
_SECOND = 1_000_000


@dataclass(frozen=True)
class Room:
    """What a delivery needs: the store, the settings, the clock, and the environment for what is kept there."""

    engine: Engine
    settings: Notifications
    clock: Clock
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @property
    def now(self) -> int:
        """The present, in microseconds."""
        return to_micros(self.clock())


@dataclass(frozen=True)
class _Item:
    """One letter's worth of deliveries: a single one, or those of a digest. They are of one channel and one person."""

    deliveries: list[Row[Any]]

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.deliveries]

    @property
    def attempts(self) -> int:
        return max(int(one.attempts) for one in self.deliveries)


def deliver(room: Room, batch_id: str) -> dict[str, int]:
    """Make the deliveries of a batch that are still to be made; gives how many letters ended how.

    What was begun and not written down when a process died is sent again, with the same id.
    """
    counts = {"delivered": 0, "delayed": 0, "undeliverable": 0}
    with reading(room.engine) as connection:
        items = _items(connection, batch_id)
    if not items:
        return counts
    try:
        send = _channel(room, items[0].deliveries[0].channel)
    except DeliveryFailed as error:
        for item in items:
            _delayed(room, item, str(error))
        return {**counts, "delayed": len(items)}
    failures = 0
    for item in items:
        if failures >= PATIENCE:
            _delayed(room, item, "the receiver did not take what went before", tried=False)
            counts["delayed"] += 1
            continue
        with reading(room.engine) as connection:
            letter = _letter(connection, item)
        try:
            send(letter)
        except Undeliverable as error:
            _ended(room, item, UNDELIVERABLE, str(error))
            counts["undeliverable"] += 1
        except Exception as error:  # whatever goes wrong within a service must not hold up the others
            known = isinstance(error, DeliveryFailed)
            _delayed(room, item, str(error) if known else f"the channel failed ({type(error).__name__})")
            counts["delayed"] += 1
            failures += 1
        else:
            _ended(room, item, DELIVERED, None)
            counts["delivered"] += 1
            failures = 0
    return counts


def _channel(room: Room, name: str) -> Send:
    settings = (room.settings.channels or {}).get(name)
    if settings is None:
        raise DeliveryFailed(f"the channel {name} is not in the configuration any more")
    return opened(name, settings, room.environ, room.clock)


def _items(connection: Connection, batch_id: str) -> list[_Item]:
    rows = tables.deliveries
    wanted = select(rows).where(rows.c.batch_id == batch_id, rows.c.state == WAITING)
    found = connection.execute(wanted.order_by(rows.c.created_at, rows.c.id)).all()
    items: dict[str, list[Row[Any]]] = {}
    for row in found:
        items.setdefault(row.digest_id or row.id, []).append(row)
    return [_Item(deliveries) for deliveries in items.values()]


def _letter(connection: Connection, item: _Item) -> Letter:
    first = item.deliveries[0]
    notes = tables.RECORDS["notifications"]
    wanted = [one.notification_id for one in item.deliveries]
    found = connection.execute(select(notes).where(one_of(connection, notes.c.id, wanted)).order_by(notes.c.seq)).all()
    note = found[0]
    recipient, email = _person(connection, note.recipient, first.user_id)
    if first.digest is None:
        change = _change(connection, note)
        return Letter(note.id, first.event, recipient, email, note.subject, note.message, note.opportunity_id,
                      note.created_at, item.attempts + 1, change)  # fmt: skip
    subject, message = collected(first.digest, [(one.subject, one.message) for one in found])
    return Letter(first.digest_id, f"digest.{first.digest}", recipient, email, subject, message, None,
                  found[-1].created_at, item.attempts + 1)  # fmt: skip


def _person(connection: Connection, recipient: str, user_id: str | None) -> tuple[str, str | None]:
    """Name and e-mail address of who gets it; no address where nobody, or more than one user, is called so."""
    user = user_called(connection, recipient) if user_id is None else user_of_id(connection, user_id)
    return (recipient, None) if user is None else (user.name or recipient, user.email or None)


def _change(connection: Connection, note: Row[Any]) -> dict[str, Any] | None:
    """What happened to the note's deal in the note's own transaction: values by field, before and after."""
    events = tables.events.c
    wanted = (
        select(tables.events)
        .where(
            events.opportunity_id == note.opportunity_id,
            events.recorded_at == note.created_at,
            events.seq < note.seq,
            events.basis == "live",
        )
        .order_by(events.seq.desc())
        .limit(1)
    )
    event = connection.execute(wanted).first()
    if event is None:
        return None
    known = to_event(event)
    return {"previous": known.previous, "values": {**known.values, **known.other}}


def _delayed(room: Room, item: _Item, reason: str, *, tried: bool = True) -> None:
    attempts = item.attempts + int(tried)
    wait = wait_seconds(max(1, attempts), room.settings.retry_seconds) * _SECOND
    _write(room, item, {"batch_id": None, "due_at": room.now + wait, "attempts": attempts, "reason": reason})


def _ended(room: Room, item: _Item, state: str, reason: str | None) -> None:
    attempts = item.attempts + int(state == DELIVERED)
    _write(room, item, {"state": state, "ended_at": room.now, "attempts": attempts, "reason": reason})


def _write(room: Room, item: _Item, values: dict[str, Any]) -> None:
    rows = tables.deliveries
    with writing(room.engine) as connection:
        # A worker that was taken for dead, and comes back, writes nothing over what another has done since.
        held = one_of(connection, rows.c.id, item.ids) & (rows.c.batch_id == item.deliveries[0].batch_id)
        connection.execute(update(rows).where(held, rows.c.state == WAITING).values(**values))
