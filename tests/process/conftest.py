"""A small company on each database: reps, leads and deals written as plain rows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from sales_operations.domain.clock import to_micros
from sales_operations.domain.opportunity import Opportunity
from sales_operations.effects.notifications import inbox
from sales_operations.process import OpportunityStore, SalesProcessAutomator
from sales_operations.workspace import Workspace

if TYPE_CHECKING:
    from datetime import datetime

    from tests.conftest import Stores

Config = dict[str, Any]


def process(**keys: Any) -> Config:
    """A configuration of ``process_automation``, its keys written with dots as ``quoting__valid_days=5``."""
    made: Config = {}
    for path, value in keys.items():
        place = made
        *sections, name = path.split("__")
        for section in sections:
            place = place.setdefault(section, {})
        place[name] = value
    return {"sales_operations": {"process_automation": made}}


@dataclass
class Company:
    """One store, written and read past the public names where a test needs rows."""

    stores: Stores
    workspace: Workspace
    _numbers: int = field(default=0)

    def add(self, kind: str, *rows: dict[str, Any]) -> None:
        with self.workspace.unit("test") as unit:
            for row in rows:
                unit.create(kind, dict(row))

    def reps(self, *names: str, **columns: Any) -> None:
        self.add("users", *({"id": f"user_{name.lower()}", "name": name, **columns} for name in names))

    def leads(self, *ids: str, **columns: Any) -> None:
        self.add("leads", *({"id": one, "company": f"Company of {one}", **columns} for one in ids))

    def won(self, amount_minor: int | None, created: datetime, close_date: str, **columns: Any) -> None:
        """A won deal that was created at an instant."""
        self._numbers += 1
        row = {"id": f"opp_won{self._numbers}", "created_at": to_micros(created), "close_date": close_date}
        stage = {"pipeline": "default", "pipeline_stage": "closed_won", "stage": "closed_won", "probability": 1.0}
        self.add("opportunities", row | stage | {"amount_minor": amount_minor, "currency": "USD"} | columns)

    def automator(self, config: Config | None = None) -> SalesProcessAutomator:
        return SalesProcessAutomator(self.stores.open(config))

    def convert(self, lead: str, config: Config | None = None) -> Opportunity:
        return asyncio.run(self.automator(config).automate_lead_to_opportunity(lead))

    def move(self, deal: Opportunity, stage: Any, config: Config | None = None) -> Opportunity:
        return asyncio.run(self.automator(config).automate_stage_transition(deal.opportunity_id, stage))

    def deal(self, opportunity_id: str) -> Opportunity:
        return asyncio.run(OpportunityStore(self.workspace).get_opportunity(opportunity_id))

    def notes(self) -> list[dict[str, Any]]:
        with self.workspace.reading() as connection:
            return inbox(connection)


def founded(stores: Stores) -> Company:
    """A store with one rep, Ada, and one lead, ``lead_1``."""
    made = Company(stores, stores.open())
    made.reps("Ada")
    made.leads("lead_1", product="Loom")
    return made


@pytest.fixture
def company(stores: Stores) -> Company:
    """One on each database, for what concerns the store."""
    return founded(stores)


@pytest.fixture
def small(sqlite_store: Stores) -> Company:
    """One on SQLite, for the rules."""
    return founded(sqlite_store)


@pytest.fixture
def configured() -> Callable[..., Config]:
    return process
