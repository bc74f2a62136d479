"""The whole run as a call: its result files are whole, its summary says what it found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sales_operations import workflow
from sales_operations.domain.clock import written_as_of
from sales_operations.domain.errors import InvalidInput, StoreError
from sales_operations.domain.opportunity import Opportunity
from sales_operations.domain.stages import OpportunityStage, OpportunityStatus

FORECAST: dict[str, Any] = {
    "method": "hybrid",
    "period": "quarter",
    "period_label": "2026-Q4",
    "period_start": "2026-10-01",
    "period_end": "2026-12-31",
    "total": 1_200.0,
    "booked": 200.0,
    "open": 900.0,
    "not_created_yet": 100.0,
    "interval_80": [1_000.0, 1_500.0],
    "confidence": 0.754,
    "currency": "USD",
    **dict.fromkeys(workflow.METHODS, 300.0),
    "dropped": {},
}


@pytest.mark.parametrize("at_fault", ["value", "disk"])
def test_results_are_all_the_new_ones_or_all_the_old_ones_never_a_part(tmp_path: Path, at_fault: str) -> None:
    workflow.write_results(tmp_path, {"forecasts": [1], "pipeline": [1]})
    new = {"forecasts": [2], "pipeline": object() if at_fault == "value" else [2]}
    if at_fault == "disk":
        new["of/a/folder/that/is/not/there"] = [2]
    with pytest.raises((TypeError, StoreError)):
        workflow.write_results(tmp_path, new)
    assert {file.name: json.loads(file.read_text()) for file in tmp_path.iterdir()} == {
        "forecasts.json": [1],
        "pipeline.json": [1],
    }


def test_result_files_are_json_that_any_reader_takes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        workflow.write_results(tmp_path, {"forecasts": float("nan")})
    [file] = workflow.write_results(tmp_path / "new" / "folder", {"pipeline": {"rep": "Zoë"}})
    assert file.read_text("utf-8") == '{\n  "rep": "Zoë"\n}\n'


def test_a_folder_that_cannot_be_made_is_a_store_error_that_names_the_key(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(StoreError, match=r"cannot be written to .*taken .*set results\.folder"):
        workflow.write_results(tmp_path / "taken", {"pipeline": {}})


def test_an_opportunity_is_written_with_plain_values_only() -> None:
    values = ("opp_1", "lead_1", "A", 1.5, OpportunityStage.LEAD, OpportunityStatus.OPEN, 0.1, "", "Ada", "", "", {})
    told = workflow.plain(Opportunity(*values))
    assert (told["stage"], told["status"], told["amount"]) == ("lead", "open", 1.5)
    json.dumps(told)


def test_a_lead_and_a_date_contradict_each_other_and_nothing_is_done(sqlite_store: Any) -> None:
    workspace, before = sqlite_store.open(), sqlite_store.dump()
    with pytest.raises(InvalidInput, match="lead_1 would be converted now, not as of 2026-01-31"):
        workflow.run(workspace, "lead_1", "2026-01-31")
    assert sqlite_store.dump() == before
    assert not Path("sales_operations").exists()


def test_the_steps_are_told_as_they_begin_and_a_store_without_leads_goes_on(stores: Any) -> None:
    steps: list[str] = []
    outcome = workflow.run(stores.open(), progress=steps.append)
    assert steps == [
        "Automating the sales process", "Forecasting sales", "Managing the pipeline", "Working off what follows",
    ]  # fmt: skip
    assert outcome.notices == ["The store has no open leads, so none was converted."]
    assert (outcome.opportunities, outcome.forecast["total"]) == ([], 0.0)
    assert [title for title, _ in workflow.summary(outcome)] == ["Forecast Summary", "Pipeline Summary"]


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({}, [("Confidence", "75%"), ("ML", "$300.00"), ("Won so far", "$200.00")]),
        ({"currency": "JPY"}, [("Total", "1,200 JPY")]),
        ({}, [("Period", "quarter 2026-Q4 (2026-10-01 to 2026-12-31)"), ("80 % range", "$1,000.00 to $1,500.00")]),
        ({}, [("Won so far", "$200.00"), ("Open deals", "$900.00"), ("Not created yet", "$100.00")]),
        ({"dropped": {"ml": "too few deals"}}, [("Without", "ml: too few deals")]),
        (
            {"refused": "all", "dropped": {"ml": "few", "trend": "few", "seasonal": "none"}},
            [("Confidence", "not enough history"), ("Refused", "ml, trend: few"), ("Refused", "seasonal: none")],
        ),
        ({"method": "trend", "refused": "too short"}, [("Refused", "too short")]),
    ],
)
def test_a_forecast_is_told_with_its_confidence_or_why_it_has_none(changes: Any, lines: list[tuple[str, str]]) -> None:
    _, told = workflow.forecast_block(FORECAST | changes)
    assert [line for line in told if line in lines] == lines


@pytest.mark.parametrize(
    ("as_of", "text"),
    [
        ("2026-01-31", "2026-01-31"),
        ("2026-01-31T09:30:00.123456+00:00", "2026-01-31 09:30:00 UTC"),
        ("2026-01-31T01:30:00+02:00", "2026-01-30 23:30:00 UTC"),
    ],
)
def test_an_as_of_is_told_as_a_date_or_to_the_second(as_of: str, text: str) -> None:
    assert written_as_of(as_of) == text
