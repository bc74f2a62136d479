"""Deliveries: by mail and by web to real receivers, late rather than never, and always under the same id."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from sales_operations.effects.notifications import deliveries_of, notify
from sales_operations.process import schedule
from sales_operations.process.working import work
from sales_operations.store import tables

# Apprise loads a module that Python has given up.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

ADA = {"id": "u1", "name": "Ada Berg", "email": "ada@example.com", "is_active": 1}
BO = {"id": "u2", "name": "Bo Lund", "email": "bo@example.com", "is_active": 1}


@pytest.fixture(autouse=True)
def no_schedules(monkeypatch):
    """What else comes round is not this room's."""
    monkeypatch.setattr(schedule, "WORKS", {})


def opened(stores, **notifications):
    workspace = stores.open({"sales_operations": {"notifications": notifications}})
    with workspace.unit("people") as unit:
        for person in (ADA, BO):
            if unit.find("users", person["id"]) is None:
                unit.create("users", dict(person))
    return workspace


def tell(workspace, *recipients: str, event: str = "won", message: str = "A deal is won.") -> list[str]:
    with workspace.unit("test") as unit:
        return [notify(unit, recipient, "Won", message, None, event=event) for recipient in recipients]


def states(workspace) -> list[tuple[str, str, int, str | None]]:
    rows = tables.deliveries.c
    with workspace.reading() as connection:
        found = connection.execute(
            select(rows.channel, rows.state, rows.attempts, rows.reason).order_by(rows.created_at, rows.channel)
        )
        return [tuple(row) for row in found]


def hook(web, **more):
    return {"url": web.url, "private_network": True, **more}


def post(mail):
    return {"url": mail.url, "private_network": True}


def test_a_notification_reaches_a_mailbox_and_a_web_server_under_one_id(stores, web, mail):
    workspace = opened(stores, channels={"mail": post(mail), "hook": hook(web, secret="s")})
    with workspace.unit("test") as unit:
        row = {"id": "opp_1", "stage": "lead", "amount_minor": 100, "currency": "EUR", "created_at": unit.now}
        unit.create("opportunities", row)
        note = notify(unit, "Ada Berg", "New", "Acme: it is yours.", "opp_1", event="opportunity.created")
    done = work(workspace, once=True)
    assert (done.delivered, done.delayed, done.undeliverable, done.waiting) == (2, 0, 0, 0)
    [(to, letter)] = mail.letters
    assert (to, letter["Subject"], letter["X-Event-ID"]) == (["ada@example.com"], "New", note)
    assert "Acme: it is yours." in letter.get_body(("plain",)).get_content()
    assert f"Event {note}" in letter.get_body(("plain",)).get_content()
    [got] = web.posts
    assert got.headers["webhook-id"] == got.content["id"] == note
    assert got.content["type"] == "opportunity.created"
    assert got.content["data"]["recipient"] == "Ada Berg"
    assert got.content["data"]["change"]["values"]["amount_minor"] == 100
    assert got.content["timestamp"] == stores.clock.now.isoformat()
    with workspace.reading() as connection:
        sent = deliveries_of(connection, [note, "another"])
    assert [(one["channel"], one["state"], one["attempts"]) for one in sent.pop(note)] == [
        ("hook", "delivered", 1),
        ("mail", "delivered", 1),
    ]
    assert sent == {}


def test_a_webhook_tells_what_was_before_and_what_is_now(sqlite_store, web):
    workspace = opened(sqlite_store, channels={"hook": hook(web)})
    with workspace.unit("test") as unit:
        unit.create("opportunities", {"id": "opp_1", "stage": "lead", "currency": "EUR", "created_at": unit.now})
    sqlite_store.clock.advance(minutes=1)
    with workspace.unit("test") as unit:
        unit.update("opportunities", unit.get("opportunities", "opp_1"), {"close_date": "2027-01-31"})
        notify(unit, "Ada Berg", "Moved", "Later.", "opp_1")
    work(workspace, once=True)
    change = web.posts[-1].content["data"]["change"]
    assert (change["previous"]["close_date"], change["values"]["close_date"]) == (None, "2027-01-31")


