"""The columns for analysis: a DuckDB file that follows the store by sequence number.

A new version is built in a file of its own and renamed into place, so readers never wait and never see half of one. Who
cannot get the builder's lock in time reads the version before, which says its sequence number.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, replace
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout
from sqlalchemy.engine import URL

from sales_operations.domain.errors import StoreError
from sales_operations.store import shapes
from sales_operations.store.results import Results
from sales_operations.store.snapshots import Snapshot, snapshot

if TYPE_CHECKING:
    from adbc_driver_manager import ArrowArrayStreamHandle
    from duckdb import DuckDBPyConnection

FORMAT = 8
"""Raised whenever ``shapes`` changes; a file of another format is built anew."""
LOCK_SECONDS = 120
_REBUILD_ALL = ("users", "teams", "accounts", "rates")


@dataclass(frozen=True)
class Version:
    """What a columns file holds: of which store, up to which sequence number, in which currency.

    ``head`` is the store's audit hash at that number: a store put back from a backup has another one there, or none, and
    its columns are built anew. ``erased`` records are why a file is built anew: DuckDB leaves the text of removed rows in it.
    """

    store_id: str
    seq: int
    head: str
    erased: int
    currency: str
    format: int


class Columns:
    """The columns of one store, in ``file``; ``currency`` is the company's."""

    def __init__(self, url: URL, file: Path, currency: str) -> None:
        self._url = url
        self.file = file
        self._currency = currency
        self.results = Results(file.with_name(f"{file.name}.results"))

    @contextmanager
    def open(self) -> Iterator[DuckDBPyConnection]:
        """A read-only connection to columns in step with the store."""
        self.refresh()
        with _reading(self.file) as connection:
            yield connection

    def refresh(self) -> Version:
        """Bring the columns in step with the store and say which version is in place now."""
        present = self.version()
        with snapshot(self._url) as now:
            if present == self._at(now):
                return present
        try:
            with FileLock(f"{self.file}.lock", timeout=LOCK_SECONDS):
                return self._build()
        except Timeout:
            if present is None or present.store_id != now.store_id:
                raise StoreError(f"{self.file} is being built by another process for over {LOCK_SECONDS} s") from None
            return present

    def version(self) -> Version | None:
        """What the file in place holds; None where there is none that can be used."""
        import duckdb

        if not self.file.exists():
            return None
        try:
            with _reading(self.file) as connection:
                [row] = _run(connection, "SELECT store_id, seq, head, erased, currency, format FROM meta")
        except duckdb.Error:
            return None
        return Version(*row)

    def _at(self, now: Snapshot) -> Version:
        return Version(now.store_id, now.seq, now.head, now.erased, self._currency, FORMAT)

    def _build(self) -> Version:
        import duckdb

        for abandoned in self.file.parent.glob(f"{escape(self.file.name)}.*.draft*"):
            abandoned.unlink(missing_ok=True)  # its builder was killed: the lock is ours
        # A name of its own each time: DuckDB would hand back a database that this process still has open under the path.
        draft = self.file.with_name(f"{self.file.name}.{uuid.uuid4().hex}.draft")
        present = self.version()
        try:
            with snapshot(self._url) as now:
                wanted = self._at(now)
                if present == wanted:
                    return wanted
                follows = present is not None and _follows(wanted, present) and now.has(present.seq, present.head)
                since = present.seq if present is not None and follows else -1
                if follows:
                    shutil.copyfile(self.file, draft)
                with duckdb.connect(str(draft)) as target:
                    _run(target, "SET enable_progress_bar = false")
                    if not follows:
                        self.results.clear()  # as the columns, they may name who was erased
                        _lay_out(target)
                    if present is not None and follows and not _is_to_be_tidied(target, present.seq, wanted.seq):
                        _run(target, "SET max_vacuum_tasks = 0")
                    statements = {table: _rows_after(table, since) for table in shapes.MIRRORED}
                    changed = {name: _take(target, name, rows, since) for name, rows in now.extract(statements)}
                    _shape(target, changed, self._currency, anew=not follows)
                    _run(target, "DELETE FROM meta")
                    _run(target, "INSERT INTO meta VALUES (?, ?, ?, ?, ?, ?)", list(astuple(wanted)))
            os.replace(draft, self.file)
            return wanted
        finally:
            for leftover in (draft, draft.with_name(f"{draft.name}.wal")):
                leftover.unlink(missing_ok=True)


def _follows(later: Version, earlier: Version) -> bool:
    return replace(earlier, seq=later.seq, head=later.head) == later


