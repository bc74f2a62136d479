"""A store's columns in memory: deals given as plain histories, written as the tables that the pipeline reads."""

# ruff: noqa: DTZ001
# The column tables hold instants as naive UTC.

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from sales_operations.domain.clock import as_of_now, parse_as_of
from sales_operations.pipeline.state import State
from sales_operations.settings import load

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
FAR = datetime(9999, 12, 31)
SCHEMA = """
CREATE TABLE opportunities(opportunity_id VARCHAR, name VARCHAR, account_id VARCHAR, account_name VARCHAR,
  lead_id VARCHAR, contact_id VARCHAR, pipeline VARCHAR, pipeline_stage VARCHAR, stage VARCHAR, status VARCHAR,
  amount_minor BIGINT, own_minor BIGINT, currency VARCHAR, probability DOUBLE, forecast_category VARCHAR,
  close_date DATE, owner_id VARCHAR, sales_rep VARCHAR, team VARCHAR, region VARCHAR, opportunity_type VARCHAR, lead_source VARCHAR,
  product VARCHAR, next_step VARCHAR, loss_reason VARCHAR, created_at TIMESTAMP, updated_at TIMESTAMP, seq BIGINT);
CREATE TABLE m_opportunities(id VARCHAR, name VARCHAR, account_id VARCHAR, account_text VARCHAR, lead_source VARCHAR,
  product VARCHAR, loss_reason VARCHAR);
CREATE TABLE m_accounts(id VARCHAR, name VARCHAR, segment VARCHAR);
CREATE TABLE intervals(opportunity_id VARCHAR, valid_from TIMESTAMP, valid_to TIMESTAMP, pipeline VARCHAR,
  pipeline_stage VARCHAR, stage VARCHAR, status VARCHAR, amount_minor BIGINT, own_minor BIGINT, currency VARCHAR,
  probability DOUBLE, forecast_category VARCHAR, close_date DATE, owner_id VARCHAR, sales_rep VARCHAR, team VARCHAR,
  deleted BOOLEAN);
CREATE TABLE quotas(user_id VARCHAR, team_id VARCHAR, period VARCHAR, period_start DATE, amount_minor BIGINT);
CREATE TABLE rates(currency VARCHAR, valid_from DATE, factor DOUBLE);
CREATE TABLE activities(activity_id VARCHAR, activity_type VARCHAR, occurred_at TIMESTAMP, status VARCHAR,
  duration_minutes BIGINT, owner_id VARCHAR, opportunity_id VARCHAR, contact_id VARCHAR, lead_id VARCHAR,
  account_id VARCHAR);
CREATE TABLE roles(opportunity_id VARCHAR, contact_id VARCHAR, role VARCHAR, since TIMESTAMP, until TIMESTAMP);
CREATE TABLE users(user_id VARCHAR, sales_rep VARCHAR, role VARCHAR, team_id VARCHAR, team VARCHAR, region VARCHAR,
  manager_id VARCHAR, capacity BIGINT, is_active BOOLEAN);
"""
Step = dict[str, Any]
History = dict[str, list[Step]]


def status_of(stage: str) -> str:
    return {"closed_won": "won", "closed_lost": "lost"}.get(stage, "open")


def _insert(db: duckdb.DuckDBPyConnection, table: str, rows: list[tuple[Any, ...]]) -> None:
    if rows:  # one statement, because DuckDB is slow at many small ones
        row = f"({', '.join('?' * len(rows[0]))})"
        db.execute(
            f"INSERT INTO {table} VALUES {', '.join([row] * len(rows))}", [value for row in rows for value in row]
        )


