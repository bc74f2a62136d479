from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sales_operations.domain.clock import parse_as_of
from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.forecasting import ForecastBacktest, SalesForecaster
from tests.forecasting.conftest import Company, Simulated, after

METHODS = {"pipeline", "trend", "seasonal", "ml", "hybrid"}


def backtest(workspace: Simulated, **asked: Any) -> dict[str, Any]:
    return asyncio.run(ForecastBacktest(workspace).backtest(**asked))


def test_a_horizon_counts_what_is_won_after_the_origin_and_up_to_that_many_days_later(
    company: Company, workspace: Simulated
) -> None:
    found = backtest(workspace, horizon=30, start="2026-04-01", end="2026-07-10", every=50, methods=["pipeline"])
    assert [one["as_of"] for one in found["forecasts"]] == ["2026-04-01", "2026-05-21", "2026-07-10"]
    won = sum(
        states[-1].amount or 0
        for states in company.deals.values()
        if states[-1].stage == "closed_won" and "2026-04-02" <= states[-1].at.date().isoformat() <= "2026-05-01"
    )
    first = found["forecasts"][0]
    assert (first["actual"], first["booked"]) == (won / 100, 0.0)
    assert (first["from"], first["to"]) == ("2026-04-02", "2026-05-01")


def test_every_method_and_baseline_is_scored_and_ranges_are_in_order(workspace: Simulated) -> None:
    found = backtest(workspace, period="month", start="2026-03-10", end="2026-06-10", every=31)
    assert set(found["methods"]) == METHODS
    assert set(found["baselines"]) == {"run_rate", "last_value", "seasonal_naive", "weighted_pipeline"}
    assert found["best"] in found["methods"] | found["baselines"]
    for one in found["forecasts"]:
        assert one["p2_5"] <= one["p10"] <= one["p50"] <= one["p90"] <= one["p97_5"]
        assert one["booked"] <= one["p2_5"]
    for figures in found["methods"].values():
        assert figures["origins"] == 3
        assert figures["wape"] >= 0


def test_a_forecast_of_the_past_is_the_one_that_the_forecaster_gives_for_that_day(workspace: Simulated) -> None:
    found = backtest(workspace, period="quarter", start="2026-05-10", end="2026-05-10")
    for one in found["forecasts"]:
        then = asyncio.run(SalesForecaster(workspace).forecast_sales("quarter", one["method"], "2026-05-10"))
        assert (then["total"], then["interval_80"]) == (one["total"], [one["p10"], one["p90"]])


def test_the_figures_are_those_of_a_plain_reading(workspace: Simulated) -> None:
    found = backtest(workspace, horizon=28, start="2026-02-02", end="2026-06-22", every=28, methods=["seasonal"])
    said = found["forecasts"]
    errors = [one["total"] - one["actual"] for one in said]
    won = sum(one["actual"] for one in said)
    figures = found["methods"]["seasonal"]
    assert figures["wape"] == pytest.approx(sum(map(abs, errors)) / won)
    assert figures["bias"] == pytest.approx(sum(errors) / won)
    assert figures["coverage_80"] == sum(one["p10"] <= one["actual"] <= one["p90"] for one in said) / len(said)
    assert figures["origins"] == figures["independent"] == len(said) == 6


def test_a_window_that_is_not_over_has_no_outcome_and_does_not_count(workspace: Simulated) -> None:
    found = backtest(workspace, horizon=30, start="2026-07-05", end="2026-08-14", every=20, methods=["seasonal"])
    assert [one["actual"] is None for one in found["forecasts"]] == [False, True, True]
    assert found["methods"]["seasonal"]["origins"] == 1


def test_data_that_ended_long_ago_are_tested_while_they_lasted(company: Company) -> None:
    years = timedelta(days=7 * 365)
    old = Company(products=dict(company.products))
    for deal, states in company.deals.items():
        old.deals[deal] = [replace(one, at=one.at - years, close=one.close and one.close - years) for one in states]
    found = backtest(Simulated(old), horizon=30, every=60, methods=["seasonal"])
    newest = max(one.at for states in old.deals.values() for one in states if one.stage.startswith("closed"))
    assert found["data_until"] == newest.date().isoformat()
    assert found["forecasts"][0]["as_of"] < "2017-12-31" < found["forecasts"][-1]["as_of"] <= found["data_until"]
    assert found["methods"]["seasonal"]["origins"] >= 8
    assert found["methods"]["seasonal"]["mase"] > 0


BLIND = [
    ({"horizon": 30}, "2026-03-01", "2026-04-05"),
    pytest.param({"period": "quarter"}, "2026-01-25", "2026-03-01", marks=pytest.mark.long),
]


