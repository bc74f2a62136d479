"""One consistent look at the store, as Arrow batches by ADBC: what ``columns`` copies from.

ADBC's SQLite driver brings a SQLite library of its own. Two such libraries in one process do not see each other's file
locks: when the driver closes a store that Python's library has open too, it takes itself for the last user and removes
the write-ahead log under the other one's feet (measured: acknowledged writes vanish). So Python's library copies the
wanted rows, set-based, into a scratch database, and the driver reads that.

The drivers are used without their DB-API modules and DuckDB takes their streams as they are: together with PyArrow, pandas and
Polars, which those modules load, the first look of a process would take half a second longer.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

from adbc_driver_manager import AdbcConnection, AdbcDatabase, AdbcStatement, ArrowArrayStreamHandle, Error
from sqlalchemy.engine import URL

from sales_operations.domain.errors import StoreError
from sales_operations.store.engine import BUSY_SECONDS, shown, translated
from sales_operations.store.schema import GENESIS

_LEDGER = "SELECT store_id, seq, head, erasures FROM ledger WHERE id = 1"


def _hash_at(seq: int) -> str:
    return f"SELECT hash FROM audit WHERE seq = {int(seq)}"


class Snapshot(Protocol):
    """One consistent look: its place in the sequence, the records erased so far, and tables read from it."""

    store_id: str
    seq: int
    head: str
    erased: int

    def has(self, seq: int, head: str) -> bool:
        """Whether the audit chain has this hash at this number, so that what was read there is still the past."""
        ...

    def extract(self, statements: Mapping[str, str]) -> Iterator[tuple[str, ArrowArrayStreamHandle]]:
        """Name and rows of each SELECT, all as of the same moment; rows are gone when the next ones are asked for."""
        ...


@contextmanager
def snapshot(url: URL) -> Iterator[Snapshot]:
    """A consistent look at the store at ``url``. Raises StoreError where it cannot be read."""
    with translated(url):
        if url.get_backend_name() == "postgresql":
            import adbc_driver_postgresql

            uri = url.set(drivername="postgresql").render_as_string(hide_password=False)
            try:
                with _connected(adbc_driver_postgresql.connect(uri)) as connection:
                    connection.set_autocommit(False)
                    _update(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                    yield _PostgresqlSnapshot(connection)
                    connection.rollback()
            except Error as error:
                raise StoreError(f"the store {shown(url)} cannot be read: {error}") from error
        else:
            with tempfile.TemporaryDirectory(prefix="sales-operations-") as folder:
                source = sqlite3.connect(str(url.database), timeout=BUSY_SECONDS, isolation_level=None)
                try:
                    yield _SqliteSnapshot(source, Path(folder) / "rows.db")
                finally:
                    source.close()


@contextmanager
def _connected(database: AdbcDatabase) -> Iterator[AdbcConnection]:
    with closing(database), closing(AdbcConnection(database)) as connection:
        yield connection


@contextmanager
def _rows(connection: AdbcConnection, query: str) -> Iterator[ArrowArrayStreamHandle]:
    with closing(AdbcStatement(connection)) as statement:
        statement.set_sql_query(query)
        yield statement.execute_query()[0]


def _update(connection: AdbcConnection, command: str) -> None:
    with closing(AdbcStatement(connection)) as statement:
        statement.set_sql_query(command)
        statement.execute_update()


class _PostgresqlSnapshot:
    def __init__(self, connection: AdbcConnection) -> None:
        self._connection = connection
        [(self.store_id, self.seq, self.head, self.erased)] = self._read(_LEDGER)

    def _read(self, query: str) -> list[tuple[Any, ...]]:
        import duckdb

        with _rows(self._connection, query) as found, duckdb.connect(":memory:") as reader:
            reader.register("found", found)
            return reader.execute("FROM found").fetchall()

    def has(self, seq: int, head: str) -> bool:
        return self._read(_hash_at(seq)) == [(head,)] or (seq, head) == (0, GENESIS)

    def extract(self, statements: Mapping[str, str]) -> Iterator[tuple[str, ArrowArrayStreamHandle]]:
        for name, statement in statements.items():
            with _rows(self._connection, statement) as rows:
                yield name, rows


class _SqliteSnapshot:
    def __init__(self, source: sqlite3.Connection, scratch: Path) -> None:
        self._source, self._scratch = source, scratch
        source.execute("ATTACH ? AS scratch", [str(scratch)])
        source.execute("PRAGMA scratch.journal_mode=OFF")
        source.execute("PRAGMA scratch.synchronous=OFF")
        source.execute("BEGIN")
        self.store_id, self.seq, self.head, self.erased = source.execute(_LEDGER).fetchone()

    def has(self, seq: int, head: str) -> bool:
        return bool(self._source.execute(_hash_at(seq)).fetchone() == (head,)) or (seq, head) == (0, GENESIS)

    def extract(self, statements: Mapping[str, str]) -> Iterator[tuple[str, ArrowArrayStreamHandle]]:
        import adbc_driver_sqlite

        for name, statement in statements.items():
            self._source.execute(f"CREATE TABLE scratch.{name} AS {statement}")
        self._source.execute("COMMIT")
        self._source.execute("DETACH scratch")
        with _connected(adbc_driver_sqlite.connect(str(self._scratch))) as connection:
            for name in statements:
                with _rows(connection, f"SELECT * FROM {name} ORDER BY rowid") as rows:
                    yield name, rows
