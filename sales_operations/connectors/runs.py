"""How far an import has come, written with its rows, so that an interrupted one goes on where it stopped."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, insert, select, update

from sales_operations.domain.opportunity import new_id
from sales_operations.store import tables

_SAMPLE = 1 << 20


@dataclass
class Run:
    """One import of one file: its id, the records passed so far, and the summary's figures at that point."""

    id: str
    position: int
    totals: dict[str, Any]


def fingerprint(path: Path, *said: str) -> str:
    """What makes a file and the way it is read the same as last time: its size, age and ends, and the options."""
    digest = sha256("\x00".join(said).encode())
    size = path.stat().st_size
    digest.update(f"{size} {path.stat().st_mtime_ns}".encode())
    with path.open("rb") as stream:
        digest.update(stream.read(_SAMPLE))
        stream.seek(max(size - _SAMPLE, 0))
        digest.update(stream.read(_SAMPLE))
    return digest.hexdigest()


def unfinished(connection: Connection, mark: str) -> Run | None:
    """The interrupted import of the same file in the same way, if there is one."""
    runs = tables.import_runs
    row = connection.execute(
        select(runs).where(runs.c.fingerprint == mark, runs.c.finished_at.is_(None)).order_by(runs.c.started_at.desc())
    ).first()
    return Run(row.id, row.rows_done, orjson.loads(row.totals)) if row else None


def begin(connection: Connection, mark: str, kind: str, source: str, file: str, now: int) -> Run:
    """Write down that an import begins."""
    run = Run(new_id("import"), 0, {})
    values = {"id": run.id, "kind": kind, "source": source, "file": file, "fingerprint": mark, "rows_done": 0}
    connection.execute(insert(tables.import_runs).values(**values, totals="{}", started_at=now))
    return run


def advance(connection: Connection, run: Run, now: int, *, finished: bool) -> None:
    """Write down how far the import is, in the transaction of its rows."""
    runs = tables.import_runs
    # Texts of the file are kept for going on alone: they may be names of persons.
    totals = {name: held for name, held in run.totals.items() if not (finished and name == "unresolved")}
    values = {"rows_done": run.position, "totals": orjson.dumps(totals).decode()}
    connection.execute(update(runs).where(runs.c.id == run.id).values(**values, finished_at=now if finished else None))
