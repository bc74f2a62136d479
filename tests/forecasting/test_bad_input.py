"""What odd data get: figures that are finite, or a reason why there are none. Never NaN."""

from __future__ import annotations

import asyncio
import csv
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sales_operations.connectors.importer import import_file
from sales_operations.domain.errors import InvalidInput, SalesOperationsError
from sales_operations.forecasting import (
    ForecastBacktest,
    ForecastCalls,
    ForecastScenario,
    OpenDealForecasts,
    SalesForecaster,
)
from sales_operations.forecasting.scoring.scorer import Scorer
from sales_operations.workspace import Workspace
from tests.forecasting.conftest import TODAY, Company, Simulated, State, simulate
from tests.forecasting.test_forecaster import numbers

METHODS = ("pipeline", "trend", "seasonal", "ml", "hybrid")
LOGISTIC = {"forecasting": {"ml": {"model": "logistic"}}}
WHALE = 9_000_000_00
"""A thousand times what deals bring in the middle."""


def with_amounts(company: Company, amount: Callable[[int], int]) -> Company:
    odd = company.copy()
    for deal, states in company.deals.items():
        odd.deals[deal] = [replace(one, amount=amount(one.amount or 0)) for one in states]
    return odd


def of_those(company: Company, chosen: Callable[[list[State]], bool]) -> Company:
    kept = [deal for deal, states in company.deals.items() if chosen(states)]
    return Company({deal: company.deals[deal] for deal in kept}, {deal: company.products[deal] for deal in kept})


def with_a_whale(company: Company) -> Company:
    odd, at = company.copy(), datetime(2025, 1, 10, tzinfo=UTC)
    odd.add("whale", State(at - timedelta(40), "proposal", WHALE), State(at, "closed_won", WHALE), product="Pro")
    return odd


def twice(company: Company) -> Company:
    again = {f"again_{deal}": deal for deal in company.deals}
    odd = company.copy()
    for name, deal in again.items():
        odd.add(name, *company.deals[deal], product=company.products[deal])
    return odd


def one_month() -> Company:
    company = Company()
    for number in range(60):
        created = TODAY - timedelta(30 - number / 5)
        stage = "closed_won" if number % 2 else "closed_lost"
        company.add(f"d{number}", State(created, "lead", 100_00), State(created + timedelta(10), stage, 100_00))
    return company


def a_year_without(states: list[State]) -> bool:
    return not datetime(2025, 3, 1, tzinfo=UTC) < states[0].at < datetime(2026, 3, 1, tzinfo=UTC)


def still_open(states: list[State]) -> bool:
    return not states[-1].stage.startswith("closed")


USUAL = simulate(5, 200)
EARLY = "2025-04-10"
"""A day with ten months of history, of which the methods learn sooner than of two years."""
ODD: dict[str, tuple[Company, str | None]] = {
    "no history": (Company(), None),
    "one month": (one_month(), None),
    "no amount above 0": (with_amounts(USUAL, lambda _: 0), EARLY),
    "negative amounts": (with_amounts(USUAL, lambda amount: -amount), EARLY),
    "an outlier": (with_a_whale(USUAL), EARLY),
    "every deal twice": (twice(USUAL), EARLY),
    "a gap of a year": (of_those(USUAL, a_year_without), None),
    "nothing closed": (of_those(USUAL, still_open), None),
}
WORTHLESS = ("no amount above 0", "negative amounts")


def answer(ask: Callable[[], Any]) -> dict[str, Any]:
    """What is said, or why nothing is."""
    try:
        return dict(ask())
    except SalesOperationsError as error:
        return {"refused": str(error)}


def answers(store: Simulated, as_of: str | None) -> Iterator[dict[str, Any]]:
    """What everything that forecasts says, or why it says nothing."""
    asked = [SalesForecaster(store).forecast_sales("quarter", method, as_of) for method in METHODS]
    asked.append(ForecastScenario(store).what_if(as_of=as_of, new_business=-10))
    asked.append(OpenDealForecasts(store).list_deals(as_of=as_of))
    asked.append(
        ForecastBacktest(store).backtest(
            horizon=30, start="2025-04-10", end="2025-04-10", methods=["pipeline", "seasonal"]
        )
    )
    for one in asked:
        yield answer(partial(asyncio.run, one))


