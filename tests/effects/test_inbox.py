"""The in-app inbox: written with the change that it tells of, or not at all."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from sales_operations.effects.notifications import inbox, notify
from sales_operations.store import audit


def test_the_newest_come_first_up_to_the_limit_and_of_one_person_where_asked(stores: Any) -> None:
    workspace = stores.open()
    for number in range(5):
        stores.clock.advance(minutes=1)
        with workspace.unit("test") as unit:
            notify(unit, "Ada" if number % 2 else "Bo", "Subject", f"Message {number}", None)
    with workspace.reading() as connection:
        assert [note["message"][-1] for note in inbox(connection)] == ["4", "3", "2", "1", "0"]
        assert [note["message"][-1] for note in inbox(connection, limit=2)] == ["4", "3"]
        assert [note["message"][-1] for note in inbox(connection, "Ada")] == ["3", "1"]
        assert inbox(connection, "Cy") == []
        until = stores.clock.micros - 60_000_000
        assert [note["message"][-1] for note in inbox(connection, until=until)] == ["3", "2", "1", "0"]


def test_a_notification_has_the_id_that_its_delivery_will_carry(stores: Any) -> None:
    workspace = stores.open()
    with workspace.unit("test") as unit:
        given = notify(unit, "Ada", "Subject", "Message", "opp_1")
    with workspace.reading() as connection:
        assert inbox(connection) == [
            {
                "id": given,
                "recipient": "Ada",
                "subject": "Subject",
                "message": "Message",
                "opportunity_id": "opp_1",
                "created_at": "2026-11-24T12:00:00+00:00",
            }
        ]
        assert audit.verify(connection).entries == 1


def test_where_the_change_fails_nobody_is_told(stores: Any) -> None:
    workspace = stores.open()
    with suppress(RuntimeError), workspace.unit("test") as unit:
        notify(unit, "Ada", "Subject", "Message", None)
        unit.flush()
        raise RuntimeError
    with workspace.reading() as connection:
        assert inbox(connection) == []
        assert audit.verify(connection).entries == 0