def test_a_dead_receiver_delays_its_own_and_holds_up_nobody_else(stores, web, mail):
    workspace = opened(stores, channels={"mail": post(mail), "hook": hook(web)}, retry_seconds=10)
    web.stop()
    notes = tell(workspace, *["Ada Berg"] * 5)
    done = work(workspace, once=True)
    assert (done.delivered, done.delayed, done.waiting) == (5, 5, 5)
    assert len(mail.letters) == 5
    tried = [attempts for channel, _, attempts, _ in states(workspace) if channel == "hook"]
    assert sorted(tried) == [0, 0, 1, 1, 1]  # after three failures in a row, the rest waits untried
    stores.clock.advance(seconds=9)
    assert work(workspace, once=True).delivered == 0
    web.start()
    stores.clock.advance(seconds=2)
    assert work(workspace, once=True).delivered == 5
    assert sorted(web.ids) == sorted(notes)
    assert {post.headers["webhook-attempt"] for post in web.posts} == {"1", "2"}


def test_a_receiver_that_keeps_everybody_waiting_keeps_only_its_own_waiting(sqlite_store, web, mail):
    workspace = opened(sqlite_store, channels={"hook": hook(web), "mail": post(mail)})
    for _ in range(12):
        tell(workspace, "Ada Berg")
    web.open.clear()
    worker = threading.Thread(target=lambda: work(workspace, once=True, at_once=2))
    worker.start()
    until = time.monotonic() + 120
    while len(mail.letters) < 12 and time.monotonic() < until:
        time.sleep(0.02)
    answered = [state for channel, state, _, _ in states(workspace) if channel == "hook" and state == "delivered"]
    web.open.set()
    worker.join()
    assert len(mail.letters) == 12
    assert answered == []