@pytest.mark.parametrize("name", ODD)
def test_odd_data_give_finite_figures_or_a_reason(name: str) -> None:
    company, as_of = ODD[name]
    told = list(answers(Simulated(company, LOGISTIC), as_of))
    assert len(told) == len(METHODS) + 3
    if name in WORTHLESS:
        assert all("states an amount above 0" in one["refused"] for one in told[: len(METHODS)])
    elif as_of == EARLY:
        assert not any(one.get("refused") for one in told)
    for one in told:
        json.dumps(one, allow_nan=False)
        assert all(math.isfinite(number) for number in numbers(one))
        assert one.get("refused", "a reason")
        if "interval_80" in one:
            low, high = one["interval_80"]
            assert low <= one["median"] <= high
        if one.get("refused"):
            assert one.get("confidence", 0) == 0


def test_a_deal_a_thousand_times_the_usual_is_booked_and_teaches_little() -> None:
    usual, odd = (SalesForecaster(Simulated(one, LOGISTIC)) for one in (USUAL, with_a_whale(USUAL)))
    for method in METHODS:
        rests = []
        for forecaster in (usual, odd):
            found = asyncio.run(forecaster.forecast_sales("quarter", method, EARLY))
            low, high = found["interval_80"]
            assert low <= found["total"] <= high
            rests.append(found["total"] - found["booked"])
        assert rests[0] / 2 < rests[1] < 3 * rests[0], method


@pytest.mark.parametrize("name", ["no history", "nothing closed"])
def test_without_an_outcome_nothing_is_claimed(name: str) -> None:
    company, as_of = ODD[name]
    assert all(one["refused"] for one in answers(Simulated(company, LOGISTIC), as_of))


def test_a_day_that_has_not_come_yet_is_refused() -> None:
    store = Simulated(USUAL, LOGISTIC)
    for asked in (
        SalesForecaster(store).forecast_sales("month", "pipeline", "2026-08-21"),
        ForecastScenario(store).what_if(as_of="2026-08-21", new_business=-10),
        OpenDealForecasts(store).list_deals(as_of="2026-08-21"),
        ForecastBacktest(store).backtest(horizon=30, end="2026-08-21"),
    ):
        with pytest.raises(InvalidInput, match="has not come yet"):
            asyncio.run(asked)


def imported(folder: Path, workspace: Workspace, company: Company) -> None:
    """The company's deals, brought in as an export would."""
    deals, history = folder / "deals.csv", folder / "history.csv"
    with deals.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("id", "stage", "amount", "currency", "created_at", "close_date", "product", "owner"))
        for deal, states in company.deals.items():
            last, closed = states[-1], states[-1].stage.startswith("closed")
            day = last.at.date() if closed else last.close
            amount = "" if last.amount is None else last.amount / 100
            rows.writerow((deal, last.stage, amount, "USD", states[0].at.date(), day, company.products[deal], last.rep))
    with history.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("opportunity", "changed_at", "stage"))
        for deal, states in company.deals.items():
            rows.writerows((deal, one.at.isoformat(), one.stage) for one in states)
    import_file(workspace, "opportunities", deals)
    import_file(workspace, "history", history)


@pytest.mark.parametrize("name", ["no history", "one month", "no amount above 0", "every deal twice", "nothing closed"])
def test_scores_and_calls_of_odd_data_are_finite_or_refused(sqlite_store: Any, tmp_path: Path, name: str) -> None:
    sqlite_store.clock.now = TODAY
    workspace = sqlite_store.open()
    company, _ = ODD[name]
    if len(company.deals) > 100:
        company = of_those(company, lambda states: states[0].at > datetime(2026, 3, 1, tzinfo=UTC))
    if company.deals:
        imported(tmp_path, workspace, company)
    scorer = Scorer(workspace, "opportunities")
    for ask in (scorer.evaluate, scorer.score, lambda: asyncio.run(ForecastCalls(workspace).list_calls("quarter"))):
        told = answer(ask)
        assert told.get("refused", "a reason")
        json.dumps(told, allow_nan=False)
        assert all(math.isfinite(number) for number in numbers(told))


def test_an_import_refuses_negative_amounts_and_takes_a_deal_that_is_there_twice_once(
    sqlite_store: Any, tmp_path: Path
) -> None:
    workspace = sqlite_store.open()
    file = tmp_path / "deals.csv"
    file.write_text(
        "id,stage,amount,currency,created_at\n"
        "d1,proposal,-500,USD,2026-01-05\n"
        "d2,proposal,700,USD,2026-01-06\n"
        "d2,proposal,700,USD,2026-01-06\n"
    )
    summary = import_file(workspace, "opportunities", file)
    assert summary.rejected >= 1
    assert "is negative; an amount is 0 or more" in next(tmp_path.glob("*reject*")).read_text()
    with workspace.columns() as db:
        assert db.execute("SELECT amount_minor FROM opportunities").fetchall() == [(700_00,)]
