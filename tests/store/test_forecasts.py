"""Forecasts as they were made: appended once, read as of an instant, and what was won in their periods."""

# ruff: noqa: DTZ001
# The column tables hold instants as naive UTC.

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import duckdb
import psycopg
import pytest

from sales_operations.domain.errors import StoreError
from sales_operations.domain.periods import parse_period
from sales_operations.metrics.forecast_record import Kept
from sales_operations.store import audit, forecasts
from sales_operations.store.engine import writing

MADE = Kept(
    method="hybrid", period="month", period_start=date(2026, 11, 1), period_end=date(2026, 11, 30), as_of=date(2026, 11, 2),
    made_at=1_000, currency="EUR", total=900, booked=100, open=None, created_later=None, p2_5=500, p10=700, p50=880, p90=1_100,
    p97_5=1_300, confidence=0.5, weights={"pipeline": 0.75, "trend": 0.25}, data_seq=7, settings="ab",
)  # fmt: skip


def made(workspace: Any, instant: int = 10_000, currency: str = "EUR") -> list[Kept]:
    with workspace.reading() as connection:
        return forecasts.made_until(connection, instant, currency)


def test_a_forecast_comes_back_as_it_was_made(stores: Any) -> None:
    workspace = stores.open()
    apart = replace(MADE, method="pipeline", open=300, created_later=500, weights=None)
    for one in (MADE, apart):
        forecasts.keep(workspace.engine, one)
    assert made(workspace) == [MADE, apart]


def test_the_same_day_data_and_settings_are_kept_once_and_the_first_stays(stores: Any) -> None:
    workspace = stores.open()
    for one in (MADE, replace(MADE, made_at=1_001), replace(MADE, made_at=1_002, data_seq=8)):
        forecasts.keep(workspace.engine, one)
    kept = stores.execute("SELECT made_at, data_seq FROM forecasts ORDER BY made_at")
    assert kept == [(1_000, 7), (1_002, 8)]


def test_of_one_day_the_last_by_then_counts_and_nothing_made_later(stores: Any) -> None:
    workspace = stores.open()
    later = replace(MADE, made_at=2_000, data_seq=8, total=950)
    other_settings = replace(MADE, made_at=3_000, settings="cd", total=700)
    next_day = replace(MADE, made_at=4_000, as_of=date(2026, 11, 3))
    for one in (MADE, later, other_settings, next_day, replace(MADE, currency="USD", data_seq=1)):
        forecasts.keep(workspace.engine, one)
    assert made(workspace, 999) == []
    assert made(workspace, 1_999) == [MADE]
    assert made(workspace, 2_999) == [later]
    assert made(workspace) == [other_settings, next_day]


def test_keeping_one_moves_neither_the_ledger_nor_the_audit_chain(stores: Any) -> None:
    workspace = stores.open()
    before = workspace.data_version()
    forecasts.keep(workspace.engine, MADE)
    assert workspace.data_version() == before
    with workspace.reading() as connection:
        assert audit.verify(connection).findings == []


def test_a_locked_store_is_given_up_on_soon_and_waited_for_as_long_as_ever_afterwards(
    sqlite_store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecasts, "PATIENCE_SECONDS", 0.2)
    workspace, other = sqlite_store.open(), sqlite_store.open()
    with writing(other.engine):
        began = time.monotonic()
        with pytest.raises(StoreError, match=r"in use by another writer for over 0\.2 s"):
            forecasts.keep(workspace.engine, MADE)
        assert time.monotonic() - began < 10
    with workspace.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 60_000
    forecasts.keep(workspace.engine, MADE)
    assert made(workspace) == [MADE]


def test_a_store_that_may_only_be_read_says_so(stores: Any) -> None:
    if stores.backend == "sqlite":
        pytest.skip("a file that may only be read cannot be made for the superuser")
    with psycopg.connect(stores.url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET default_transaction_read_only = on")
    workspace = stores.open(create=False)
    with pytest.raises(StoreError, match="read-only transaction"):
        forecasts.keep(workspace.engine, MADE)
    assert made(workspace) == []


INTERVALS = """CREATE TABLE intervals(opportunity_id VARCHAR, valid_from TIMESTAMP, valid_to TIMESTAMP, status VARCHAR,
    amount_minor BIGINT, deleted BOOLEAN)"""
FAR = datetime(9999, 12, 31)


@pytest.fixture
def columns() -> Any:
    with duckdb.connect() as db:
        db.execute(INTERVALS)
        yield db


def add(db: Any, deal: str, *states: tuple[datetime, str, int | None, bool]) -> None:
    ends = [state[0] for state in states[1:]] + [FAR]
    for (at, status, amount, deleted), end in zip(states, ends, strict=True):
        db.execute("INSERT INTO intervals VALUES (?, ?, ?, ?, ?, ?)", [deal, at, end, status, amount, deleted])


def test_what_was_won_is_as_it_stood_at_the_end_of_the_period(columns: Any) -> None:
    won, opened = "won", "open"
    add(columns, "a", (datetime(2026, 5, 3), opened, 10, False), (datetime(2026, 5, 31, 23, 59), won, 100, False))
    add(columns, "reopened later", (datetime(2026, 5, 9), won, 7, False), (datetime(2026, 6, 2), opened, 7, False))
    add(columns, "reopened soon", (datetime(2026, 5, 9), won, 9, False), (datetime(2026, 5, 12), opened, 9, False))
    add(columns, "won before", (datetime(2026, 4, 9), won, 1_000, False), (datetime(2026, 5, 6), won, 2_000, False))
    add(columns, "deleted", (datetime(2026, 5, 9), won, 5_000, False), (datetime(2026, 5, 20), won, 5_000, True))
    add(columns, "unknown", (datetime(2026, 5, 9), won, None, False))
    may, june, quarter, july = map(parse_period, ("2026-05", "2026-06", "2026-Q2", "2026-07"))
    assert forecasts.won_in(columns, {may, june, quarter, july}, "UTC") == {may: 107, june: 0, quarter: 2_100, july: 0}
    assert forecasts.won_in(columns, [], "UTC") == {}


def test_days_begin_in_the_companys_time_zone(columns: Any) -> None:
    add(columns, "a", (datetime(2026, 5, 31, 23), "won", 100, False))
    may, june = parse_period("2026-05"), parse_period("2026-06")
    assert forecasts.won_in(columns, [may, june], "UTC") == {may: 100, june: 0}
    assert forecasts.won_in(columns, [may, june], "Europe/Berlin") == {may: 0, june: 100}
