"""DBOS in the store: its tables in the store's own database, so that one transaction holds a change and what follows from it.

On PostgreSQL they have a schema of their own. SQLite has one room for all, in which DBOS and this program would both call a
table ``notifications``: there, DBOS's has another name, given to it on DBOS's own connections.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL

from sales_operations.store.engine import BUSY_SECONDS, reading, translated

if TYPE_CHECKING:
    from dbos import Serializer

SCHEMA = "dbos"
"""DBOS's schema on PostgreSQL."""
APPLICATION = "sales_operations"
VERSION = "1"
"""The version of the durable work. It stays while new programs understand old work, so that they take it over."""
_TAKEN = re.compile(r"\bnotifications\b")
_INSTEAD = "dbos_notifications"
_ACTIVE = "('ENQUEUED', 'PENDING', 'DELAYED')"


def open_durable(url: URL) -> Engine:
    """An engine that DBOS may use on the store. On SQLite, writers wait for each other instead of failing."""
    if url.get_backend_name() == "postgresql":
        return create_engine(url, pool_pre_ping=True, pool_size=8, max_overflow=64, pool_timeout=BUSY_SECONDS)
    engine = create_engine(
        url, connect_args={"timeout": BUSY_SECONDS}, pool_size=8, max_overflow=64, pool_timeout=BUSY_SECONDS
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "before_cursor_execute", _renamed, retval=True)
    return engine


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = "IMMEDIATE"
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _renamed(_connection: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> tuple[str, Any]:
    return _TAKEN.sub(_INSTEAD, statement), parameters


def serializer() -> Serializer:
    """How arguments of durable work are kept: as JSON, which every version can read."""
    from dbos import DBOSPortableJSONSerializer

    return DBOSPortableJSONSerializer()


def hush() -> None:
    """Keep DBOS's log off standard error: what went wrong is told in this program's words."""
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    logger.propagate = False
    logger.setLevel(logging.CRITICAL + 1)


def is_there(engine: Engine) -> bool:
    """Whether the store has DBOS's tables, of whatever version."""
    schema = SCHEMA if engine.dialect.name == "postgresql" else None
    with reading(engine) as connection:
        return inspect(connection).has_table("dbos_migrations", schema=schema)


def upgrade(url: URL) -> None:
    """Make DBOS's tables, or bring them up to date. Safe to run by several processes. Raises StoreError."""
    hush()
    # DBOS.migrate would open a connection of its own, on which its names of tables stand.
    from dbos._sys_db import SystemDatabase

    engine = open_durable(url)
    try:
        with translated(url):
            system = SystemDatabase.create(
                system_database_url=f"{engine.dialect.name}://",
                engine_kwargs={},
                engine=engine,
                schema=SCHEMA,
                serializer=serializer(),
                executor_id=None,
                use_listen_notify=False,
            )
            system.run_migrations()
    finally:
        engine.dispose()


class Outbox:
    """Puts durable work into an open transaction of the store: it is there once the transaction is, and not before."""

    def __init__(self, engine: Engine) -> None:
        hush()
        from dbos import DBOSClient

        self._client = DBOSClient(
            system_database_engine=engine,
            dbos_system_schema=SCHEMA,
            serializer=serializer(),
            application_name=APPLICATION,
            lazy=True,
        )

    def put(self, connection: Connection, work: str, identity: str, queue: str, partition: str | None = None) -> None:
        """Enqueue the work of that name for its identity, which is its only argument, and its id in DBOS."""
        from dbos import EnqueueOptions

        options = EnqueueOptions(workflow_name=work, queue_name=queue, workflow_id=identity, app_version=VERSION)
        if partition is not None:
            options["queue_partition_key"] = partition
        self._client.enqueue_in_transaction(connection, options, identity)


def waiting(connection: Connection, executor: str) -> int:
    """How much durable work is enqueued, or in the hands of one worker."""
    mine = "(status = 'ENQUEUED' AND application_version = :version) OR (status = 'PENDING' AND executor_id = :me)"
    statement = f"SELECT count(*) FROM {_status(connection)} WHERE {mine}"
    return int(connection.execute(text(statement), {"me": executor, "version": VERSION}).scalar_one())


def in_hand(connection: Connection, executor: str) -> int:
    """How much durable work is in the hands of one worker."""
    statement = f"SELECT count(*) FROM {_status(connection)} WHERE status = 'PENDING' AND executor_id = :me"
    return int(connection.execute(text(statement), {"me": executor}).scalar_one())


def forget(connection: Connection, before: int) -> int:
    """Delete durable work that ended before an instant, in microseconds; gives how much that was."""
    ended = f"FROM {_status(connection)} WHERE status NOT IN {_ACTIVE} AND updated_at < :before"
    given = {"before": before // 1000}
    for name in ("workflow_input", "workflow_output", "operation_outputs"):
        of_ended = f"workflow_uuid IN (SELECT workflow_uuid {ended})"
        connection.execute(text(f"DELETE FROM {_placed(connection, name)} WHERE {of_ended}"), given)
    return connection.execute(text(f"DELETE {ended}"), given).rowcount


def active(connection: Connection) -> str:
    """SQL for the ids of all durable work that has not ended."""
    return f"SELECT workflow_uuid FROM {_status(connection)} WHERE status IN {_ACTIVE}"


def _status(connection: Connection) -> str:
    return _placed(connection, "workflow_status")


def _placed(connection: Connection, table: str) -> str:
    return f"{SCHEMA}.{table}" if connection.dialect.name == "postgresql" else table
