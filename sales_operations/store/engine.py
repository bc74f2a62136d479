"""Connections: SQLite by default, PostgreSQL by URL, and their errors in the words of this product."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Column, ColumnElement, Connection, Engine, any_, create_engine, event, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, TimeoutError

from sales_operations.domain.errors import Conflict, InvalidInput, StoreError, StoreMissing

BUSY_SECONDS = 60
"""How long a writer waits for another one before it gives up."""
_FEW = 8
"""Rows that are inserted by one statement of their own text; for more, a driver's ways for many rows are faster."""


def parse_url(database: str) -> URL:
    """The URL of a store; a bare path means SQLite. Raises InvalidInput for what names neither SQLite nor PostgreSQL."""
    try:
        url = make_url(database) if "://" in database else URL.create("sqlite", database=database)
    except (ArgumentError, ValueError):
        raise InvalidInput(f"the store {database!r} is no database URL; use a path or postgresql://…") from None
    backend = url.get_backend_name()
    if backend == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise InvalidInput(f"the store {shown(url)} is neither SQLite nor PostgreSQL")
    if not url.database or url.database == ":memory:":
        raise InvalidInput("the store needs a file: name a path such as sales_operations.db")
    return url


def shown(url: URL) -> str:
    """The URL as it may be printed: without its password."""
    if url.get_backend_name() == "sqlite":
        return url.database or ""
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)


