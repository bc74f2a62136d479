"""Schedules: work that comes round is done once each time, by whoever is there, and made up for once where nobody was."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from sales_operations.effects.schedules import Schedule, last_time, take_up
from sales_operations.process import schedule
from sales_operations.process.working import work
from sales_operations.settings.schedule import check_schedule
from sales_operations.store import durable


@pytest.mark.parametrize(
    ("cron", "now", "last"),
    [
        ("0 7 * * *", "2026-11-25T05:59", "2026-11-24T06:00"),
        ("0 7 * * *", "2026-11-25T06:00", "2026-11-25T06:00"),
        ("*/10 * * * *", "2026-11-25T12:34", "2026-11-25T12:30"),
        ("0 7 * * 1", "2026-11-25T12:00", "2026-11-23T06:00"),
    ],
)
def test_the_last_time_of_a_schedule_is_in_the_companys_time_zone(cron, now, last):
    def utc(moment):
        return datetime.fromisoformat(moment).replace(tzinfo=UTC)

    assert last_time(cron, utc(now), "Europe/Berlin") == utc(last)


def test_two_workers_take_up_a_time_once(stores):
    first, second = stores.open(), stores.open()
    first.prepare_effects()
    plans = [Schedule("hourly", "0 * * * *", lambda: 0)]
    now = stores.clock.micros

    def taken(workspace, at):
        return take_up(workspace.engine, durable.Outbox(workspace.engine), plans, at, "UTC")

    assert [taken(first, now), taken(second, now), taken(first, now)] == [["hourly"], [], []]
    hour = 3600 * 1_000_000
    assert [taken(second, now + 5 * hour), taken(first, now + 5 * hour)] == [["hourly"], []]
    with first.reading() as connection:
        assert len(connection.execute(text(durable.active(connection))).all()) == 2


def test_a_worker_runs_what_is_due_and_one_that_fails_stops_nothing(sqlite_store, monkeypatch):
    done = []

    def fails(_):
        raise RuntimeError("no such luck")

    works = {
        "hourly": ("0 * * * *", lambda workspace: done.append(workspace.clock().hour) or 3),
        "broken": ("0 * * * *", fails),
    }
    monkeypatch.setattr(schedule, "WORKS", works)
    workspace = sqlite_store.open()
    told = []
    tally = work(workspace, once=True, tell=told.append)
    assert (tally.schedules, tally.failed) == ({"hourly": 3}, {"broken": "no such luck"})
    assert told == ["schedule broken: no such luck"]
    assert work(workspace, once=True).schedules == {}
    sqlite_store.clock.advance(hours=5)
    work(workspace, once=True)
    assert done == [12, 17]


def test_ended_work_is_forgotten_after_a_week_and_no_sooner(stores, monkeypatch):
    # DBOS dates its work by the wall clock.
    stores.clock.now = datetime.now(UTC)
    workspace = stores.open({"sales_operations": {"notifications": {"channels": {"screen": {"url": "console:"}}}}})
    from sales_operations.effects.notifications import notify

    with workspace.unit("test") as unit:
        notify(unit, "Ada", "Subject", "Message", None)
    forget = schedule.WORKS["forget-ended-work"][1]
    monkeypatch.setattr(schedule, "WORKS", {})
    work(workspace, once=True)
    assert forget(workspace) == 0
    stores.clock.advance(days=8)
    with workspace.unit("test") as unit:
        notify(unit, "Ada", "Subject", "Message", None)
    assert forget(workspace) == 1
    with workspace.reading() as connection:
        assert len(connection.execute(text(durable.active(connection))).all()) == 1


def test_every_schedule_of_the_product_is_a_cron_expression():
    for name, (cron, _) in schedule.WORKS.items():
        assert check_schedule(cron) == cron
        assert name == name.strip().replace(" ", "-")