def test_each_attempt_waits_longer_and_carries_the_same_id_and_body(sqlite_store, web):
    workspace = opened(sqlite_store, channels={"hook": hook(web)}, retry_seconds=60)
    web.status = 503
    [note] = tell(workspace, "Ada Berg")
    waits = []
    for _ in range(4):
        begun = sqlite_store.clock.micros
        assert work(workspace, once=True).delayed == 1
        [due] = sqlite_store.execute("SELECT due_at FROM deliveries")
        waits.append((due[0] - begun) // 1_000_000)
        sqlite_store.clock.advance(seconds=waits[-1])
    web.status = 200
    assert work(workspace, once=True).delivered == 1
    assert waits == [60, 120, 240, 480]
    assert web.ids == [note] * 5
    assert len({post.body for post in web.posts}) == 1
    assert [post.headers["webhook-attempt"] for post in web.posts] == ["1", "2", "3", "4", "5"]
    assert states(workspace) == [("hook", "delivered", 5, None)]


def test_in_quiet_hours_people_are_told_afterwards(sqlite_store, web, mail):
    sqlite_store.clock.now = datetime(2026, 11, 27, 21, tzinfo=UTC)  # a Friday
    workspace = opened(
        sqlite_store,
        channels={"mail": post(mail), "hook": hook(web)},
        quiet_hours={"begin": "20:00", "end": "07:00", "weekends": True},
    )
    tell(workspace, "Ada Berg")
    assert work(workspace, once=True).waiting == 1
    assert (len(mail.letters), len(web.posts)) == (0, 1)
    sqlite_store.clock.now = datetime(2026, 11, 30, 6, 59, tzinfo=UTC)
    assert work(workspace, once=True).delivered == 0
    sqlite_store.clock.advance(minutes=1)
    assert work(workspace, once=True).delivered == 1
    assert len(mail.letters) == 1


def test_a_digest_collects_for_each_person_and_keeps_its_id_over_attempts(stores, mail, web):
    workspace = opened(
        stores,
        channels={"mail": post(mail), "hook": hook(web)},
        routes=[
            {"channels": ["mail"], "digest": "daily"},
            {"channels": ["hook"], "events": ["lost"], "digest": "daily"},
        ],
    )
    tell(workspace, "Ada Berg", "Ada Berg", "Bo Lund", message="One")
    stores.clock.advance(hours=1)
    tell(workspace, "ada@example.com", message="Two", event="lost")
    assert work(workspace, once=True).waiting == 5
    web.status = 500
    stores.clock.now = datetime(2026, 11, 25, 8, tzinfo=UTC)
    assert work(workspace, once=True).delayed == 1
    [first] = web.posts
    tell(workspace, "Ada Berg", message="Three", event="lost")
    web.status = 200
    stores.clock.advance(hours=24)
    work(workspace, once=True)
    again, new = sorted(web.posts[1:], key=lambda post: post.body != first.body)
    assert again.body == first.body
    assert again.headers["webhook-attempt"] == "2"
    assert new.content["id"] != first.content["id"]
    told = {}
    for to, letter in mail.letters:
        told.setdefault(to[0], []).append((letter["Subject"], letter.get_body(("plain",)).get_content().count("* Won")))
    assert sorted(told["ada@example.com"]) == [
        ("Your daily digest: 1 notification", 1),
        ("Your daily digest: 3 notifications", 3),
    ]
    assert told["bo@example.com"] == [("Your daily digest: 1 notification", 1)]


def test_a_route_to_named_users_and_one_to_nobody(sqlite_store, mail):
    workspace = opened(
        sqlite_store,
        channels={"mail": post(mail)},
        routes=[{"channels": ["mail"], "events": ["won"], "to": ["BO@example.com", "nobody@example.com"]}],
    )
    tell(workspace, "Ada Berg")
    work(workspace, once=True)
    assert [to for to, _ in mail.letters] == [["bo@example.com"]]
    assert (
        "mail",
        "undeliverable",
        0,
        "no user, or more than one, has the e-mail address that the route names",
    ) in states(workspace)


def test_a_recipient_without_an_address_is_undeliverable_and_says_so(sqlite_store, mail):
    workspace = opened(sqlite_store, channels={"mail": post(mail)})
    tell(workspace, "Somebody Else", "Ada Berg")
    done = work(workspace, once=True)
    assert (done.delivered, done.undeliverable, done.waiting) == (1, 1, 0)
    assert ("mail", "undeliverable", 0, "no e-mail address is known for the recipient") in states(workspace)


def test_what_stands_in_the_way_is_told_without_secrets(sqlite_store, mail, monkeypatch):
    monkeypatch.delenv("NOWHERE_URL", raising=False)
    channels = {
        "unset": {"url": "env:NOWHERE_URL"},
        "strange": {"url": "nonsense://T0KEN"},
        "inside": {"url": mail.url},
    }
    workspace = opened(sqlite_store, channels=channels)
    tell(workspace, "Ada Berg")
    assert work(workspace, once=True).delayed == 3
    reasons = {channel: reason for channel, _, _, reason in states(workspace)}
    assert reasons["unset"] == "the environment variable NOWHERE_URL for url of channel unset is not set"
    assert reasons["strange"] == "the URL is none that Apprise understands"
    assert "private network" in reasons["inside"]
    assert mail.letters == []


def test_a_channel_that_left_the_configuration_keeps_what_is_still_to_be_sent(sqlite_store, web):
    workspace = opened(sqlite_store, channels={"hook": hook(web)})
    tell(workspace, "Ada Berg")
    other = opened(sqlite_store, channels={"screen": {"url": "console:"}})
    assert work(other, once=True).waiting == 1
    sqlite_store.clock.advance(hours=1)
    assert work(workspace, once=True).delivered == 1


def test_work_that_is_gone_lets_its_deliveries_go_on(sqlite_store, web):
    workspace = opened(sqlite_store, channels={"hook": hook(web)})
    tell(workspace, "Ada Berg")
    sqlite_store.execute("DELETE FROM workflow_status")
    assert work(workspace, once=True).delivered == 1


def test_a_person_who_was_erased_gets_nothing_more(sqlite_store, mail):
    from sales_operations.store import privacy

    workspace = opened(sqlite_store, channels={"mail": post(mail)})
    tell(workspace, "Ada Berg", "Bo Lund")
    with workspace.unit("erase") as unit:
        privacy.erase(unit, "users", "u1")
    done = work(workspace, once=True)
    assert (done.delivered, done.undeliverable) == (1, 1)
    assert [to for to, _ in mail.letters] == [["bo@example.com"]]
    for table in ("deliveries", "workflow_status", "workflow_input"):
        assert "Ada" not in str(sqlite_store.execute(f"SELECT * FROM {table}"))