def open_engine(url: URL) -> Engine:
    """An engine for the store. Nothing is created; SQLite opens its file on first use."""
    if url.get_backend_name() == "postgresql":
        return create_engine(url, pool_pre_ping=True, pool_size=8, max_overflow=16, pool_timeout=BUSY_SECONDS)
    engine = create_engine(
        url, connect_args={"timeout": BUSY_SECONDS}, pool_size=8, max_overflow=56, pool_timeout=BUSY_SECONDS
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by _begin_sqlite
    ours = "SELECT count(*) = 0 OR max(name = 'alembic_version') FROM sqlite_master"
    if connection.execute(ours).fetchone()[0]:  # a file of another program stays as it is, to the byte
        connection.execute("PRAGMA page_size=8192")  # of a new file: rows of 1 KB waste less of it than of 4096
        _switch_to_wal(connection)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA cache_size=-131072")
    connection.execute("PRAGMA temp_store=MEMORY")
    connection.execute("PRAGMA wal_autocheckpoint=8000")  # 64 MB: an import would write the same pages back every time
    if pages := os.environ.get("SALES_OPERATIONS_MAX_PAGES"):
        connection.execute(f"PRAGMA max_page_count={int(pages)}")


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Of processes that open a new file at once, one makes the switch; SQLite does not let the others wait for it."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.02)


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection inside one consistent reading transaction."""
    with translated(engine.url), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


@contextmanager
def writing(engine: Engine, patience: float = BUSY_SECONDS) -> Iterator[Connection]:
    """A connection inside one transaction that commits at the end, or leaves everything as it was.

    ``patience``: the seconds that it waits for another writer before it raises StoreError.
    """
    with (
        translated(engine.url, patience),
        engine.connect().execution_options(writes=True) as connection,
        _waiting(connection, patience),
        connection.begin(),
    ):
        yield connection


@contextmanager
def _waiting(connection: Connection, patience: float) -> Iterator[None]:
    """Wait for other writers of a SQLite store so long, and as long as ever afterwards."""
    if patience == BUSY_SECONDS or connection.dialect.name != "sqlite":
        yield
        return
    cursor = connection.connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={round(patience * 1000)}")
    try:
        yield
    finally:
        cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
        cursor.close()


@contextmanager
def translated(url: URL, patience: float = BUSY_SECONDS) -> Iterator[None]:
    """Turn a driver's errors into StoreError with what to do; a value that no store can hold is InvalidInput."""
    try:
        yield
    except DataError as error:
        raise InvalidInput(f"a value cannot be held by the store {shown(url)}: {error.orig}") from error
    except UnicodeEncodeError as error:
        raise InvalidInput(f"a text cannot be held by the store {shown(url)}: {error}") from error
    except IntegrityError as error:
        raise Conflict(
            f"the store {shown(url)}: another writer made the same record meanwhile ({_first_line(error.orig)}); repeat"
        ) from error
    except TimeoutError as error:
        raise StoreError(
            f"the store {shown(url)}: no connection came free within {BUSY_SECONDS} s; do less at once"
        ) from error
    except DBAPIError as error:
        raise _explained(url, error.orig or error, patience) from error
    except sqlite3.DatabaseError as error:
        raise _explained(url, error, patience) from error


def _first_line(error: BaseException | None) -> str:
    return (str(error).strip().splitlines() or [repr(error)])[0]


def _explained(url: URL, error: BaseException, patience: float) -> StoreError:
    text = str(error).strip()
    place = f"the store {shown(url)}"
    if "full" in text or "No space left" in text:
        return StoreError(
            f"{place} cannot grow: the disk is full; nothing of this step was written. Free room, run again"
        )
    if "locked" in text or "busy" in text:
        return StoreError(f"{place} is in use by another writer for over {patience:g} s; run again when it has ended")
    if "not a database" in text or "malformed" in text:
        return StoreError(f"{place} is damaged or no store of this program ({text}); restore it from a backup")
    if "no such table" in text or "does not exist" in text:
        return StoreMissing(
            f"{place} holds no sales-operations tables ({_first_line(error)}); run 'sales-operations db upgrade'"
        )
    if "readonly" in text or "unable to open" in text:
        return StoreError(f"{place} cannot be written ({text}); check the folder and its permissions")
    return StoreError(f"{place}: {_first_line(error)}")


def sqlite_file(url: URL) -> Path | None:
    """The file of a SQLite store, else None."""
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None


def sent(connection: Connection, statement: str, values: Sequence[Any] = ()) -> Any:
    """The driver's own cursor after a statement in the driver's words, inside the transaction that is open.

    For what runs for every single record: a result object of SQLAlchemy costs more than the database's answer. Listeners to
    ``before_cursor_execute`` hear of it. Raises SQLAlchemy's errors.
    """
    driver = connection.connection
    cursor = driver.cursor()
    for listener in connection.dispatch.before_cursor_execute:
        listener(connection, cursor, statement, values, None, False)
    dbapi = connection.dialect.loaded_dbapi
    try:
        cursor.execute(statement, values)
    except dbapi.Error as error:
        raise DBAPIError.instance(statement, values, error, dbapi.Error, dialect=connection.dialect) from error
    return cursor


def insert_many(connection: Connection, table: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """Insert plain tuples, by the fastest way the driver has: COPY for many rows on PostgreSQL."""
    if not rows:
        return
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    if len(rows) <= _FEW:
        sent(connection, _insert_statement(table, columns, mark, len(rows)), tuple(chain.from_iterable(rows)))
        return
    names = ", ".join(columns)
    if connection.dialect.name == "postgresql" and len(rows) > 50:
        with connection.connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:  # type: ignore[attr-defined]
            for row in rows:
                copy.write_row(row)
        return
    connection.exec_driver_sql(_insert_statement(table, columns, mark, 1), rows)


@lru_cache(maxsize=256)
def _insert_statement(table: str, columns: tuple[str, ...], mark: str, rows: int) -> str:
    marks = f"({', '.join([mark] * len(columns))})"
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([marks] * rows)}"


def one_of(connection: Connection, column: Column[Any], values: Iterable[str]) -> ColumnElement[bool]:
    """The condition that a text column has one of ``values``, however many: one bound parameter, one compiled statement."""
    wanted = list(values)
    if connection.dialect.name == "postgresql":
        return column == any_(literal(wanted, ARRAY(column.type)))
    return column.in_(select(func.json_each(orjson.dumps(wanted).decode()).table_valued("value").c.value))
