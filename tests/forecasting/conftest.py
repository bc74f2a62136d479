"""Simulated companies in memory: deals with their history from a seed, as the tables that forecasts read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy import Engine

from sales_operations.domain.clock import parse_as_of
from sales_operations.domain.errors import StoreError
from sales_operations.forecasting.asof import History, load_history
from sales_operations.settings import load
from sales_operations.store.results import Results
from sales_operations.workspace import Workspace

TODAY = datetime(2026, 8, 20, 12, tzinfo=UTC)
START = date(2024, 6, 1)
STAGES = ("lead", "qualified", "proposal", "negotiation")
REPS = {"Ada": 0.55, "Ben": 0.4, "Cleo": 0.25}
PRODUCTS = {"Basic": 2_000, "Plus": 9_000, "Pro": 30_000}
SCHEMA = """
CREATE TABLE intervals(opportunity_id VARCHAR, valid_from TIMESTAMP, valid_to TIMESTAMP, pipeline VARCHAR,
  pipeline_stage VARCHAR, stage VARCHAR, status VARCHAR, amount_minor BIGINT, probability DOUBLE,
  forecast_category VARCHAR, close_date DATE, owner_id VARCHAR, sales_rep VARCHAR, team VARCHAR, deleted BOOLEAN);
CREATE TABLE m_events(opportunity_id VARCHAR, occurred_at BIGINT, seq BIGINT, product VARCHAR, lead_source VARCHAR);
CREATE TABLE opportunities(opportunity_id VARCHAR, account_name VARCHAR);
CREATE TABLE meta(store_id VARCHAR, seq BIGINT, head VARCHAR, currency VARCHAR, format BIGINT);
"""
_NUMBERS = count()


@dataclass(frozen=True)
class State:
    """What a deal was from an instant on. ``amount`` is in minor units."""

    at: datetime
    stage: str
    amount: int | None = None
    close: date | None = None
    rep: str = "Ada"
    deleted: bool = False


@dataclass
class Company:
    """Deals by id, each a list of states in order of time, and the product of each."""

    deals: dict[str, list[State]] = field(default_factory=dict)
    products: dict[str, str | None] = field(default_factory=dict)
    later: list[tuple[str, int, int, str, str]] = field(default_factory=list)
    """Events that tell more than the product at the beginning: deal, instant in microseconds, number, product, source."""

    def add(self, deal: str, *states: State, product: str | None = None) -> None:
        self.deals[deal] = list(states)
        self.products[deal] = product

    def copy(self) -> Company:
        return Company(
            {deal: list(states) for deal, states in self.deals.items()}, dict(self.products), list(self.later)
        )

    def tables(self) -> duckdb.DuckDBPyConnection:
        """The tables, in a database of their own."""
        rows = []
        for deal, states in self.deals.items():
            ends = [state.at for state in states[1:]] + [datetime(9999, 12, 31, tzinfo=UTC)]
            for state, end in zip(states, ends, strict=True):
                status = {"closed_won": "won", "closed_lost": "lost"}.get(state.stage, "open")
                rows.append(
                    {
                        **{"opportunity_id": deal, "valid_from": state.at, "valid_to": end, "stage": state.stage},
                        **{"status": status, "amount_minor": state.amount, "close_date": state.close},
                        **{"sales_rep": state.rep, "deleted": state.deleted},
                    }
                )
        db = duckdb.connect()
        db.execute(SCHEMA)
        db.execute("INSERT INTO meta VALUES (?, ?, '', 'USD', 1)", [f"store {next(_NUMBERS)}", 1])
        if rows:
            db.register("rows", pa.Table.from_pylist(rows).cast(_ROWS))
            db.execute("INSERT INTO intervals BY NAME SELECT * FROM rows")
            told = [
                (deal, int(self.deals[deal][0].at.timestamp() * 1_000_000), number, product, None)
                for number, (deal, product) in enumerate(self.products.items())
            ] + self.later
            db.executemany("INSERT INTO m_events VALUES (?, ?, ?, ?, ?)", told)
        return db

    def history(self, as_of: str = "2026-08-20", zone: str = "UTC") -> History:
        """What was known at a date, deleted deals left out."""
        known = load_history(self.tables(), parse_as_of(as_of, zone), zone)
        return known.at(known.day)


_ROWS = pa.schema(
    [
        *[("opportunity_id", pa.string()), ("valid_from", pa.timestamp("us")), ("valid_to", pa.timestamp("us"))],
        *[("stage", pa.string()), ("status", pa.string()), ("amount_minor", pa.int64()), ("close_date", pa.date32())],
        *[("sales_rep", pa.string()), ("deleted", pa.bool_())],
    ]
)


def simulate(seed: int, deals: int, *, rush: float = 1.0, growth: float = 0.0, alike: bool = False) -> Company:
    """A company whose deals pass the stages in some weeks each, some being lost in each.

    ``rush`` is how many times likelier a signature is in the last month of a quarter, ``growth`` that of arrivals;
    where all are ``alike``, neither rep nor product makes a difference.
    """
    rng, company = np.random.default_rng(seed), Company()
    days = (TODAY.date() - START).days
    pace = (1 + growth) ** (np.arange(days) / 365)
    for number, day in enumerate(np.sort(rng.choice(days, deals, p=pace / pace.sum()))):
        rep, product = str(rng.choice(list(REPS))), "Plus" if alike else str(rng.choice(list(PRODUCTS)))
        at = datetime(START.year, START.month, START.day, 9, tzinfo=UTC) + timedelta(
            days=int(day), minutes=float(rng.random() * 400)
        )
        amount = round(PRODUCTS[product] * float(rng.lognormal(0, 0.3))) * 100
        close, states = (at + timedelta(days=45)).date(), []
        for position, stage in enumerate((*STAGES, "closed_won")):
            if at >= TODAY:
                break
            lost = position > 0 and rng.random() > (0.4 if alike else REPS[rep]) ** (1 / len(STAGES))
            states.append(State(at, "closed_lost" if lost else stage, amount, close, rep))
            if lost or stage == "closed_won":
                break
            at += timedelta(days=float(rng.gamma(2.0, 7.0)), minutes=1)
            if stage == "negotiation" and rng.random() < 1 - 1 / rush:
                at += timedelta(days=30 * ((3 - at.month) % 3))
            if at.date() > close and at < TODAY:
                close += timedelta(days=30)
                states.append(State(at - timedelta(seconds=30), stage, amount, close, rep))
        company.add(f"deal_{number:05d}", *states, product=product)
    return company


class Simulated(Workspace):
    """A workspace whose columns are a simulated company's; ``kept`` is where estimates are kept, nowhere by default."""

    def __init__(
        self, company: Company, settings: dict[str, Any] | None = None, kept: Path = Path("no folder", "results")
    ) -> None:
        self.settings = load({"sales_operations": settings or {}}, environ={})
        self.clock = lambda: TODAY
        self._db = company.tables()
        self._kept = kept

    @contextmanager
    def columns(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._db.cursor() as cursor:
            yield cursor

    @property
    def results(self) -> Results:
        return Results(self._kept)

    def data_version(self) -> tuple[str, int]:
        return "simulated", 1

    @property
    def engine(self) -> Engine:
        raise StoreError("a simulated company has no store")


@pytest.fixture(scope="session")
def company() -> Company:
    """Two years of 900 deals, closed mostly at the ends of quarters."""
    return simulate(11, 900, rush=2.0)


@pytest.fixture(scope="session")
def workspace(company: Company) -> Simulated:
    """The company under the default settings."""
    return Simulated(company)


def after(company: Company, instant: datetime) -> Company:
    """The company as its records might look later: everything after ``instant`` other than it was, and more of it."""
    changed = company.copy()
    for position, (deal, states) in enumerate(company.deals.items()):
        known = [state for state in states if state.at <= instant]
        if known and not known[-1].stage.startswith("closed"):
            last, later = known[-1], instant + timedelta(seconds=1 + position)
            stage = ("closed_won", "closed_lost", "proposal")[position % 3]
            changed.deals[deal] = [
                *known,
                replace(last, at=later, stage=stage, amount=7_777_77, close=date(2031, 1, 1)),
            ]
        elif not known:
            del changed.deals[deal], changed.products[deal]
    for position, deal in enumerate(changed.deals):
        at = int(instant.timestamp() * 1_000_000) + 1 + position
        changed.later.append((deal, at, 10_000 + position, "Basic", "Web"))
    for number in range(40):
        won = State(instant + timedelta(days=1, hours=number), "closed_won", 9_999_999, rep="Zoe")
        changed.add(f"a_new_{number}", won, product="Pro")
    return changed
