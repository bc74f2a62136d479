"""All of it in one call, through the classes: shapes, switches, dates, and honest answers on thin data."""

# ruff: noqa: DTZ001
# The column tables hold instants as naive UTC.

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from sales_operations import pipeline
from sales_operations.domain.errors import InvalidInput
from sales_operations.pipeline.manager import management_of

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
START = {"at": datetime(2026, 6, 1), "stage": "lead", "amount": 100}
LOST = [START, START | {"at": datetime(2026, 6, 2), "stage": "closed_lost"}]
METHODS = {
    "PipelineManager": "manage_pipeline",
    "PipelineTracker": "track_pipeline",
    "PipelineReporter": "generate_reports",
    "PipelineAnalytics": "analyze_pipeline",
    "PipelineInsights": "generate_insights",
}


@pytest.fixture
def workspace(state_of, company, monkeypatch, sqlite_store):
    """Stands in for an open workspace over the random company, whose store has kept no forecasts."""
    state = state_of(company)

    @contextmanager
    def columns():
        yield state.db

    store = sqlite_store.open()
    opened = SimpleNamespace(settings=state.settings, clock=lambda: NOW, columns=columns, reading=store.reading)
    monkeypatch.setattr("sales_operations.pipeline.face.open_workspace", lambda config: config)
    return opened


@pytest.mark.parametrize(
    "history",
    [{}, {"one": [START]}, {"one": LOST}, {f"d{n}": LOST for n in range(8)}, {"one": [START | {"deleted": True}]}],
    ids=["empty", "one open", "one lost", "all lost", "one deleted"],
)
@pytest.mark.parametrize("as_of", [None, "2026-06-01", "1999-12-31", "2040-01-01"])
def test_thin_data_gives_a_whole_result_that_is_plain_json(state_of, history, as_of):
    result = management_of(state_of(history, as_of))
    assert set(result) == {"tracking", "reports", "analytics", "insights", "managed_at"}
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_all_lost_is_a_win_rate_of_zero_and_not_unknown(state_of):
    analytics = management_of(state_of({f"d{n}": LOST for n in range(8)}))["analytics"]
    assert (analytics["win_rate"]["value"], analytics["win_rate"]["n"]) == (0.0, 8)
    assert analytics["deal_size"]["value"] is None


def test_the_present_equals_the_same_instant_asked_for_by_name(state_of, company):
    now = management_of(state_of(company))
    assert now == management_of(state_of(company, "2026-06-30T12:00:00+00:00"))


@pytest.mark.parametrize("name", METHODS)
def test_each_class_answers_as_of_now_and_as_of_a_date(workspace, name):
    method = getattr(getattr(pipeline, name)(workspace), METHODS[name])
    now, then = asyncio.run(method()), asyncio.run(method(as_of="2026-01-31"))
    assert json.dumps(now, allow_nan=False) != json.dumps(then, allow_nan=False)


def test_the_manager_holds_what_the_others_say(workspace):
    whole = asyncio.run(pipeline.PipelineManager(workspace).manage_pipeline())
    assert whole["tracking"] == asyncio.run(pipeline.PipelineTracker(workspace).track_pipeline())
    assert whole["insights"] == asyncio.run(pipeline.PipelineInsights(workspace).generate_insights())


@pytest.mark.parametrize("as_of", ["yesterday", "2026-13-01", "0001-01-01", "2026-01-01T10:00:00", "9998-05-05"])
def test_a_date_that_cannot_be_used_is_named_in_the_error(workspace, as_of):
    with pytest.raises(InvalidInput, match=as_of):
        asyncio.run(pipeline.PipelineManager(workspace).manage_pipeline(as_of=as_of))


def test_a_section_that_is_turned_off_says_which_key_did_it(state_of, company):
    sections = {name: {"enabled": False} for name in ("tracking", "reporting", "analytics", "insights")}
    result = management_of(state_of(company, config={"pipeline_management": sections}))
    for section, key in zip(sections, ("tracking", "reports", "analytics", "insights"), strict=True):
        assert result[key]["enabled"] is False
        assert f"pipeline_management.{section}.enabled" in result[key]["reason"]


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys, sales_operations.pipeline; print([m for m in ('duckdb', 'narwhals', 'numpy') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"
