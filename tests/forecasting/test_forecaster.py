from __future__ import annotations

import asyncio
import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sales_operations.domain.clock import parse_as_of
from sales_operations.domain.errors import Disabled, InvalidInput, NotFound
from sales_operations.forecasting import SalesForecaster
from tests.forecasting.conftest import TODAY, Company, Simulated, State, after, simulate

METHODS = ("pipeline", "trend", "seasonal", "ml", "hybrid")
PERIODS = ("month", "quarter", "year")
SPECIFIC = {
    "pipeline": {"by_stage", "by_sales_rep"},
    "trend": {"trend", "growth_rate", "forecast"},
    "seasonal": {"seasonal_factor", "forecast"},
    "ml": {"forecast"},
    "hybrid": {"pipeline", "trend", "seasonal", "ml"},
}
ORIGIN = "2026-05-10"


def forecast(config: Any, *arguments: str) -> dict[str, Any]:
    return asyncio.run(SalesForecaster(config).forecast_sales(*arguments))


def forecasting(**keys: Any) -> dict[str, Any]:
    return {"forecasting": keys}


def numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [number for part in value.values() for number in numbers(part)]
    if isinstance(value, list):
        return [number for part in value for number in numbers(part)]
    return [value] if isinstance(value, int | float) else []


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("period", PERIODS)
def test_every_method_forecasts_every_period(workspace: Simulated, period: str, method: str) -> None:
    result = forecast(workspace, period, method)
    assert {"method", "period", "total", "confidence", "calculated_at"} | SPECIFIC[method] <= set(result)
    assert (result["method"], result["period"]) == (method, period)
    assert "refused" not in result
    assert all(math.isfinite(number) for number in numbers(result))
    assert result["total"] >= result["booked"] > 0
    assert 0 < result["confidence"] < 1
    assert result["confidence_basis"]["origins"] >= 1
    assert result["calculated_at"] == "2026-08-20T12:00:00+00:00"
    json.dumps(result, allow_nan=False)


def test_all_methods_speak_of_the_same_revenue(workspace: Simulated) -> None:
    results = [forecast(workspace, "quarter", method, "2026-05-10") for method in METHODS]
    assert len({result["booked"] for result in results}) == 1
    totals = [result["total"] for result in results]
    assert max(totals) < 2 * min(totals)
    assert {(result["period_start"], result["period_end"]) for result in results} == {("2026-04-01", "2026-06-30")}


@pytest.mark.long
def test_confidence_is_the_measured_share_of_past_forecasts(workspace: Simulated) -> None:
    basis = forecast(workspace, "month", "pipeline", ORIGIN)["confidence_basis"]
    landed, origins = 0, 0
    for month in range(1, 13):
        day = datetime(2026 if month < 5 else 2025, month, 10, tzinfo=UTC)
        # The same share of the month left: 21 of 31 days, and so many of this one's.
        days = ((day.replace(day=28) + timedelta(4)).replace(day=1) - timedelta(1)).day
        then = forecast(workspace, "month", "pipeline", f"{day:%Y-%m}-{days - round(21 / 31 * days):02d}")
        actual = forecast(workspace, "month", "pipeline", f"{day:%Y-%m}-{days}")["booked"]
        origins += 1
        landed += abs(then["total"] - actual) <= 0.1 * actual
    assert (basis["origins"], basis["within_10_percent"]) == (origins, landed)


@pytest.mark.parametrize("as_of", [ORIGIN, pytest.param("2026-05-10T10:00:00Z", marks=pytest.mark.long)])
def test_nothing_dated_after_the_origin_changes_a_forecast(company: Company, workspace: Simulated, as_of: str) -> None:
    later = Simulated(after(company, parse_as_of(as_of).instant))
    for method in METHODS:
        results = [forecast(store, "quarter", method, as_of) for store in (workspace, later)]
        for result in results:
            del result["calculated_at"]
        assert json.dumps(results[0]) == json.dumps(results[1]), method


def test_an_as_of_is_the_end_of_a_day_or_an_instant_and_is_echoed(company: Company) -> None:
    store = Simulated(company)
    day = forecast(store, "month", "pipeline", ORIGIN)
    moment = forecast(store, "month", "pipeline", "2026-05-10T23:59:59.999999Z")
    assert (day["as_of"], moment["as_of"]) == (ORIGIN, "2026-05-10T23:59:59.999999Z")
    assert day["total"] == moment["total"]


@pytest.mark.parametrize("as_of", ["2026-13-01", "yesterday", "2026-08-21"])
def test_a_date_that_is_none_or_has_not_come_yet_is_refused(workspace: Simulated, as_of: str) -> None:
    with pytest.raises(InvalidInput, match="as_of"):
        forecast(workspace, "month", "pipeline", as_of)