def _is_to_be_tidied(target: DuckDBPyConnection, since: int, until: int) -> bool:
    """Whether the numbers passed another quarter of the deals: then the room of rows that were replaced is given back.

    Each refresh would else move whole row groups together, which takes longer than all the rest of it.
    """
    [(deals,)] = _run(target, "SELECT count(*) FROM opportunities")
    step = max(deals // 4, 1)
    return bool(since // step != until // step)


_TYPED = {"BIGINT": ("-9", "BIGINT"), "VARCHAR": ("''", "TEXT"), "DOUBLE": ("0.5", "DOUBLE PRECISION")}


def _rows_after(table: str, since: int) -> str:
    """The rows of a table that changed after ``since``, behind one made-up row of seq -9.

    ADBC on SQLite takes the types of a result from its first rows, so a fully typed one goes ahead.
    """
    columns = shapes.MIRRORED[table]
    typed = ", ".join(f"CAST({_TYPED[kind][0]} AS {_TYPED[kind][1]}) AS {name}" for name, kind in columns.items())
    return f"SELECT {typed} UNION ALL SELECT {', '.join(columns)} FROM {table} WHERE seq > {since}"


def _take(target: DuckDBPyConnection, table: str, rows: ArrowArrayStreamHandle, since: int) -> int:
    """Bring changed rows into ``new_<table>`` and into the table's mirror; gives their number."""
    target.register("incoming", rows)
    _run(
        target, f"CREATE OR REPLACE TEMP TABLE new_{table} AS SELECT {shapes.taken(table)} FROM incoming WHERE seq > -9"
    )
    target.unregister("incoming")
    [(count,)] = _run(target, f"SELECT count(*) FROM new_{table}")
    if count:
        if since >= 0 and "id" in shapes.MIRRORED[table]:
            _run(target, f"DELETE FROM m_{table} WHERE id IN (SELECT id FROM new_{table})")
        _run(target, f"INSERT INTO m_{table} BY NAME SELECT * FROM new_{table}")
    return int(count)


@contextmanager
def _reading(file: Path) -> Iterator[DuckDBPyConnection]:
    """A connection that reads ``file``.

    The file is attached to a database in memory: connecting to its path would give a database that this process still
    has open under that path, which may be the version before a rename.
    """
    import duckdb

    with duckdb.connect(":memory:") as connection:
        _run(connection, "SET enable_progress_bar = false")
        _run(connection, f"ATTACH '{str(file).replace(chr(39), chr(39) * 2)}' AS columns (READ_ONLY)")
        _run(connection, "USE columns")
        yield connection


def _run(connection: DuckDBPyConnection, statement: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
    """Run a statement to its end: DuckDB refuses other work on a connection while a result is unread."""
    return connection.execute(statement, parameters).fetchall()


def _lay_out(target: DuckDBPyConnection) -> None:
    for table in shapes.MIRRORED:
        columns = ", ".join(f"{name} {kind}" for name, kind in shapes.mirror(table).items())
        _run(target, f"CREATE TABLE m_{table} ({columns})")
    meta = "store_id VARCHAR, seq BIGINT, head VARCHAR, erased BIGINT, currency VARCHAR, format BIGINT"
    _run(target, f"CREATE TABLE meta ({meta})")


def _shape(target: DuckDBPyConnection, changed: dict[str, int], company: str, *, anew: bool) -> None:
    """Derive the tables for analysis from the mirrors: all of them, or the rows of the deals that changed."""
    everything = anew or any(changed[name] for name in _REBUILD_ALL)
    if everything:
        _run(target, f"CREATE OR REPLACE TABLE users AS {shapes.REPS}")
        _run(target, f"CREATE OR REPLACE TABLE opportunities AS {shapes.opportunities(company)}")
        _run(target, f"CREATE OR REPLACE TABLE intervals AS {shapes.intervals(company)}")
    elif changed["opportunities"]:
        ids = "SELECT id FROM new_opportunities"
        _run(target, f"DELETE FROM opportunities WHERE opportunity_id IN ({ids})")
        _run(target, f"INSERT INTO opportunities BY NAME {shapes.opportunities(company, 'new_opportunities')}")
        # Found by their places first: reading whole events while looking for their deals takes twice as long.
        places = f"SELECT rowid FROM m_events WHERE opportunity_id IN ({ids})"
        _run(
            target,
            f"CREATE TEMP TABLE touched_events AS SELECT * EXCLUDE (actor, cause) FROM m_events "
            f"WHERE rowid IN ({places})",
        )
        _run(target, f"DELETE FROM intervals WHERE opportunity_id IN ({ids})")
        _run(target, f"INSERT INTO intervals BY NAME {shapes.intervals(company, 'touched_events')}")
    for name, statement in shapes.simple(company).items():
        if everything or changed[name] or (name == "items" and changed["products"]):
            _run(target, f"CREATE OR REPLACE TABLE {name} AS {statement}")
