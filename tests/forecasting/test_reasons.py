from __future__ import annotations

import asyncio
import math
from typing import Any

import numpy as np
import pytest

from sales_operations.domain.errors import HistoryTooThin, InvalidInput, NotFound
from sales_operations.forecasting import MLForecaster, OpenDealForecasts, SalesForecaster
from sales_operations.forecasting.asof import History
from sales_operations.forecasting.ml import MlMethod
from sales_operations.forecasting.reasons import PARTS, reasons
from sales_operations.forecasting.snapshots import snapshots_of
from sales_operations.forecasting.window import window_after
from tests.forecasting.conftest import Company, Simulated, simulate
from tests.forecasting.test_analyzers import deal as opportunity

CHANCES = (0.1, 0.3, 0.5, 0.7)


def list_deals(store: Any, method: str = "ml", as_of: str | None = None, **asked: Any) -> dict[str, Any]:
    return asyncio.run(OpenDealForecasts(store).list_deals("quarter", method, as_of, **asked))


def chance_of(base: float, contributions: dict[str, float]) -> float:
    return 1 / (1 + math.exp(-base - sum(contributions.values())))


@pytest.mark.parametrize("method", ["ml", "pipeline"])
def test_the_contributions_of_every_deal_add_up_to_its_chance(workspace: Simulated, method: str) -> None:
    found = list_deals(workspace, method, top=1_000)
    assert len(found["deals"]) == found["open_deals"] > 20
    assert set(found["deals"][0]["contributions"]) == {*PARTS, "correction"}
    for one in found["deals"]:
        assert chance_of(found["base"], one["contributions"]) == pytest.approx(one["chance"], abs=1e-5)
        assert one["expected"] == pytest.approx(one["chance"] * one["amount"], abs=0.01)
    forecast = asyncio.run(SalesForecaster(workspace).forecast_sales("quarter", method))
    assert found["expected"] == pytest.approx(forecast["open"], rel=1e-3)
    assert found["signal"] == forecast.get("signal")


def test_the_largest_are_listed_and_a_deal_that_is_asked_for_is_told_alike(workspace: Simulated) -> None:
    found = list_deals(workspace, top=3)["deals"]
    expected = [one["expected"] for one in found]
    assert expected == sorted(expected, reverse=True)
    assert len(found) == 3
    (one,) = list_deals(workspace, deals=[found[1]["id"]])["deals"]
    assert one["chance"] == found[1]["chance"]


def test_a_better_rep_speaks_for_a_deal(workspace: Simulated) -> None:
    found = list_deals(workspace, top=1_000)["deals"]
    mean = {
        rep: np.mean([one["contributions"]["sales_rep"] for one in found if one["sales_rep"] == rep])
        for rep in ("Ada", "Cleo")
    }
    assert mean["Ada"] > 0 > mean["Cleo"]


def test_where_there_is_no_signal_only_what_the_rates_know_speaks() -> None:
    history = simulate(7, 700, alike=True).history()
    window, rows = window_after(history.day, 60), history.open_rows
    seen = snapshots_of(history, rows, np.full(len(rows), history.day), np.full(len(rows), 60))
    method = MlMethod("auto", CHANCES)
    assert method.fit_forecast(history, window).details["signal"] == 0
    found = reasons(lambda deals: method.chances(history, deals, window), seen, seen, 1.0)
    silent = [found.parts.index(name) for name in ("close_date", "pushes", "sales_rep", "source", "correction")]
    assert (found.contributions[:, silent] == 0).all()
    assert np.abs(found.contributions[:, found.parts.index("stage")]).max() > 0.1


def test_with_too_little_history_for_a_model_the_rates_serve_and_with_less_the_deals_are_not_told() -> None:
    store = Simulated(simulate(7, 500))
    found = list_deals(store, as_of="2024-10-15")
    assert "a model needs 182" in found["refused"]
    assert (found["method"], found["signal"]) == ("pipeline", None)
    with pytest.raises(HistoryTooThin, match="chances of open deals"):
        list_deals(store, as_of="2024-06-10")


def test_what_cannot_be_listed_is_refused(workspace: Simulated, company: Company) -> None:
    history: History = company.history()
    closed = str(history.ids[history.closings.deal[0]])
    for asked, error, said in (
        ({"deals": ["unheard of"]}, NotFound, "does not exist"),
        ({"deals": [closed]}, InvalidInput, "only open deals"),
        ({"method": "trend"}, InvalidInput, "ml or pipeline"),
        ({"top": 0}, InvalidInput, "1 or more"),
    ):
        with pytest.raises(error, match=said):
            list_deals(workspace, **asked)


def test_predictions_of_deals_that_are_handed_in_say_why(workspace: Simulated) -> None:
    deals = [opportunity(number, stage, 1_000) for number, stage in enumerate(("lead", "proposal", "negotiation"))]
    found = asyncio.run(MLForecaster(workspace).predict(deals, "quarter"))
    assert set(found["contributions"]) == set(found["deals"])
    for deal, parts in found["contributions"].items():
        assert chance_of(found["base"], parts) == pytest.approx(found["deals"][deal], abs=1e-5)
    assert found["contributions"]["new_2"]["stage"] > found["contributions"]["new_0"]["stage"]
