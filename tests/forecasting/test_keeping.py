"""Forecasts of the present are kept, by whoever asks and by the worker; they are held against what came true."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sales_operations.demo import store as demo
from sales_operations.domain.clock import to_micros
from sales_operations.domain.errors import NotFound, StoreError
from sales_operations.forecasting import ForecastHistory, SalesForecaster
from sales_operations.forecasting.schedule import DAILY, schedules
from sales_operations.metrics.forecast_record import Kept
from sales_operations.pipeline import PipelineInsights
from sales_operations.store import forecasts
from sales_operations.store.engine import writing
from sales_operations.workspace import Workspace
from tests.conftest import NOW, Clock, Stores

QUICK = {"forecasting": {"methods": ["seasonal", "hybrid"], "periods": ["month", "quarter"]}}
KEPT = Kept(
    method="hybrid", period="quarter", period_start=date(2026, 7, 1), period_end=date(2026, 9, 30), as_of=date(2026, 7, 1),
    made_at=to_micros(datetime.fromisoformat("2026-07-01T12:00:00+00:00")), currency="USD", total=1_000, booked=0, open=None,
    created_later=None, p2_5=0, p10=0, p50=1_000, p90=2_000, p97_5=3_000, confidence=0.5, weights=None, data_seq=1,
    settings="ab",
)  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made-up company, as of a day long after its history began."""
    file = tmp_path_factory.mktemp("built") / "store.db"
    demo.build(file, lambda: NOW)
    return file


@pytest.fixture
def company(built: Path, tmp_path: Path, clock: Clock) -> Any:
    """A store of its own with that history."""
    shutil.copyfile(built, tmp_path / "store.db")
    made = Stores(str(tmp_path / "store.db"), "sqlite", tmp_path, clock)
    yield made
    for workspace in made.opened:
        workspace.close()


def forecast(workspace: Workspace, *arguments: Any) -> dict[str, Any]:
    return asyncio.run(SalesForecaster(workspace).forecast_sales(*arguments))


def horizon(workspace: Workspace, days: int) -> dict[str, Any]:
    return asyncio.run(SalesForecaster(workspace).forecast_sales(horizon=days))


def history(workspace: Workspace, as_of: str | None = None, **asked: Any) -> dict[str, Any]:
    return asyncio.run(ForecastHistory(workspace).review(as_of, **asked))


def test_a_forecast_from_now_is_kept_as_it_was_shown_and_one_from_the_past_is_not(company: Stores) -> None:
    workspace = company.open(QUICK)
    forecast(workspace, "month", "hybrid", "2026-11-20")
    forecast(workspace, "month", "hybrid", NOW.isoformat())
    assert history(workspace)["kept"] == 0
    shown = forecast(workspace, "month")
    assert "not_kept" not in shown
    [kept] = history(workspace)["forecasts"]
    same = (
        "method",
        "total",
        "booked",
        "open",
        "not_created_yet",
        "median",
        "interval_80",
        "interval_95",
        "confidence",
    )
    assert {name: kept[name] for name in (*same, "weights")} == {name: shown[name] for name in (*same, "weights")}
    assert (kept["period"], kept["as_of"], kept["made_at"]) == ("2026-11", "2026-11-24", NOW.isoformat())
    ahead = [horizon(workspace, days) for days in (1, 30)]
    found = {one["period"]: one["total"] for one in history(workspace)["forecasts"]}
    assert found["2026-11-25/2026-11-25"] == ahead[0]["total"]
    assert found["2026-11-25/2026-12-24"] == ahead[1]["total"]


def test_asking_again_keeps_nothing_twice_but_other_settings_or_data_do(company: Stores, clock: Clock) -> None:
    workspace = company.open(QUICK)
    rows = "SELECT data_seq, settings FROM forecasts"
    forecast(workspace, "month")
    clock.advance(hours=1)
    forecast(workspace, "month")
    assert len(company.execute(rows)) == 1
    other = {"forecasting": QUICK["forecasting"] | {"seasonal": {"seasonal_periods": 8}}}
    forecast(company.open(other), "month")
    with workspace.unit("test") as unit:
        lead = unit.find("leads", "lead_123")
        assert lead is not None
        unit.update("leads", lead, {"rating": "hot"})
    forecast(workspace, "month")
    found = company.execute(rows)
    assert len(found) == 3
    assert {len({seq for seq, _ in found}), len({digest for _, digest in found})} == {2}


def test_a_store_that_is_in_use_gets_an_answer_that_says_it_was_not_kept(
    company: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecasts, "PATIENCE_SECONDS", 0.2)
    workspace, other = company.open(QUICK), company.open(QUICK)
    with writing(other.engine):
        shown = forecast(workspace, "month")
        assert shown["total"] > 0
        assert "in use by another writer" in shown["not_kept"]
        with pytest.raises(StoreError, match="in use by another writer"):
            schedules(workspace)[0].work()
    assert history(workspace)["kept"] == 0