def _fill(db: duckdb.DuckDBPyConnection, history: History, activities: list[tuple[str, str, datetime]]) -> None:
    intervals: list[tuple[Any, ...]] = []
    opportunities: list[tuple[Any, ...]] = []
    for number, (deal, steps) in enumerate(history.items()):
        ends = [step["at"] for step in steps[1:]] + [FAR]
        for step, end in zip(steps, ends, strict=True):
            state = ("default", step["stage"], step["stage"], status_of(step["stage"]))
            state += (step.get("amount"), step.get("own", step.get("amount")), step.get("currency", "USD"))
            rest = (step.get("probability"), step.get("category", "pipeline"), step.get("close_date"))
            rest += (step.get("rep"), step.get("rep"), step.get("team"))
            deleted = step.get("deleted", False)
            intervals.append((deal, step["at"], end, *state, *rest, deleted))
            if end == FAR and not deleted:
                known = (deal, f"Deal {deal}", "a1", f"Account {deal}", None, None, *state, *rest)
                beyond = ("EMEA", "new", "web", "Product", None, None, steps[0]["at"], step["at"], number)
                opportunities.append((*known, *beyond))
    records = [(deal, f"Deal {deal}", f"Account {deal}", steps[-1]) for deal, steps in history.items()]
    told = ("account_id", "account_text", "lead_source", "product", "loss_reason")
    rows = [
        (deal, name, *(({"account_text": text} | last).get(key) for key in told)) for deal, name, text, last in records
    ]
    _insert(db, "m_opportunities", rows)
    reps = {step.get("rep") for steps in history.values() for step in steps} - {None}
    calls = enumerate(activities)
    _insert(db, "intervals", intervals)
    _insert(db, "opportunities", opportunities)
    _insert(db, "users(user_id, sales_rep)", [(rep, rep) for rep in reps])
    rows = [(f"act{number}", "call", at, "done", 10, owner, deal, *[None] * 3) for number, (deal, owner, at) in calls]
    _insert(db, "activities", rows)


@pytest.fixture(scope="session")
def state_of() -> Iterator[Callable[..., State]]:
    """Makes the state of a history (deal to its steps: at, stage, amount in cents, ...), now or as of a date."""
    opened: list[duckdb.DuckDBPyConnection] = []

    def make(
        history: History,
        as_of: str | None = None,
        activities: list[tuple[str, str, datetime]] | None = None,
        config: dict[str, Any] | None = None,
        rates: list[tuple[str, date, float]] | None = None,
    ) -> State:
        db = duckdb.connect(config={"threads": 1})
        opened.append(db)
        db.execute(SCHEMA)
        _fill(db, history, activities or [])
        _insert(db, "rates", rates or [])
        settings = load({"sales_operations": {"company": {"currency": "USD"}} | (config or {})})
        at = as_of_now(lambda: NOW) if as_of is None else parse_as_of(as_of, settings.company.timezone)
        return State(db, settings, at, present=as_of is None, made_at=NOW)

    yield make
    for db in opened:
        db.close()


@pytest.fixture(scope="session")
def company() -> History:
    """The random but fixed histories of 160 deals over eighteen months, some deleted, some reopened."""
    chance = random.Random(20260630)
    stages = ["lead", "qualified", "proposal", "negotiation"]
    history: History = {}
    for number in range(160):
        at = datetime(2025, 1, 1) + timedelta(minutes=chance.randrange(540 * 24 * 60))
        step: Step = {"at": at, "stage": "lead", "rep": chance.choice(["Ada", "Bo", "Cy", None]), "amount": None}
        step |= {"probability": chance.choice([None, 0.25]), "close_date": None}
        steps = [step]
        for _ in range(chance.randrange(8)):
            at += timedelta(minutes=chance.randrange(1, 40 * 24 * 60))
            if at >= NOW.replace(tzinfo=None):
                break
            step = dict(step) | {"at": at}
            step["stage"] = chance.choice([*stages, *stages, "closed_won", "closed_lost"])
            if chance.random() < 0.6:
                step["amount"] = chance.randrange(1, 5_000_000)
            if chance.random() < 0.7:
                step["close_date"] = (at + timedelta(days=chance.randrange(1, 90))).date()
            step["probability"] = {"closed_won": 1.0, "closed_lost": 0.0}.get(
                step["stage"], chance.choice([None, 0.333, 0.5])
            )
            step["deleted"] = chance.random() < 0.04
            steps.append(step)
        history[f"d{number:03}"] = steps
    return history
