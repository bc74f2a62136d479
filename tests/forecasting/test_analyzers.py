from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from sales_operations.domain.errors import Disabled
from sales_operations.domain.opportunity import Opportunity
from sales_operations.domain.stages import OpportunityStage
from sales_operations.forecasting import (
    MLForecaster,
    PipelineAnalyzer,
    SalesForecaster,
    SeasonalAnalyzer,
    TrendAnalyzer,
)
from tests.forecasting.conftest import Company, Simulated


def deal(number: int, stage: str, amount: float, probability: float = 0.5, close: str = "2026-09-15") -> Opportunity:
    found = OpportunityStage(stage)
    created = "2026-07-10T09:00:00+00:00"
    return Opportunity(
        *(f"new_{number}", "", "Acme", amount, found, found.status, probability, close, "Ada", created, created)
    )


def test_a_pipeline_is_summed_up_by_stage() -> None:
    deals = [deal(1, "lead", 10.10, 0.1), deal(2, "lead", 20.20, 0.3), deal(3, "closed_won", 5, 1.0)]
    result = asyncio.run(PipelineAnalyzer(Simulated(Company())).analyze_pipeline(deals))
    assert result["by_stage"] == {
        "lead": {"count": 2, "amount": 30.30, "weighted_probability": pytest.approx(0.2)},
        "closed_won": {"count": 1, "amount": 5.0, "weighted_probability": 1.0},
    }
    assert (result["total"], result["analyzed_at"]) == (35.30, "2026-08-20T12:00:00+00:00")


def test_no_deals_are_a_pipeline_of_nothing() -> None:
    result = asyncio.run(PipelineAnalyzer(Simulated(Company())).analyze_pipeline([]))
    assert (result["by_stage"], result["total"]) == ({}, 0.0)


def test_trend_and_season_are_those_of_the_forecasts(workspace: Simulated) -> None:
    trend = asyncio.run(TrendAnalyzer(workspace).analyze_trends("quarter"))
    season = asyncio.run(SeasonalAnalyzer(workspace).analyze_seasonality("quarter"))
    forecaster = SalesForecaster(workspace)
    assert trend["forecast"] == asyncio.run(forecaster.forecast_sales("quarter", "trend"))["total"]
    assert season["forecast"] == asyncio.run(forecaster.forecast_sales("quarter", "seasonal"))["total"]
    assert trend["trend"] in ("increasing", "decreasing", "stable")
    assert -2 < trend["growth_rate"] < 2
    assert 0.3 < season["seasonal_factor"] < 3


def test_without_a_history_trend_and_season_are_unknown() -> None:
    store = Simulated(Company())
    trend = asyncio.run(TrendAnalyzer(store).analyze_trends("month"))
    season = asyncio.run(SeasonalAnalyzer(store).analyze_seasonality("month"))
    assert (trend["trend"], trend["growth_rate"], trend["forecast"]) == (None, None, 0.0)
    assert (season["seasonal_factor"], season["forecast"]) == (None, 0.0)
    assert trend["refused"]
    assert season["refused"]


def predict(store: Simulated, deals: list[Opportunity]) -> dict[str, Any]:
    return asyncio.run(MLForecaster(store).predict(deals, "quarter"))


def test_unknown_deals_are_scored_by_what_they_carry(workspace: Simulated) -> None:
    deals = [
        deal(1, "lead", 1000),
        deal(2, "negotiation", 1000),
        replace(deal(3, "negotiation", 0), sales_rep="Nobody"),
    ]
    deals[2].metadata["amount_unknown"] = True
    result = predict(workspace, deals)
    chances = result["deals"]
    assert 0 <= chances["new_1"] < chances["new_2"] <= 1
    assert result["forecast"] > 1000 * (chances["new_1"] + chances["new_2"]) + 1
    measured = asyncio.run(SalesForecaster(workspace).forecast_sales("quarter", "ml"))
    assert (result["confidence"], result["confidence_basis"]) == (measured["confidence"], measured["confidence_basis"])


def test_all_deals_of_the_store_bring_what_the_forecast_says_but_for_new_business(
    workspace: Simulated, company: Company
) -> None:
    deals = []
    for name, states in company.deals.items():
        last = states[-1]
        stage = OpportunityStage(last.stage)
        close = last.at.date() if stage.is_closed else last.close or date(2026, 9, 1)
        created = states[0].at.isoformat()
        deals.append(
            Opportunity(
                *(name, "", "", (last.amount or 0) / 100, stage, stage.status, 0.5, close.isoformat(), last.rep),
                *(created, created),
            )
        )
    measured = asyncio.run(SalesForecaster(workspace).forecast_sales("quarter", "ml"))
    result = predict(workspace, deals)
    assert result["forecast"] == pytest.approx(measured["booked"] + measured["open"], rel=0.001)


def test_won_deals_count_in_the_period_of_their_close_date() -> None:
    won = [deal(1, "closed_won", 100, 1.0, "2026-07-02"), deal(2, "closed_won", 50, 1.0, "2026-06-30")]
    result = predict(Simulated(Company()), [*won, deal(3, "closed_lost", 70, 0.0, "2026-07-02")])
    assert (result["forecast"], result["deals"]) == (100.0, {})


def test_without_a_history_the_deals_own_probabilities_serve_without_confidence() -> None:
    result = predict(Simulated(Company()), [deal(1, "lead", 100, 0.25)])
    assert (result["forecast"], result["confidence"]) == (25.0, 0.0)
    assert result["refused"]


def test_a_prediction_needs_the_method_ml() -> None:
    store = Simulated(Company(), {"forecasting": {"ml": {"enabled": False}, "hybrid": {"weights": "auto"}}})
    with pytest.raises(Disabled, match=r"ml\.enabled"):
        predict(store, [])


def test_importing_the_package_loads_no_heavy_library() -> None:
    code = (
        "import sys, sales_operations.forecasting as package; "
        "heavy = ('numpy', 'pandas', 'duckdb', 'sklearn', 'statsforecast', 'pyarrow'); "
        "sys.exit(any(name in sys.modules for name in heavy))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_only_public_names_are_handed_on() -> None:
    import sales_operations.forecasting as package

    assert package.SalesForecaster is SalesForecaster
    with pytest.raises(AttributeError, match="Oracle"):
        _ = package.Oracle
