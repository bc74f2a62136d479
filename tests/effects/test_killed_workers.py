"""A worker dies in the middle: every notification arrives, and always under the same id."""

from __future__ import annotations

import random

import orjson
import pytest
from sqlalchemy import select

from sales_operations.effects.notifications import inbox, notify
from sales_operations.store import audit, tables
from tests.effects import kills

TOLD_BEFORE_EACH = 15


def killed_again_and_again(stores, web, times: int) -> None:
    kills.config(stores.folder, web.url)
    workspace = stores.open(str(stores.folder / "config.yaml"))
    chance, notes = random.Random(times), {}
    for round_ in range(times):
        for number in range(TOLD_BEFORE_EACH):
            with workspace.unit("test") as unit:
                message = f"Round {round_}, message {number}"
                notes[notify(unit, "Ada", "Subject", message, None)] = message
        kills.kill_in_the_middle(stores.folder, stores.url, web.posts, chance)
    last = kills.start(stores.folder, stores.url, "--once", "--json")
    out, errors = last.communicate(timeout=120)
    assert (last.returncode, errors) == (0, "")
    assert orjson.loads(out)["waiting"] == 0
    assert set(web.ids) == set(notes)  # each at least once
    for post in web.posts:  # and always under its own id, with the same words
        assert post.content["data"]["message"] == notes[post.content["id"]]
    with workspace.reading() as connection:
        assert len(inbox(connection, limit=10_000)) == len(notes)
        states = connection.execute(select(tables.deliveries.c.state)).scalars().all()
        assert audit.verify(connection).findings == []
    assert states == ["delivered"] * len(notes)


def test_what_a_killed_worker_had_in_hand_arrives_under_the_same_id(stores, web):
    killed_again_and_again(stores, web, 1)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_fifty_killed_workers_lose_nothing(stores, web):
    killed_again_and_again(stores, web, 50)


@pytest.mark.long
def test_several_workers_at_once_deliver_everything_and_together(stores, web):
    kills.config(stores.folder, web.url)
    workspace = stores.open(str(stores.folder / "config.yaml"))
    notes = []
    for number in range(60):
        with workspace.unit("test") as unit:
            notes.append(notify(unit, "Ada", "Subject", f"Message {number}", None))
    workers = [kills.start(stores.folder, stores.url, "--once", "--json", "--workers", "2") for _ in range(3)]
    told = [worker.communicate(timeout=120) for worker in workers]
    assert [errors for _, errors in told] == ["", "", ""]
    assert sum(orjson.loads(out)["delivered"] for out, _ in told) == len(notes)
    assert sorted(web.ids) == sorted(notes)  # nobody was killed, so each came once
