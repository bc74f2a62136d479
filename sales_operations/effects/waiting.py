"""Deliveries that wait for their time: handed to durable work when it has come, and taken back where that work is gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, select, text, update

from sales_operations.domain.opportunity import new_id
from sales_operations.effects.outbox import BATCH, DELIVER, QUEUE, WAITING
from sales_operations.store import tables
from sales_operations.store.durable import Outbox, active
from sales_operations.store.engine import one_of, reading, writing

_AT_ONCE = 1000
"""Deliveries that are handed over in one transaction."""


def hand_over(engine: Engine, outbox: Outbox, now: int) -> int:
    """Enqueue what is due; gives how many deliveries that were. Several workers may do it at the same moment."""
    with reading(engine) as connection:
        if not connection.execute(select(_due(now).exists())).scalar():
            return 0
    with writing(engine) as connection:
        due = connection.execute(_due(now).limit(_AT_ONCE).with_for_update(skip_locked=True)).all()
        for channel, identity, ids in _batches(connection, due):
            rows = tables.deliveries
            digest_id = {"digest_id": identity} if identity.startswith("digest_") else {}
            held = {"batch_id": new_id("batch"), **digest_id}
            connection.execute(update(rows).where(one_of(connection, rows.c.id, ids)).values(**held))
            outbox.put(connection, DELIVER, held["batch_id"], QUEUE, channel)
    return len(due)


def _due(now: int) -> Any:
    rows = tables.deliveries
    return (
        select(rows)
        .where(rows.c.state == WAITING, rows.c.batch_id.is_(None), rows.c.due_at <= now)
        .order_by(rows.c.due_at, rows.c.id)
    )


def _batches(connection: Connection, due: Sequence[Row[Any]]) -> list[tuple[str, str, list[str]]]:
    """Channel, identity and deliveries of each batch. A digest is a batch of its own, whose identity it keeps for good."""
    recipients = _recipients(connection, [row.notification_id for row in due if row.digest and not row.user_id])
    fresh: dict[tuple[str, str], str] = {}
    found: dict[tuple[str, str], list[str]] = {}
    singles: dict[str, int] = {}
    for row in due:
        if row.digest:
            person = row.user_id or recipients.get(row.notification_id, "")
            identity = row.digest_id or fresh.setdefault((row.channel, person), new_id("digest"))
        else:
            number = singles.get(row.channel, 0)
            singles[row.channel] = number + 1
            identity = str(number // BATCH)
        found.setdefault((row.channel, identity), []).append(row.id)
    return [(channel, identity, ids) for (channel, identity), ids in found.items()]


def _recipients(connection: Connection, notes: list[str]) -> dict[str, str]:
    table = tables.RECORDS["notifications"].c
    rows = connection.execute(select(table.id, table.recipient).where(one_of(connection, table.id, notes)))
    return {row.id: row.recipient for row in rows}


def take_back(engine: Engine) -> int:
    """Let deliveries wait again whose durable work ended without them, or is gone; gives how many that were."""
    rows = tables.deliveries
    with reading(engine) as connection:
        lost = (rows.c.state == WAITING) & rows.c.batch_id.is_not(None)
        lost &= text(f"batch_id NOT IN ({active(connection)})")
        if not connection.execute(select(func.count()).select_from(rows).where(lost)).scalar():
            return 0
    with writing(engine) as connection:
        return int(connection.execute(update(rows).where(lost).values(batch_id=None)).rowcount)


def number_waiting(connection: Connection) -> int:
    """How many deliveries are still to be made."""
    rows = tables.deliveries
    return int(connection.execute(select(func.count()).select_from(rows).where(rows.c.state == WAITING)).scalar_one())
