"""The names that the brief gives, where it imports them from, and what their calls take."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import sales_operations
from sales_operations.process import Opportunity, OpportunityStage, OpportunityStatus
from sales_operations.settings import load
from sales_operations.workspace import open_workspace

EXAMPLE = Path(__file__).resolve().parents[2] / "config" / "sales_operations_config.yaml.example"
CLASSES = [
    ("process", "SalesProcessAutomator", {"automate_lead_to_opportunity": ["lead_id"]}),
    ("process", "SalesProcessAutomator", {"automate_stage_transition": ["opportunity_id", "new_stage"]}),
    ("process", "OpportunityStore", {"create_opportunity": ["opportunity"], "get_opportunity": ["opportunity_id"]}),
    ("process", "OpportunityStore", {"update_opportunity": ["opportunity"], "list_opportunities": ["stage"]}),
    ("process", "LeadStore", {"get_lead": ["lead_id"]}),
    ("process", "Quoter", {"create_quote": ["opportunity"]}),
    ("process", "ContractManager", {"prepare_contract": ["opportunity"]}),
    ("process", "NotificationService", {"notify_sales_rep": ["sales_rep", "opportunity", "message"]}),
    ("forecasting", "SalesForecaster", {"forecast_sales": ["period", "method"]}),
    ("forecasting", "PipelineAnalyzer", {"analyze_pipeline": ["pipeline_data"]}),
    ("forecasting", "TrendAnalyzer", {"analyze_trends": ["period"]}),
    ("forecasting", "SeasonalAnalyzer", {"analyze_seasonality": ["period"]}),
    ("forecasting", "MLForecaster", {"predict": ["pipeline_data", "period"]}),
    ("pipeline", "PipelineManager", {"manage_pipeline": []}),
    ("pipeline", "PipelineTracker", {"track_pipeline": []}),
    ("pipeline", "PipelineReporter", {"generate_reports": []}),
    ("pipeline", "PipelineAnalytics", {"analyze_pipeline": []}),
    ("pipeline", "PipelineInsights", {"generate_insights": []}),
]


def class_of(room: str, name: str) -> Any:
    return getattr(importlib.import_module(f"sales_operations.{room}"), name)


@pytest.mark.parametrize(("room", "name", "methods"), CLASSES)
def test_each_class_has_the_briefs_asynchronous_methods(room: str, name: str, methods: dict[str, list[str]]) -> None:
    found = class_of(room, name)
    assert getattr(sales_operations, name) is found
    for method, arguments in methods.items():
        assert inspect.iscoroutinefunction(getattr(found, method))
        parameters = list(inspect.signature(getattr(found, method)).parameters.values())[1:]
        assert [one.name for one in parameters][: len(arguments)] == arguments
        assert all(one.default is not one.empty for one in parameters[len(arguments) :])


@pytest.mark.parametrize("given", ["mapping", "settings", "workspace", "nothing"])
@pytest.mark.parametrize(("room", "name"), sorted({(room, name) for room, name, _ in CLASSES}))
def test_each_class_takes_the_raw_mapping_settings_a_workspace_or_nothing(
    room: str, name: str, given: str, sqlite_store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SALES_OPERATIONS_DATABASE", sqlite_store.url)
    raw = yaml.safe_load(EXAMPLE.read_text("utf-8"))
    workspace = open_workspace(raw)
    made = {"mapping": (raw,), "settings": (load(raw),), "workspace": (workspace,), "nothing": ()}[given]
    found = class_of(room, name)(*made)
    assert found.workspace.store_name == sqlite_store.url
    assert (found.workspace is workspace) == (given == "workspace")
    for one in (found.workspace, workspace):
        one.close()


def test_an_opportunity_is_a_plain_mutable_record_with_the_briefs_fields_in_order() -> None:
    names = ["opportunity_id", "lead_id", "account_name", "amount", "stage", "status", "probability", "close_date",
             "sales_rep", "created_at", "updated_at", "metadata"]  # fmt: skip
    assert [field.name for field in dataclasses.fields(Opportunity)] == names
    values = ("opp_1", "", "", 1.0, OpportunityStage.LEAD, OpportunityStatus.OPEN, 0.1, "", "", "", "", {})
    made = Opportunity(*values)
    made.amount = 2.0
    assert dataclasses.astuple(made) == (*values[:3], 2.0, *values[4:])


def test_stages_and_statuses_are_the_briefs() -> None:
    stages = ["lead", "qualified", "proposal", "negotiation", "closed_won", "closed_lost"]
    assert [stage.value for stage in OpportunityStage] == stages
    assert [stage.name for stage in OpportunityStage] == [name.upper() for name in stages]
    assert [status.value for status in OpportunityStatus] == ["open", "won", "lost"]


def test_an_unknown_name_is_an_attribute_error() -> None:
    for module in ("sales_operations", "sales_operations.process"):
        with pytest.raises(AttributeError, match="Colour"):
            importlib.import_module(module).Colour  # noqa: B018


@pytest.mark.parametrize("room", ["process", "forecasting", "pipeline"])
def test_importing_a_room_leaves_the_heavy_libraries_alone(room: str, tmp_path: Path) -> None:
    heavy = ["duckdb", "sklearn", "statsforecast", "narwhals", "pandas", "alembic"]
    names = [name for place, name, _ in CLASSES if place == room]
    code = (
        f"import sys\nfrom sales_operations.{room} import {', '.join(sorted(set(names)))}\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path, env=dict(os.environ)
    )
    assert done.stdout == "[]\n"
