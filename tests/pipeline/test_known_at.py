"""What was known then stays what was known then: a late correction changes the past as seen now, not as seen then."""

from __future__ import annotations

import asyncio
import json
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from sales_operations.connectors.importer import ImportOptions, import_file
from sales_operations.domain.errors import InvalidInput
from sales_operations.pipeline import PipelineChanges, PipelineManager

DEALS = """id,name,stage,amount,currency,close_date,owner,created_at
d1,Loom,proposal,100.10,USD,2026-12-01,Ada,2026-09-01T09:00:00Z
d2,Spool,negotiation,200.20,USD,2026-12-15,Ada,2026-09-02T09:00:00Z
"""
HISTORY = """id,opportunity,changed_at,stage,amount,currency
h1,d1,2026-10-05T09:00:00Z,qualified,80,USD
h2,d2,2026-10-06T09:00:00Z,closed_lost,,
"""


@pytest.fixture
def told(sqlite_store: Any, tmp_path: Path) -> Any:
    """Takes files of one source in."""

    def take(kind: str, text: str) -> Any:
        file = tmp_path / f"{kind}.csv"
        file.write_text(text)
        workspace = sqlite_store.open()
        import_file(workspace, kind, file, ImportOptions(source="crm"))
        return workspace

    return take


def managed(workspace: Any, as_of: str, known_at: str | None = None) -> dict[str, Any]:
    """All of the pipeline, without the time of making."""
    found = asyncio.run(PipelineManager(workspace).manage_pipeline(as_of, known_at))
    clocks = {"managed_at", "tracked_at", "generated_at", "analyzed_at"}

    def timeless(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: timeless(one) for name, one in value.items() if name not in clocks}
        return value

    return json.loads(json.dumps(timeless(found)))  # type: ignore[no-any-return]


def test_a_late_correction_changes_what_is_known_now_and_not_what_was_known_then(sqlite_store: Any, told: Any) -> None:
    workspace = told("opportunities", DEALS)
    then = sqlite_store.clock().isoformat()
    before = managed(workspace, "2026-10-31", then)
    now = managed(workspace, "2026-10-31")
    assert now["tracking"]["open_opportunities"] == before["tracking"]["open_opportunities"] == 2
    sqlite_store.clock.advance(days=1)
    workspace = told("history", HISTORY)
    corrected = managed(workspace, "2026-10-31")
    assert corrected["tracking"]["by_stage"]["closed_lost"]["count"] == 1
    assert corrected["tracking"]["open_opportunities"] == 1
    assert managed(workspace, "2026-10-31", then) == before
    assert before["tracking"]["known_at"] == then
    assert corrected["tracking"]["known_at"] is None


def test_changes_too_are_told_as_they_were_known(sqlite_store: Any, told: Any) -> None:
    workspace = told("opportunities", DEALS)
    then = sqlite_store.clock().isoformat()
    sqlite_store.clock.advance(days=1)
    workspace = told("history", HISTORY)

    def buckets(known_at: str | None) -> list[str]:
        found = asyncio.run(PipelineChanges(workspace).compare("2026-09-30", "2026-10-31", known_at=known_at))
        return [one["name"] for one in found["buckets"] if one["count"]]

    assert buckets(then) == []
    assert "lost" in buckets(None)


@pytest.mark.parametrize(("start", "end", "says"), [
    ("2026-10-02", "2026-10-01", "the end, 2026-10-01, lies before the start, 2026-10-02"),
    ("soon", None, "from: 'soon' is neither a date"),
    (None, "2026-02-30", "to: '2026-02-30' is neither a date"),
])  # fmt: skip
def test_instants_that_make_no_sense_are_refused(told: Any, start: str | None, end: str | None, says: str) -> None:
    workspace = told("opportunities", DEALS)
    with pytest.raises(InvalidInput, match=says):
        asyncio.run(PipelineChanges(workspace).compare(start, end))


def test_without_dates_the_last_seven_days_are_compared(sqlite_store: Any, told: Any) -> None:
    workspace = told("opportunities", DEALS)
    found = asyncio.run(PipelineChanges(workspace).compare())
    assert (found["from"][:16], found["to"][:16]) == ("2026-11-17T12:00", "2026-11-24T12:00")
    assert asyncio.run(PipelineChanges(workspace).compare(end="2026-10-31"))["from"] == "2026-10-24"


def test_of_nothing_recorded_nothing_was_known(told: Any) -> None:
    workspace = told("opportunities", DEALS)
    assert managed(workspace, "2026-10-31", "2020-01-01")["tracking"]["total_opportunities"] == 0
    with pytest.raises(InvalidInput, match="known_at: 'then' is neither"):
        managed(workspace, "2026-10-31", "then")


@pytest.mark.parametrize("until", ["2026-11-01", "2027-02-01"])
def test_today_an_open_deal_abroad_is_worth_what_todays_rate_says_however_one_asks(
    sqlite_store: Any, told: Any, until: str
) -> None:
    told("rates", f"base_currency,currency,rate,valid_from\nUSD,EUR,1.1,2026-01-01\nUSD,EUR,1.25,{until}\n")
    workspace = told("opportunities", DEALS.replace("100.10,USD", "100.10,EUR"))
    found = asyncio.run(PipelineManager(workspace).manage_pipeline())["tracking"]
    rate = Decimal("1.25") if until < "2026-11-24" else Decimal("1.1")
    worth = (Decimal("100.10") * rate).quantize(Decimal("0.01"), ROUND_HALF_UP) + Decimal("200.20")
    assert found["open_pipeline_value"] == float(worth)
    again = managed(workspace, sqlite_store.clock().isoformat())["tracking"]
    assert again["open_pipeline_value"] == float(worth)
