"""Opens what the settings name: the one place that chooses the store and hands its parts on."""

from __future__ import annotations

import getpass
import weakref
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, select
from sqlalchemy.engine import URL

from sales_operations.demo import store as demo
from sales_operations.domain.clock import Clock, utc_now
from sales_operations.domain.errors import InvalidInput, StoreError
from sales_operations.domain.stages import Pipeline
from sales_operations.effects.outbox import Outgoing
from sales_operations.settings import Settings, load
from sales_operations.store import durable, schema, tables
from sales_operations.store.columns import Columns
from sales_operations.store.durable import Outbox
from sales_operations.store.engine import open_engine, parse_url, reading, shown, sqlite_file
from sales_operations.store.gates import Gates
from sales_operations.store.results import Results
from sales_operations.store.turns import Turns
from sales_operations.store.unit import Unit, unit

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

DEFAULT_FILE = Path("sales_operations.db")
"""The store in the current folder, where none is named."""


class Workspace:
    """Settings, a store and a clock. Made by ``open_workspace``; closes its connections when it is let go."""

    def __init__(self, settings: Settings, url: URL, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.url = url
        self._columns = Columns(url, _columns_file(url), settings.company.currency)
        self._gates = Gates(settings)
        self._engine = open_engine(url)
        self._turns = Turns(self._engine)
        self._outbox: Outbox | None = None
        self._may_tell: bool | None = None
        self._closing = weakref.finalize(self, self._engine.dispose)

    @property
    def engine(self) -> Engine:
        """The connections to the store."""
        return self._engine

    @property
    def is_demonstration(self) -> bool:
        """Whether the store holds the made-up company."""
        with self.reading() as connection:
            return bool(connection.execute(select(tables.ledger.c.label)).scalar() == demo.LABEL)

    @property
    def store_name(self) -> str:
        """The store as it may be printed."""
        return shown(self.url)

    @property
    def user(self) -> str:
        """The system's user, who acts where nobody else is named."""
        return _user()

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection inside one consistent reading transaction."""
        return reading(self._engine)

    def unit(self, cause: str, actor: str | None = None, *, shared: bool = False) -> AbstractContextManager[Unit]:
        """A writing transaction: all of it at the end of the ``with`` block, or nothing. Notifications leave with it.

        ``shared`` is for short ones that several threads make at once: those that wait share a commit.
        """
        made = unit(self._engine, self.clock, actor or self.user, cause, self._gates, self._turns if shared else None)
        told = self.settings.notifications
        return self._telling(made) if told.channels or told.templates else made

    @contextmanager
    def _telling(self, made: AbstractContextManager[Unit]) -> Iterator[Unit]:
        outgoing = Outgoing(self.settings.notifications, self.settings.company.timezone, self._opened_outbox())
        with made as collected:
            outgoing.attach(collected)
            yield collected

    def _opened_outbox(self) -> Outbox | None:
        """What carries deliveries out; None where there are no channels, or the store is the made-up company's."""
        if self._outbox is None and self._may_tell is None:
            self._may_tell = bool(self.settings.notifications.channels) and not self.is_demonstration
            if self._may_tell:
                self.prepare_effects()
                self._outbox = Outbox(self._engine)
        return self._outbox

    def prepare_effects(self) -> None:
        """Make the tables that carry durable work, or bring them up to date. Raises StoreError."""
        durable.upgrade(self.url)

    @property
    def gates(self) -> Gates:
        """The configured pipelines, and what they ask of a deal that moves."""
        return self._gates

    def columns(self) -> AbstractContextManager[DuckDBPyConnection]:
        """A read-only DuckDB connection to the columns for analysis, in step with the store."""
        return self._columns.open()

    @property
    def results(self) -> Results:
        """What was worked out from the data before and is still there."""
        return self._columns.results

    def data_version(self) -> tuple[str, int]:
        """The store's identity and its last sequence number: equal values mean equal data."""
        with self.reading() as connection:
            row = connection.execute(select(tables.ledger.c.store_id, tables.ledger.c.seq)).one()
        return row.store_id, row.seq

    def pipeline(self, name: str | None) -> Pipeline:
        """The configured pipeline of that name; the default one for a pipeline that only its source knows."""
        return self._gates.pipeline(name)

    def close(self) -> None:
        """Give the connections back."""
        self._closing()


def open_workspace(
    config: Workspace | Settings | Mapping[str, Any] | str | Path | None = None,
    *,
    database: str | None = None,
    clock: Clock = utc_now,
    create: bool = False,
) -> Workspace:
    """Open the store that ``database``, the environment or the configuration names.

    Where none is named: ``sales_operations.db`` in the current folder, else the demonstration store, which is built when
    it is first needed. ``create`` makes a named store that does not exist. An open workspace is handed back as it is.
    Raises SettingsError, InvalidInput, StoreMissing, StoreError.
    """
    if isinstance(config, Workspace):
        return config
    settings = load(config)
    named = database or settings.store.database
    if named is None and DEFAULT_FILE.exists():
        named = str(DEFAULT_FILE)
    demonstration = named is None
    if named is None:
        demo.ensure(demo.FILE, clock)
        named = str(demo.FILE)
    workspace = Workspace(settings, parse_url(named), clock)
    try:
        if create:
            prepare(workspace)
        try:
            schema.check(workspace.engine)
        except StoreError:
            if not demonstration:
                raise
            schema.upgrade(workspace.engine)  # nobody's own data: made by this program, it follows the program
    except BaseException:
        workspace.close()
        raise
    return workspace


def named_store(settings: Settings, database: str | None) -> URL:
    """The store that an import writes to: the one that is named, else the default file, never the demonstration.

    Raises InvalidInput for a name that cannot be a store's.
    """
    url = parse_url(database or settings.store.database or str(DEFAULT_FILE))
    _columns_file(url)
    return url


def real_store_exists(settings: Settings, database: str | None) -> bool:
    """Whether that store is there already, with its tables."""
    url = named_store(settings, database)
    file = sqlite_file(url)
    if file is not None:
        return file.exists() and file.stat().st_size > 0
    engine = open_engine(url)
    try:
        return not schema.is_empty(engine)
    finally:
        engine.dispose()


def open_real(
    config: Settings | Mapping[str, Any] | str | Path | None, *, database: str | None, clock: Clock = utc_now
) -> Workspace:
    """Open, and make where needed, the store that an import writes to."""
    settings = load(config)
    name = named_store(settings, database).render_as_string(hide_password=False)
    return open_workspace(settings, database=name, clock=clock, create=True)


def prepare(workspace: Workspace) -> None:
    """Create the tables of a store that has none, one whose creation was broken off included."""
    file = sqlite_file(workspace.url)
    if file is not None and not file.exists():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"the store {file} cannot be created: {error.strerror}; name another folder") from None
    if schema.is_empty(workspace.engine):
        schema.upgrade(workspace.engine)


def _columns_file(url: URL) -> Path:
    """Where the columns of a store lie. Raises InvalidInput for a store that cannot lie where it is named."""
    file = sqlite_file(url)
    if file is not None:
        if file.is_dir():
            raise InvalidInput(f"the store {file} is a folder; name a file in it")
        if file.suffix == ".duckdb":
            raise InvalidInput(f"the store {file} would lie where its own columns go; let its name end in .db")
        return file.with_suffix(".duckdb")
    return Path(f"{url.host or 'local'}_{url.port or 5432}_{url.database}.duckdb".replace("/", "_"))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a user of that number
        return "unknown"
