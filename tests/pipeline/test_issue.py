"""The scheduled reports: made as of the time of the schedule, written whole, told of once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sales_operations.effects.notifications import inbox
from sales_operations.pipeline import schedule
from sales_operations.pipeline.issue import issue
from sales_operations.process import schedule as process_schedule
from sales_operations.process.working import work


@pytest.fixture
def config(tmp_path: Path) -> dict:
    reporting = {
        "reports": ["pipeline_summary", "funnel"],
        "formats": ["json", "csv"],
        "recipients": ["Ada", "ops@example.com"],
        "schedule": "0 7 * * *",
    }
    keys = {"pipeline_management": {"reporting": reporting}, "results": {"folder": str(tmp_path / "results")}}
    return {"sales_operations": {"company": {"timezone": "Europe/Berlin"}, **keys}}


def notes(workspace) -> list[dict]:
    with workspace.reading() as connection:
        return inbox(connection)


def test_each_time_of_the_schedule_is_told_to_each_recipient_once(stores, config, tmp_path):
    workspace = stores.open(config)
    assert issue(workspace) == issue(workspace) == 2
    found = notes(workspace)
    assert sorted(note["recipient"] for note in found) == ["Ada", "ops@example.com"]
    day = workspace.clock().date()  # the clock stands at noon
    assert found[0]["subject"] == f"2 reports as of {day} 06:00:00 UTC"  # seven in Berlin, in winter
    folder = tmp_path / "results" / "reports" / f"{day}T0600Z"
    assert "Pipeline summary: The open pipeline" in found[0]["message"]
    assert f"Files: {folder}" in found[0]["message"]
    assert sorted(file.name for file in folder.iterdir()) == [
        "funnel.csv", "funnel.json", "pipeline_summary.csv", "pipeline_summary.json",
    ]  # fmt: skip
    made = json.loads((folder / "pipeline_summary.json").read_text("utf-8"))
    assert (made["as_of"], made["report"]) == (f"{day}T06:00:00+00:00", "pipeline_summary")
    stores.clock.advance(days=1)
    issue(workspace)
    assert len(notes(workspace)) == 4


def test_workers_make_the_reports_once_and_a_missed_time_is_made_up_for_once(sqlite_store, config, monkeypatch):
    monkeypatch.setattr(process_schedule, "WORKS", {})
    first, second = sqlite_store.open(config), sqlite_store.open(config)
    assert work(first, more=schedule.schedules(first), once=True).schedules == {"reports": 2}
    assert work(second, more=schedule.schedules(second), once=True).schedules == {}
    assert len(notes(first)) == 2
    sqlite_store.clock.advance(days=3)
    assert work(second, more=schedule.schedules(second), once=True).schedules == {"reports": 2}
    assert len(notes(first)) == 4


def test_they_are_not_made_where_they_are_turned_off_and_daily_means_at_six(sqlite_store, config):
    reporting = config["sales_operations"]["pipeline_management"]["reporting"]
    reporting["schedule"] = "daily"
    [plan] = schedule.schedules(sqlite_store.open(config))
    assert (plan.name, plan.cron) == ("reports", "0 6 * * *")
    reporting["enabled"] = False
    assert schedule.schedules(sqlite_store.open(config)) == []


def test_a_folder_that_cannot_be_written_fails_the_schedule_and_tells_nobody(
    sqlite_store, config, tmp_path, monkeypatch
):
    monkeypatch.setattr(process_schedule, "WORKS", {})
    (tmp_path / "results").write_text("a file")
    workspace = sqlite_store.open(config)
    failed = work(workspace, more=schedule.schedules(workspace), once=True).failed
    assert "cannot be written" in failed["reports"]
    assert notes(workspace) == []
