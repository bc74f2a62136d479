"""Quarters and years of a fiscal year, and horizons of days: the same window wherever it is asked for."""

from __future__ import annotations

import asyncio
from copy import copy
from datetime import date
from typing import Any

import pytest

from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.domain.opportunity import Opportunity
from sales_operations.domain.stages import OpportunityStage, OpportunityStatus
from sales_operations.forecasting import ForecastBacktest, MLForecaster, SalesForecaster
from sales_operations.forecasting.asof import day_of
from sales_operations.forecasting.window import past_windows, window_of
from sales_operations.settings import load
from tests.forecasting.conftest import Company, Simulated

ORIGIN = "2026-05-10"
FISCAL = [
    (2, "quarter", "FY2027-Q2", "2026-05-01", "2026-07-31"),
    (2, "year", "FY2027", "2026-02-01", "2027-01-31"),
    (7, "quarter", "FY2026-Q4", "2026-04-01", "2026-06-30"),
    (7, "year", "FY2026", "2025-07-01", "2026-06-30"),
]


def starting(workspace: Simulated, month: int) -> Simulated:
    """The same deals in a company whose fiscal year begins in that month."""
    other = copy(workspace)
    other.settings = load({"sales_operations": {"company": {"fiscal_year_start": month}}}, environ={})
    return other


def forecast(config: Any, *arguments: Any, **more: Any) -> dict[str, Any]:
    return asyncio.run(SalesForecaster(config).forecast_sales(*arguments, **more))


def won(company: Company, first: str, last: str) -> float:
    closed = [states[-1] for states in company.deals.values() if states[-1].stage == "closed_won"]
    return sum(one.amount or 0 for one in closed if first <= one.at.date().isoformat() <= last) / 100


@pytest.mark.parametrize(("month", "period", "label", "start", "end"), FISCAL)
def test_a_period_is_that_of_the_company_s_fiscal_year(
    company: Company, workspace: Simulated, month: int, period: str, label: str, start: str, end: str
) -> None:
    found = forecast(starting(workspace, month), period, "trend", ORIGIN)
    assert (found["period"], found["period_label"], found["horizon"]) == (period, label, None)
    assert (found["period_start"], found["period_end"]) == (start, end)
    assert found["booked"] == won(company, start, ORIGIN)


def test_a_backtest_is_of_the_same_fiscal_quarter(workspace: Simulated) -> None:
    found = forecast(starting(workspace, 2), "quarter", "trend", ORIGIN)
    asked = {"period": "quarter", "start": ORIGIN, "end": ORIGIN, "methods": ["trend"]}
    [same] = asyncio.run(ForecastBacktest(starting(workspace, 2)).backtest(**asked))["forecasts"]
    assert (same["from"], same["to"]) == ("2026-05-01", "2026-07-31")
    assert same["total"] == found["total"]


@pytest.mark.parametrize(("month", "name", "label", "start", "end"), FISCAL)
def test_past_windows_are_earlier_periods_of_the_same_fiscal_year(
    month: int, name: str, label: str, start: str, end: str
) -> None:
    window = window_of(name, date.fromisoformat(ORIGIN), month)
    for earlier in past_windows(window):
        again = window_of(name, day_of(earlier.start), month)
        assert (earlier.start, earlier.end) == (again.start, again.end)
        assert earlier.end < window.start


def test_handed_in_deals_count_in_the_fiscal_quarter() -> None:
    stage, status, made = OpportunityStage.CLOSED_WON, OpportunityStatus.WON, "2026-05-01T09:00:00+00:00"
    deal = Opportunity("o", "l", "Acme", 500.0, stage, status, 1.0, "2026-07-31", "Ada", made, made, {})
    for month, counted in ((1, 500.0), (2, 0.0), (7, 500.0)):
        workspace = starting(Simulated(Company()), month)
        assert asyncio.run(MLForecaster(workspace).predict([deal], "quarter"))["forecast"] == counted


def test_a_horizon_is_so_many_days_after_the_origin(company: Company, workspace: Simulated) -> None:
    found = forecast(workspace, method="pipeline", as_of=ORIGIN, horizon=30)
    assert (found["period"], found["horizon"], found["booked"]) == ("30 days", 30, 0.0)
    assert (found["period_start"], found["period_end"]) == ("2026-05-11", "2026-06-09")
    assert found["total"] == pytest.approx(found["open"] + found["not_created_yet"], abs=0.01)
    assert set(found) == set(forecast(workspace, "quarter", "pipeline", ORIGIN))


def test_the_longest_horizon_expects_more_than_a_day(workspace: Simulated) -> None:
    day, year = (forecast(workspace, method="trend", as_of=ORIGIN, horizon=days) for days in (1, 366))
    assert 0 <= day["total"] < year["total"]
    assert (day["period"], year["period"]) == ("1 day", "366 days")


def test_what_cannot_be_asked_for_is_named(workspace: Simulated) -> None:
    for days in (0, -3, 367):
        with pytest.raises(InvalidInput, match=f"horizon: {days} days cannot be forecast; use 1 to 366"):
            forecast(workspace, horizon=days)
    with pytest.raises(InvalidInput, match="period and horizon exclude each other"):
        forecast(workspace, "month", horizon=30)
    with pytest.raises(NotFound, match="fortnight"):
        forecast(workspace, "fortnight")


def test_without_period_and_horizon_it_is_the_quarter(workspace: Simulated) -> None:
    assert forecast(workspace, method="trend", as_of=ORIGIN)["period_label"] == "2026-Q2"
