"""Work that comes round: when it is due, and taking it up once however many workers there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.dialects import postgresql, sqlite

from sales_operations.domain.clock import from_micros, to_micros
from sales_operations.store import tables
from sales_operations.store.durable import Outbox
from sales_operations.store.engine import reading, writing

SCHEDULED = "scheduled"
"""The durable work that runs one schedule; its identity is the schedule's name and its time."""
QUEUE = "schedules"


@dataclass(frozen=True)
class Schedule:
    """Work under a name. ``cron``: five fields, in the company's time zone. ``work`` gives how much it did."""

    name: str
    cron: str
    work: Callable[[], int]


def last_time(cron: str, now: datetime, zone: str) -> datetime:
    """The newest time of a schedule that is not after ``now``; in UTC."""
    from croniter import croniter  # type: ignore[import-untyped]

    local = now.astimezone(ZoneInfo(zone))
    if croniter.match(cron, local):
        return local.replace(second=0, microsecond=0).astimezone(UTC)
    found: datetime = croniter(cron, local).get_prev(datetime)
    return found.astimezone(UTC)


def take_up(engine: Engine, outbox: Outbox, schedules: list[Schedule], now: int, zone: str) -> list[str]:
    """Enqueue every schedule whose time has come since it was last taken up; gives their names.

    A time that nobody was there for is made up for once, however many of them passed; a new schedule begins at once.
    """
    times = {one.name: to_micros(last_time(one.cron, from_micros(now), zone)) for one in schedules}
    runs = tables.schedule_runs
    with reading(engine) as connection:
        reached = {row.name: row.reached for row in connection.execute(select(runs))}
    taken = []
    for name in [name for name, time in times.items() if reached.get(name, -1) < time]:
        with writing(engine) as connection:
            if _mark(connection, name, times[name]):
                outbox.put(connection, SCHEDULED, f"{name} {from_micros(times[name]).isoformat()}", QUEUE)
                taken.append(name)
    return taken


def _mark(connection: Connection, name: str, time: int) -> bool:
    """Whether this transaction is the one that takes up a time."""
    runs = tables.schedule_runs
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    new = dialect.insert(runs).values(name=name, reached=time).on_conflict_do_nothing().returning(runs.c.name)
    if connection.execute(new).first() is not None:
        return True
    later = update(runs).where(runs.c.name == name, runs.c.reached < time).values(reached=time)
    return bool(connection.execute(later).rowcount)
