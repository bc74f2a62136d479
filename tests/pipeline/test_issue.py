"""The scheduled reports: made as of the time of the schedule, written whole, told of once."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from sales_operations.domain.errors import NotFound
from sales_operations.effects.notifications import inbox
from sales_operations.effects.schedules import Schedule
from sales_operations.pipeline import PipelineReporter, schedule
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


def of_reports(workspace) -> list[Schedule]:
    return [plan for plan in schedule.schedules(workspace) if plan.name == "reports"]


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
    assert work(first, more=of_reports(first), once=True).schedules == {"reports": 2}
    assert work(second, more=of_reports(second), once=True).schedules == {}
    assert len(notes(first)) == 2
    sqlite_store.clock.advance(days=3)
    assert work(second, more=of_reports(second), once=True).schedules == {"reports": 2}
    assert len(notes(first)) == 4


def test_they_are_not_made_where_they_are_turned_off_and_daily_means_at_six(sqlite_store, config):
    reporting = config["sales_operations"]["pipeline_management"]["reporting"]
    reporting["schedule"] = "daily"
    [plan] = of_reports(sqlite_store.open(config))
    assert (plan.name, plan.cron) == ("reports", "0 6 * * *")
    reporting["enabled"] = False
    assert of_reports(sqlite_store.open(config)) == []


def test_a_folder_that_cannot_be_written_fails_the_schedule_and_tells_nobody(
    sqlite_store, config, tmp_path, monkeypatch
):
    monkeypatch.setattr(process_schedule, "WORKS", {})
    (tmp_path / "results").write_text("a file")
    workspace = sqlite_store.open(config)
    failed = work(workspace, more=of_reports(workspace), once=True).failed
    assert "cannot be written" in failed["reports"]
    assert notes(workspace) == []


def test_the_library_gives_any_report_as_a_mapping_or_as_a_file(sqlite_store):
    reporter = PipelineReporter(sqlite_store.open())
    found = asyncio.run(reporter.report("funnel", as_of="2026-06-30"))
    assert (found["report"], found["as_of"], found["deals"]) == ("funnel", "2026-06-30", 0)
    table = asyncio.run(reporter.file("funnel", "csv", as_of="2026-06-30", table="days_in_stage")).decode()
    assert table.splitlines()[:2] == [
        "stage,days_in_stage_p50,days_in_stage_p75,days_in_stage_p90,days_in_stage_n",
        "lead,,,,0",
    ]
    with pytest.raises(NotFound, match="there is no report 'funel'; use funnel"):
        asyncio.run(reporter.report("funel"))
    with pytest.raises(NotFound, match="format 'docx' does not exist"):
        asyncio.run(reporter.file("funnel", "docx"))
