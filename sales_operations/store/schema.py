"""The store's schema: created and brought up to date by Alembic migrations, on both databases."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, insert, inspect, select, text
from sqlalchemy.engine import URL

from sales_operations.domain.errors import StoreError, StoreMissing
from sales_operations.store import durable, tables
from sales_operations.store.engine import open_engine, reading, shown, sqlite_file, writing

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0017"
"""The newest migration; written down here so that opening a store need not import Alembic."""
GENESIS = "0" * 64
"""The hash before the first entry of the audit chain."""


def migrations() -> Config:
    """Alembic's configuration for the migrations beside this file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def upgrade(engine: Engine, label: str = "") -> None:
    """Create the tables, or bring them up to date; ``label`` names a new store. Safe to run by several processes.

    Raises StoreError where the tables were made by a newer version, or by another program.
    """
    from alembic import command
    from alembic.util import CommandError

    config = migrations()
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7275617)")
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise StoreError(
                f"the store {shown(engine.url)} was made by a newer version of this program, or by another ({error}); "
                "nothing was changed"
            ) from None
        if connection.execute(select(tables.ledger.c.id)).first() is None:
            first = {"id": 1, "store_id": uuid.uuid4().hex, "label": label, "seq": 0, "head": GENESIS}
            connection.execute(insert(tables.ledger), first)


def upgrade_url(url: URL) -> str:
    """Upgrade the store at ``url``, made where it is missing; gives its name as it may be printed.

    Together with the tables that carry durable work, which are otherwise made when the first channel is used.
    """
    engine = open_engine(url)
    try:
        upgrade(engine)
        durable.upgrade(url)
    finally:
        engine.dispose()
    return shown(url)


def is_empty(engine: Engine) -> bool:
    """Whether a database has none of the tables yet. Raises StoreError for the SQLite file of another program."""
    with reading(engine) as connection:
        names = inspect(connection).get_table_names()
    if "alembic_version" in names:
        return False
    if names and sqlite_file(engine.url) is not None:
        raise StoreError(
            f"{shown(engine.url)} is a database of another program (it has {names[0]}); name another file for the store"
        )
    return True


def check(engine: Engine) -> None:
    """Raise StoreMissing where there is nothing to read, StoreError where the schema is older or newer than this program."""
    file = sqlite_file(engine.url)
    if file is not None and not file.exists():
        raise StoreMissing(f"the store {file} does not exist; import something into it first, or name another one")
    with reading(engine) as connection:
        if not inspect(connection).has_table("alembic_version"):
            raise StoreMissing(
                f"the store {shown(engine.url)} has no tables yet; import something, or run 'db upgrade'"
            )
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found != HEAD:
        older = found is None or found < HEAD
        advice = "run 'sales-operations db upgrade'" if older else "it was made by a newer version of this program"
        raise StoreError(f"the store {shown(engine.url)} stands at revision {found}: {advice}")
