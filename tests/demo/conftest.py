from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import pytest

from sales_operations.demo.columns import Rows
from sales_operations.demo.company import generate

SEED = 20_260_101
TODAY = date(2026, 11, 24)
DAY = 86_400_000_000


@dataclass
class Deal:
    """One deal, followed from its creation through its history to today."""

    id: str
    created_at: int
    stage: str
    amount: int | None
    currency: str
    close_date: str
    owner: str
    changes: list[dict[str, object]] = field(default_factory=list)
    closed_at: int | None = None

    def follow(self, change: dict[str, object]) -> None:
        self.changes.append(change)
        for name in ("stage", "amount", "close_date", "owner"):
            if change[name] is not None:
                setattr(self, name, change[name])
        if change["stage"] is not None:
            self.closed_at = change["changed_at"] if self.closed else None

    @property
    def closed(self) -> bool:
        return self.stage in ("closed_won", "closed_lost")

    @property
    def closed_on(self) -> date:
        assert self.closed_at is not None
        return datetime.fromtimestamp(self.closed_at / 1e6, UTC).date()


def rows_of(columns: Rows) -> list[dict[str, object]]:
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def follow(company: dict[str, Rows]) -> dict[str, Deal]:
    names = ("id", "created_at", "stage", "amount", "currency", "close_date", "owner")
    deals = {row["id"]: Deal(**{name: row[name] for name in names}) for row in rows_of(company["opportunities"])}
    for change in rows_of(company["history"]):
        deals[change["opportunity"]].follow(change)
    return deals


@pytest.fixture(scope="session")
def today() -> date:
    return TODAY


@pytest.fixture(scope="session")
def midnight() -> int:
    return int(datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.fixture(scope="session")
def company() -> dict[str, Rows]:
    return generate(SEED, TODAY)


@pytest.fixture(scope="session")
def deals(company: dict[str, Rows]) -> dict[str, Deal]:
    return follow(company)


@pytest.fixture(scope="session")
def companies(company, deals) -> list[tuple[dict[str, Rows], dict[str, Deal]]]:
    """The company from several seeds, so that a figure is no accident of one of them."""
    more = [generate(seed, TODAY) for seed in (1, 2, 3)]
    return [(company, deals), *((other, follow(other)) for other in more)]


@pytest.fixture(scope="session")
def as_rows():
    return rows_of
