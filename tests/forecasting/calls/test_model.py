"""The model's forecast at every place of the board adds up to the one forecast of the company."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sales_operations.forecasting import ForecastCalls
from sales_operations.workspace import open_workspace


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory):
    """The made-up company, with the methods that answer at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("demonstration"))
        for name in ("SALES_OPERATIONS_DATABASE", "SALES_OPERATIONS_CONFIG"):
            patch.delenv(name, raising=False)
        yield lambda *methods: ForecastCalls(
            open_workspace({"sales_operations": {"forecasting": {"methods": list(methods)}}})
        )


def cents(amount: float) -> int:
    return round(amount * 100)


def children(rows: list[dict[str, Any]], place: int) -> list[dict[str, Any]]:
    depth, found = rows[place]["depth"], []
    for row in rows[place + 1 :]:
        if row["depth"] <= depth:
            break
        found += [row] if row["depth"] == depth + 1 else []
    return found


@pytest.mark.parametrize("methods", [("pipeline", "seasonal", "hybrid"), ("pipeline",), ("seasonal",)])
@pytest.mark.parametrize("period", ["month", "quarter"])
def test_reps_sum_to_teams_and_teams_to_the_forecast_of_the_company_to_the_cent(demonstration, methods, period):
    calls = demonstration(*methods)
    found = asyncio.run(calls.list_calls(period))
    rows = found["rows"]
    total = asyncio.run(calls.forecast_sales(period, methods[-1], found["as_of"]))["total"]
    assert (found["model"]["method"], cents(rows[0]["model"])) == (methods[-1], cents(total))
    groups = [place for place, row in enumerate(rows) if row["level"] != "rep"]
    assert len(groups) == 5
    for place in groups:
        assert sum(cents(row["model"]) for row in children(rows, place)) == cents(rows[place]["model"])


def test_the_closed_amounts_are_the_forecasts_booked_ones_and_no_rep_is_expected_to_end_below(demonstration):
    calls = demonstration("pipeline")
    found = asyncio.run(calls.list_calls("quarter"))
    booked = asyncio.run(calls.forecast_sales("quarter", "pipeline", found["as_of"]))["booked"]
    assert cents(found["rows"][0]["closed"]) == cents(booked)
    assert all(row["model"] >= row["closed"] for row in found["rows"])


def test_a_call_keeps_what_the_model_said_of_its_place(demonstration):
    calls = demonstration("pipeline")
    rows = {row["name"]: row for row in asyncio.run(calls.list_calls("quarter"))["rows"]}
    made = asyncio.run(calls.submit_call("pipeline", 1, team="Demo East", dry_run=True))
    assert made["known_then"]["model_method"] == "pipeline"
    assert made["known_then"]["model"] == pytest.approx(rows["Demo East"]["model"], rel=1e-3)
