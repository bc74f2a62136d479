"""A small company whose rules are written as text, applied, and worked off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sales_operations.domain.errors import Problem
from sales_operations.process.rules import firings, versions
from sales_operations.process.rules.engine import work
from sales_operations.process.rules.files import Reading, read_texts
from sales_operations.process.rules.plan import plan
from sales_operations.settings import load
from sales_operations.store import audit, history, tables
from sales_operations.workspace import Workspace
from tests.conftest import Stores

NOTE = "notify: {to: owner, subject: Look, message: 'See {{ deal.id }}'}"


def reading(text: str, settings: Any = None) -> Reading:
    """The text as one file, ``rules.yaml``."""
    return read_texts((("rules.yaml", text),), load(settings or {"sales_operations": {}}))


def problems(text: str, settings: Any = None) -> list[str]:
    """What is wrong with it, as ``line key: message``."""
    found: list[Problem] = reading(text, settings).problems
    assert all(one.file == "rules.yaml" for one in found)
    return [f"{one.line} {one.key}: {one.message}" for one in found]


@dataclass
class Automated:
    """One store with reps Ada (whose manager is Mia) and Bo, and what its tests do with it."""

    stores: Stores
    workspace: Workspace
    settings: Any = None

    def apply(self, text: str) -> versions.Version:
        read = read_texts((("rules.yaml", text),), self.workspace.settings)
        return versions.apply(self.workspace, read)[0]

    def work(self) -> int:
        return work(self.workspace)

    def add(self, kind: str, *rows: dict[str, Any], cause: str = "test") -> None:
        with self.workspace.unit(cause) as unit:
            for row in rows:
                unit.create(kind, dict(row))

    def deal(self, name: str = "opp_1", **columns: Any) -> str:
        row = {"id": name, "pipeline": "default", "pipeline_stage": "lead", "stage": "lead", "probability": 0.1,
               "amount_minor": 500_000, "currency": "USD", "owner_id": "user_ada",
               "created_at": self.stores.clock.micros}  # fmt: skip
        self.add("opportunities", row | columns)
        return name

    def change(self, deal: str = "opp_1", *, cause: str = "test", **columns: Any) -> None:
        if "stage" in columns:
            columns.setdefault("pipeline_stage", columns["stage"])
        with self.workspace.unit(cause) as unit:
            unit.update("opportunities", unit.get("opportunities", deal), columns)

    def row(self, kind: str = "opportunities", name: str = "opp_1") -> dict[str, Any]:
        with self.workspace.unit("look") as unit:
            return unit.get(kind, name)

    def rows(self, kind: str) -> list[dict[str, Any]]:
        with self.workspace.reading() as connection:
            table = tables.RECORDS[kind]
            return [row._asdict() for row in connection.execute(table.select().order_by(table.c.seq))]

    def firings(self, **wanted: Any) -> list[dict[str, Any]]:
        """Oldest first."""
        with self.workspace.reading() as connection:
            return firings.listing(connection, **{"limit": 1_000, **wanted})[::-1]

    def outcomes(self) -> list[tuple[str, str]]:
        return [(one["rule"], one["outcome"]) for one in self.firings()]

    def plan(self, text: str, since: str, until: str) -> dict[str, Any]:
        return plan(
            self.workspace, read_texts((("rules.yaml", text),), self.workspace.settings).checked(), since, until
        )

    def findings(self) -> list[Any]:
        with self.workspace.reading() as connection:
            return [*audit.verify(connection).findings, *history.verify(connection)]


def automated(stores: Stores, settings: Any = None) -> Automated:
    made = Automated(stores, stores.open(settings))
    made.add("users", {"id": "user_mia", "name": "Mia"}, {"id": "user_ada", "name": "Ada", "manager_id": "user_mia"},
             {"id": "user_bo", "name": "Bo", "email": "bo@example.com"})  # fmt: skip
    return made


@pytest.fixture
def firm(stores: Stores) -> Automated:
    """On each database, for what concerns the store."""
    return automated(stores)


@pytest.fixture
def small(sqlite_store: Stores) -> Automated:
    """On SQLite, for the rules."""
    return automated(sqlite_store)


@pytest.fixture
def with_settings(sqlite_store: Stores) -> Callable[[Any], Automated]:
    return lambda settings: automated(sqlite_store, settings)


@pytest.fixture
def example() -> Path:
    return Path(__file__).parents[3] / "config" / "rules" / "follow_up.yaml.example"
