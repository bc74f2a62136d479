"""One consistent look at the store, as Arrow batches by ADBC: what ``columns`` copies from.

ADBC's SQLite driver brings a SQLite library of its own. Two such libraries in one process do not see each other's file
locks: when the driver closes a store that Python's library has open too, it takes itself for the last user and removes
the write-ahead log under the other one's feet (measured: acknowledged writes vanish). So Python's library copies the
wanted rows, set-based, into a scratch database, and the driver reads that.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy.engine import URL

from sales_operations.domain.errors import StoreError
from sales_operations.store.engine import BUSY_SECONDS, shown, translated
from sales_operations.store.schema import GENESIS

if TYPE_CHECKING:
    import pyarrow as pa

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

    def extract(self, statements: Mapping[str, str]) -> Iterator[tuple[str, pa.RecordBatchReader]]:
        """Name and rows of each SELECT, all as of the same moment."""
        ...


@contextmanager
def snapshot(url: URL) -> Iterator[Snapshot]:
    """A consistent look at the store at ``url``. Raises StoreError where it cannot be read."""
    with translated(url):
        if url.get_backend_name() == "postgresql":
            from adbc_driver_postgresql import dbapi as postgresql

            uri = url.set(drivername="postgresql").render_as_string(hide_password=False)
            try:
                with postgresql.connect(uri) as connection, connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                    yield _PostgresqlSnapshot(cursor)
                    connection.rollback()
            except postgresql.Error as error:
                raise StoreError(f"the store {shown(url)} cannot be read: {error}") from error
        else:
            with tempfile.TemporaryDirectory(prefix="sales-operations-") as folder:
                source = sqlite3.connect(str(url.database), timeout=BUSY_SECONDS, isolation_level=None)
                try:
                    yield _SqliteSnapshot(source, Path(folder) / "rows.db")
                finally:
                    source.close()


class _PostgresqlSnapshot:
    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        cursor.execute(_LEDGER)
        self.store_id, self.seq, self.head, self.erased = cursor.fetchone()

    def has(self, seq: int, head: str) -> bool:
        self._cursor.execute(_hash_at(seq))
        return bool(self._cursor.fetchone() == (head,)) or (seq, head) == (0, GENESIS)

    def extract(self, statements: Mapping[str, str]) -> Iterator[tuple[str, pa.RecordBatchReader]]:
        for name, statement in statements.items():
            self._cursor.execute(statement)
            yield name, self._cursor.fetch_record_batch()


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

    def extract(self, statements: Mapping[str, str]) -> Iterator[tuple[str, pa.RecordBatchReader]]:
        from adbc_driver_sqlite import dbapi as sqlite

        for name, statement in statements.items():
            self._source.execute(f"CREATE TABLE scratch.{name} AS {statement}")
        self._source.execute("COMMIT")
        self._source.execute("DETACH scratch")
        with sqlite.connect(str(self._scratch)) as connection, connection.cursor() as cursor:
            for name in statements:
                cursor.execute(f"SELECT * FROM {name} ORDER BY rowid")
                yield name, cursor.fetch_record_batch()