def test_on_the_last_day_of_a_period_everything_is_booked(workspace: Simulated) -> None:
    for method in METHODS:
        result = forecast(workspace, "quarter", method, "2026-06-30")
        assert result["total"] == result["booked"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("period", PERIODS)
def test_an_empty_store_gives_zero_without_confidence_and_says_why(period: str, method: str) -> None:
    result = forecast(Simulated(Company()), period, method)
    assert SPECIFIC[method] <= set(result)
    assert (result["total"], result["confidence"]) == (0.0, 0.0)
    assert result["refused"]
    assert all(math.isfinite(number) for number in numbers(result))


def test_too_short_a_history_gives_the_run_rate() -> None:
    company = Company()
    for days in range(3):
        won = State(datetime(2026, 8, 10, 9, tzinfo=UTC) - timedelta(days), "closed_won", 280_00, rep="Ada")
        company.add(f"d{days}", won)
    result = forecast(Simulated(company), "month", "pipeline")
    assert result["refused"] == "3 won deals are known; 5 are needed to estimate chances"
    assert result["booked"] == 840.0
    assert result["total"] == 840.0 + 11 * 840.0 / 28
    assert sum(result["by_stage"].values()) == sum(result["by_sales_rep"].values()) == result["total"]
    hybrid = forecast(Simulated(company), "month", "hybrid")
    assert {hybrid[name] for name in METHODS[:4]} == {result["total"]} == {hybrid["total"]}
    assert set(hybrid["dropped"]) == set(METHODS[:4])


def test_given_weights_make_the_hybrid(company: Company) -> None:
    weights = {"pipeline": 0.5, "trend": 0.5, "seasonal": 0.0, "ml": 0.0}
    result = forecast(Simulated(company, forecasting(hybrid={"weights": weights})), "quarter")
    assert result["weights"] == weights
    assert result["total"] == pytest.approx((result["pipeline"] + result["trend"]) / 2, abs=0.01)


def test_a_method_that_is_off_drops_out_and_the_result_says_so(company: Company) -> None:
    keys = forecasting(
        ml={"enabled": False}, methods=["pipeline", "seasonal", "ml", "hybrid"], hybrid={"weights": "auto"}
    )
    result = forecast(Simulated(company, keys), "quarter")
    assert result["dropped"] == {
        "trend": "not listed in sales_operations.forecasting.methods",
        "ml": "sales_operations.forecasting.ml.enabled is false",
    }
    assert set(result["weights"]) == {"pipeline", "seasonal"}
    assert sum(result["weights"].values()) == pytest.approx(1)
    assert "ml_refitted_every_days" not in result["confidence_basis"]
    assert math.isfinite(result["ml"])


def test_names_that_do_not_exist_and_switches_that_are_off_are_errors(company: Company) -> None:
    keys = forecasting(methods=["pipeline", "trend"], periods=["month"], trend={"enabled": False})
    store = Simulated(company, keys)
    for arguments, error, message in (
        (("month", "oracle"), NotFound, "pipeline, trend, seasonal, ml, hybrid"),
        (("decade", "pipeline"), NotFound, "month, quarter, year"),
        (("month", "ml"), Disabled, "sales_operations.forecasting.methods"),
        (("quarter", "pipeline"), Disabled, "sales_operations.forecasting.periods"),
        (("month", "trend"), Disabled, "sales_operations.forecasting.trend.enabled"),
    ):
        with pytest.raises(error, match=message):
            forecast(store, *arguments)


def test_settings_reach_their_methods(company: Company) -> None:
    usual = Simulated(company)

    for method, keys in (
        ("trend", {"trend": {"historical_periods": 6}}),
        ("seasonal", {"seasonal": {"seasonal_periods": 12}}),
        ("ml", {"ml": {"model": "logistic"}}),
    ):
        changed = Simulated(company, forecasting(**keys))
        totals = [forecast(store, "month", method, ORIGIN)["total"] for store in (usual, changed)]
        assert totals[0] != totals[1]


def test_new_data_are_seen_at_once(company: Company) -> None:
    store = Simulated(company)
    before = forecast(store, "month", "trend")
    with store.columns() as db:
        db.execute(
            "INSERT INTO intervals BY NAME SELECT 'extra' AS opportunity_id, "
            "TIMESTAMP '2026-08-20 08:00' AS valid_from, TIMESTAMP '9999-12-31' AS valid_to, 'closed_won' AS stage, "
            "'won' AS status, 100_00 AS amount_minor, 'Ada' AS sales_rep, FALSE AS deleted"
        )
        assert forecast(store, "month", "trend")["booked"] == before["booked"]
        db.execute("UPDATE meta SET seq = 2")
    assert forecast(store, "month", "trend")["booked"] == before["booked"] + 100


@pytest.mark.long
def test_forecasts_may_run_at_once() -> None:
    store = Simulated(simulate(7, 500))

    async def at_once() -> list[dict[str, Any]]:
        forecaster = SalesForecaster(store)
        return await asyncio.gather(*(forecaster.forecast_sales("month", method) for method in METHODS * 2))

    results = asyncio.run(at_once())
    assert results[: len(METHODS)] == results[len(METHODS) :]


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles"])
def test_the_company_s_zone_decides_on_the_period(company: Company, zone: str) -> None:
    store = Simulated(company, {"company": {"timezone": zone}})
    result = forecast(store, "month", "pipeline", "2026-06-30T23:30:00Z")
    assert result["period_start"] == ("2026-07-01" if zone.startswith("Pacific") else "2026-06-01")


def test_where_nothing_closed_for_a_year_every_method_refuses(company: Company) -> None:
    store = Simulated(company)
    store.clock = lambda: TODAY + timedelta(days=500)
    for method in METHODS:
        result = forecast(store, "quarter", method)
        assert "closed on" in result["refused"]
        assert result["confidence"] == 0
        assert all(math.isfinite(number) for number in numbers(result))
        assert "refused" not in forecast(store, "quarter", method, TODAY.date().isoformat())
