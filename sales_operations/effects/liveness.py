"""Which workers are alive: each says so every few seconds, so that others take over what a dead one left."""

from __future__ import annotations

import os
import socket
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, delete, insert, select, update

from sales_operations.store import tables
from sales_operations.store.engine import reading, writing

BEAT_SECONDS = 5
SILENT_SECONDS = 60
"""After so long without a sign, a worker on another machine counts as dead."""
_SECOND = 1_000_000


def _host() -> str:
    """The machine, and within it the container, in which process numbers mean the same."""
    try:
        namespace = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        namespace = 0
    return f"{socket.gethostname()}/{namespace}"


@dataclass(frozen=True)
class Presence:
    """One worker in the store's list of workers. Time is the wall clock's: a process lives in it whatever time it works by."""

    engine: Engine
    id: str = field(default_factory=lambda: f"worker_{uuid.uuid4().hex}")
    host: str = field(default_factory=_host)

    def enter(self) -> None:
        """Be listed."""
        row = {"id": self.id, "host": self.host, "pid": os.getpid(), "seen_at": _now()}
        with writing(self.engine) as connection:
            connection.execute(insert(tables.workers), row)

    def beat(self) -> None:
        """Say that this worker is alive; one that was taken for dead is listed again."""
        workers = tables.workers
        with writing(self.engine) as connection:
            known = connection.execute(update(workers).where(workers.c.id == self.id).values(seen_at=_now())).rowcount
        if not known:
            self.enter()

    def leave(self, worker_id: str | None = None) -> None:
        """Take this worker, or a dead one, off the list."""
        workers = tables.workers
        with writing(self.engine) as connection:
            connection.execute(delete(workers).where(workers.c.id == (worker_id or self.id)))

    def dead(self) -> list[str]:
        """The listed workers that are no more."""
        with reading(self.engine) as connection:
            others = connection.execute(select(tables.workers).where(tables.workers.c.id != self.id)).all()
        silent = _now() - SILENT_SECONDS * _SECOND
        return [one.id for one in others if one.seen_at < silent or (one.host == self.host and not _runs(one.pid))]


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _now() -> int:
    return time.time_ns() // 1000
