"""What backtests found: appended once, read as of an instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.dialects import postgresql, sqlite

from sales_operations.store.engine import writing
from sales_operations.store.tables import backtests

PATIENCE_SECONDS = 2.0
"""How long a backtest waits to be kept while another writer is at work."""


@dataclass(frozen=True)
class KeptBacktest:
    """One run: of what, on which origins, from which data by which settings, and the figures of each method and baseline.

    ``first``, ``last`` and ``data_until`` are ISO dates. ``data_seq`` is the ledger's number that it knew, ``settings`` a
    digest of how it forecast, ``made_at`` microseconds.
    """

    made_at: int
    period: str | None
    horizon: int | None
    first: str
    last: str
    origins: int
    data_until: str
    data_seq: int
    settings: str
    currency: str
    best: str | None
    figures: Mapping[str, Mapping[str, Any]]


def keep(engine: Engine, made: KeptBacktest) -> None:
    """Append a run; one that found the same in the same data by the same settings is there once, as it was first.

    Raises StoreError where the store cannot be written, or not within ``PATIENCE_SECONDS``.
    """
    values = asdict(made)
    values["figures"] = orjson.dumps(values["figures"]).decode()
    told = {name: value for name, value in values.items() if name != "made_at"}
    values["digest"] = sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()
    with writing(engine, PATIENCE_SECONDS) as connection:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(backtests).values(values).on_conflict_do_nothing())


def made_until(connection: Connection, instant: int, limit: int) -> tuple[int, list[KeptBacktest]]:
    """How many were made up to an instant (microseconds), and the newest ``limit`` of them, newest first."""
    table = backtests.c
    then = table.made_at <= instant
    columns = [column for column in table if column.name != "digest"]
    newest = select(*columns).where(then).order_by(table.made_at.desc(), table.digest).limit(limit)
    count = connection.execute(select(func.count()).where(then)).scalar_one()
    rows = connection.execute(newest)
    return count, [KeptBacktest(**{**row._mapping, "figures": orjson.loads(row.figures)}) for row in rows]