@pytest.mark.parametrize(("asked", "start", "end"), BLIND)
def test_nothing_dated_after_an_origin_changes_its_forecasts_kept_before_or_not(
    company: Company, workspace: Simulated, tmp_path: Path, asked: dict[str, Any], start: str, end: str
) -> None:
    asked, file = {**asked, "start": start, "end": end, "every": 35}, tmp_path / "kept"
    later = gone(after(company, parse_as_of(end).instant), parse_as_of(end).instant)
    fresh, cold = backtest(workspace, **asked), backtest(Simulated(later, kept=file), **asked)
    before = file.read_bytes()
    warm = backtest(Simulated(company, kept=file), **asked)
    assert json.dumps(said(fresh)) == json.dumps(said(cold)) == json.dumps(said(warm))
    assert {one["method"] for one in said(fresh)} == METHODS
    assert len(said(fresh)) == 2 * len(METHODS)

    over = backtest(Simulated(after(company, parse_as_of("2026-05-10").instant), kept=file), **asked)
    figures = [json.dumps({**one, "data_until": None}) for one in (fresh, warm, over)]
    assert figures[0] == figures[1] == figures[2], "figures of windows that were over before anything changed"
    assert file.read_bytes() == before, "what was kept for one future did not serve the other"


def test_nor_the_weights_kept_before_or_not(company: Company, workspace: Simulated, tmp_path: Path) -> None:
    day, file = "2026-03-01", tmp_path / "kept"
    later = gone(after(company, parse_as_of(day).instant), parse_as_of(day).instant)
    told = []
    for store in (workspace, Simulated(later, kept=file), Simulated(company, kept=file)):
        told.append(asyncio.run(SalesForecaster(store).forecast_sales("month", "hybrid", day)))
        before = file.read_bytes() if file.exists() else b""
    assert json.dumps(told[0]) == json.dumps(told[1]) == json.dumps(told[2])
    assert len(told[0]["weights"]) == 4
    assert file.read_bytes() == before


def test_a_late_correction_of_what_was_before_an_origin_is_not_answered_from_what_was_kept(
    company: Company, tmp_path: Path
) -> None:
    corrected = company.copy()
    deal, states = next(
        (deal, states)
        for deal, states in company.deals.items()
        if states[-1].stage == "closed_won" and "2026-02-01" < states[-1].at.date().isoformat() < "2026-02-20"
    )
    corrected.deals[deal] = [*states[:-1], replace(states[-1], amount=(states[-1].amount or 0) + 50_000_00)]
    asked = {"horizon": 30, "start": "2026-03-01", "end": "2026-03-01", "methods": ["pipeline"]}
    first, then, anew = (
        said(backtest(Simulated(one, kept=tmp_path / kept), **asked))
        for one, kept in ((company, "kept"), (corrected, "kept"), (corrected, "another"))
    )
    assert first != then == anew


def gone(company: Company, instant: datetime) -> Company:
    """The company with every fifth deal deleted after ``instant``, closed ones included."""
    changed = company.copy()
    for position, (deal, states) in enumerate(company.deals.items()):
        if position % 5 == 0:
            when = max(states[-1].at, instant) + timedelta(hours=1)
            changed.deals[deal] = [*states, replace(states[-1], at=when, deleted=True)]
    return changed


def said(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The forecasts, without what came true."""
    return [{**one, "actual": None} for one in found["forecasts"]]


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"period": "week"}, NotFound, "'week' does not exist; use one of month"),
        ({"horizon": 0}, InvalidInput, "use 1 to 366"),
        ({"horizon": 30, "period": "month"}, InvalidInput, "exclude each other"),
        ({"horizon": 30, "every": 0}, InvalidInput, "use 1 or more"),
        ({"horizon": 30, "start": "2026-06-01", "end": "2026-05-01"}, InvalidInput, "is after 2026-05-01"),
        ({"horizon": 30, "start": "2027-06-01"}, InvalidInput, "has not come yet"),
        ({"horizon": 30, "methods": ["luck"]}, NotFound, "'luck' does not exist"),
        ({"horizon": 30, "start": "2016-01-01", "every": 1}, InvalidInput, "use --every"),
    ],
)
def test_what_cannot_be_tested_is_refused_with_what_to_do(
    workspace: Simulated, asked: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        backtest(workspace, **asked)


def test_an_empty_store_has_nothing_to_test_on() -> None:
    with pytest.raises(InvalidInput, match="no deal was ever closed"):
        backtest(Simulated(Company()))
