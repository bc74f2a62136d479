"""Forecasts as they were made, and what was won in their periods."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Connection, Engine, Row, func, select
from sqlalchemy.dialects import postgresql, sqlite

from sales_operations.domain.clock import to_micros
from sales_operations.domain.periods import Period
from sales_operations.metrics.forecast_record import Kept
from sales_operations.store.engine import writing
from sales_operations.store.tables import forecasts

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PATIENCE_SECONDS = 2.0
"""How long a forecast waits to be kept while another writer is at work: whoever asked wants an answer."""
_SUMS = ("total", "booked", "open", "created_later", "p2_5", "p10", "p50", "p90", "p97_5")
_DAYS = ("period_start", "period_end", "as_of")


def keep(engine: Engine, made: Kept) -> None:
    """Append a forecast; the same one of the same day, from the same data by the same settings, is there once.

    Raises StoreError where the store cannot be written, or not within ``PATIENCE_SECONDS``.
    """
    values: dict[str, Any] = {name: getattr(made, name) for name in Kept.__slots__ if name not in _SUMS}
    values |= {f"{name}_minor": getattr(made, name) for name in _SUMS}
    values |= {name: values[name].isoformat() for name in _DAYS}
    values["weights"] = None if made.weights is None else orjson.dumps(dict(made.weights)).decode()
    with writing(engine, PATIENCE_SECONDS) as connection:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(forecasts).values(values).on_conflict_do_nothing())


def made_until(connection: Connection, instant: int, currency: str) -> list[Kept]:
    """The forecasts made up to an instant (microseconds), in one currency, in the order in which they were made.

    Of those with one method for one period on one day, the last.
    """
    table = forecasts.c
    newest = func.row_number().over(
        partition_by=(table.method, table.period, table.period_start, table.as_of),
        order_by=(table.made_at.desc(), table.data_seq.desc(), table.settings),
    )
    made = select(forecasts, newest.label("place")).where(table.made_at <= instant, table.currency == currency)
    last = made.subquery().c
    ordered = select(*(last[column.name] for column in forecasts.columns)).where(last.place == 1)
    rows = connection.execute(ordered.order_by(last.made_at, last.method, last.period))
    return [_kept(row) for row in rows]


def _kept(row: Row[Any]) -> Kept:
    values = {name.removesuffix("_minor"): value for name, value in row._mapping.items()}
    values |= {name: date.fromisoformat(values[name]) for name in _DAYS}
    if values["weights"] is not None:
        values["weights"] = orjson.loads(values["weights"])
    return Kept(**values)


_WON = """
WITH p(number, begins, ends) AS (VALUES {periods}),
w AS (SELECT opportunity_id, valid_from, valid_to, amount_minor FROM ({intervals}) WHERE status = 'won' AND NOT deleted),
at_end AS (SELECT number, opportunity_id, amount_minor FROM p JOIN w ON w.valid_from < p.ends AND w.valid_to >= p.ends),
before AS (SELECT number, opportunity_id FROM p JOIN w ON w.valid_from < p.begins AND w.valid_to >= p.begins)
SELECT number, coalesce(sum(amount_minor), 0) FROM at_end ANTI JOIN before USING (number, opportunity_id) GROUP BY number
"""


def won_in(
    db: DuckDBPyConnection, periods: Collection[Period], zone: str, intervals: str = "FROM intervals"
) -> dict[Period, int]:
    """Period to what was won in it, in minor units, as it stood at the period's end in a time zone.

    Counted are the deals that were won then and were not when the period began; unknown amounts count 0. ``intervals``
    is the query that gives the deals' validity intervals.
    """
    if not periods:
        return {}
    listed = list(periods)
    rows = ", ".join(
        f"({number}, make_timestamp({_begin(one.start, zone)}), make_timestamp({_begin(one.end + timedelta(days=1), zone)}))"
        for number, one in enumerate(listed)
    )
    found = dict(db.execute(_WON.format(periods=rows, intervals=intervals)).fetchall())
    return {one: int(found.get(number, 0)) for number, one in enumerate(listed)}


def _begin(day: date, zone: str) -> int:
    return to_micros(datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC))