def test_a_refusal_is_no_forecast_and_is_not_kept(sqlite_store: Stores) -> None:
    workspace = sqlite_store.open()
    assert forecast(workspace, "quarter")["refused"]
    assert history(workspace)["kept"] == 0
    assert schedules(workspace)[0].work() == 0


def test_the_worker_keeps_one_of_each_period_on_offer_every_day(company: Stores, clock: Clock) -> None:
    workspace = company.open(QUICK)
    [schedule] = schedules(workspace)
    assert (schedule.name, schedule.cron) == ("forecasts", DAILY)
    assert schedule.work() == 2
    assert schedule.work() == 2
    clock.advance(days=1)
    assert schedule.work() == 2
    kept = [(one["as_of"], one["period"], one["method"]) for one in history(workspace)["forecasts"]]
    assert sorted(kept) == [
        (day, period, "hybrid") for day in ("2026-11-24", "2026-11-25") for period in ("2026-11", "2026-Q4")
    ]
    alone = company.open({"forecasting": {"methods": ["seasonal"], "periods": ["month"]}})
    assert schedules(alone)[0].work() == 1
    assert history(alone, method="seasonal")["kept"] == 1


def test_forecasts_are_held_against_what_was_won_once_their_period_is_over(company: Stores, clock: Clock) -> None:
    clock.now = datetime.fromisoformat("2026-11-01T12:00:00+00:00")
    workspace = company.open(QUICK)
    early = forecast(workspace, "month")
    clock.now = NOW + timedelta(days=7)
    forecast(workspace, "month")
    found = history(workspace)
    [open_one, over] = found["forecasts"]
    assert ("actual" in open_one, over["period"]) == (False, "2026-11")
    assert over["error"] == pytest.approx(early["total"] - over["actual"])
    assert over["in_80"] == (early["interval_80"][0] <= over["actual"] <= early["interval_80"][1])
    [record] = found["accuracy"]
    assert (record["period"], record["point"], record["n"]) == ("month", "start", 1)
    assert record["wape"] == pytest.approx(abs(over["error"]) / over["actual"])
    booked = forecast(workspace, "month", "hybrid", "2026-11-30")["booked"]
    assert over["actual"] == booked
    then = history(workspace, "2026-11-20")
    assert (then["kept"], then["accuracy"], "actual" in then["forecasts"][0]) == (1, [], False)


def test_the_record_is_of_what_was_asked_for(company: Stores) -> None:
    workspace = company.open(QUICK)
    forecast(workspace, "month")
    forecast(workspace, "quarter", "seasonal")
    assert [one["period"] for one in history(workspace, period="quarter")["forecasts"]] == ["2026-Q4"]
    assert [one["method"] for one in history(workspace, method="hybrid")["forecasts"]] == ["hybrid"]
    limited = history(workspace, limit=1)
    assert (limited["kept"], len(limited["forecasts"])) == (2, 1)
    for asked in ({"period": "week"}, {"method": "guess"}):
        with pytest.raises(NotFound, match="does not exist; use one of"):
            history(workspace, **asked)


def test_only_periods_of_the_present_fiscal_year_are_compared_while_all_are_told(
    sqlite_store: Stores, clock: Clock
) -> None:
    workspace = sqlite_store.open()
    for period, start, end in (
        ("quarter", "2026-05-01", "2026-07-31"),
        ("quarter", "2026-07-01", "2026-09-30"),
        ("30 days", "2026-07-02", "2026-07-31"),
    ):
        begun, ended = date.fromisoformat(start), date.fromisoformat(end)
        forecasts.keep(workspace.engine, replace(KEPT, period=period, period_start=begun, period_end=ended))
    clock.now = datetime.fromisoformat("2026-10-05T12:00:00+00:00")
    fiscal = sqlite_store.open({"company": {"fiscal_year_start": 2}})
    of_calendar, of_fiscal = history(workspace), history(fiscal)
    assert {one["period"] for one in of_calendar["forecasts"]} == {
        "2026-Q3",
        "2026-05-01/2026-07-31",
        "2026-07-02/2026-07-31",
    }
    assert {one["period"] for one in of_fiscal["forecasts"]} == {
        "FY2027-Q2",
        "2026-07-01/2026-09-30",
        "2026-07-02/2026-07-31",
    }
    assert all(one["error"] == 10.0 for found in (of_calendar, of_fiscal) for one in found["forecasts"])
    assert [(one["point"], one["n"]) for one in of_calendar["accuracy"]] == [("start", 1)]
    assert of_fiscal["accuracy"] == []  # July the 1st is no longer the start, and not the middle
    for known, closed in ((workspace, "2026-Q3"), (fiscal, None)):
        found = asyncio.run(PipelineInsights(known).generate_insights())["forecast_variance"]
        assert [one["period"] for one in found["closed"]] == ([closed] if closed else [])
        running = asyncio.run(PipelineInsights(known).generate_insights("2026-07-15"))["forecast_variance"]["current"]
        assert [one["period"] for one in running] == ["2026-Q3" if closed else "FY2027-Q2"]
