from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sales_operations.domain.errors import HistoryTooThin, InvalidInput, NotFound
from sales_operations.forecasting import ForecastScenario, SalesForecaster
from sales_operations.forecasting.asof import WON, History
from tests.forecasting.conftest import Company, Simulated, simulate

ORIGIN = "2026-05-10"


@pytest.fixture(scope="module")
def history(company: Company) -> History:
    return company.history(ORIGIN)


@pytest.fixture(scope="module")
def deals(history: History) -> list[str]:
    """The open deals, those in the latest stages first."""
    rows = history.open_rows
    ordered = rows[(-history.stage[rows]).argsort(kind="stable")]
    return list(history.ids[history.deal[ordered]].tolist())


def what_if(store: Any, method: str = "pipeline", as_of: str = ORIGIN, **changes: Any) -> dict[str, Any]:
    return asyncio.run(ForecastScenario(store).what_if("quarter", method, as_of, **changes))


@pytest.mark.parametrize("method", ["pipeline", "hybrid"])
def test_the_base_is_the_forecast_and_the_effects_add_up_to_the_difference(
    workspace: Simulated, deals: list[str], method: str
) -> None:
    found = what_if(workspace, method, slips=deals[:2], wins=[deals[2]], win_rate=-5, new_business=-20)
    forecast = asyncio.run(SalesForecaster(workspace).forecast_sales("quarter", method, ORIGIN))
    assert found["base"] == {key: forecast[key] for key in found["base"]}
    assert len(found["changes"]) == 5
    effects = sum(one["effect"] for one in found["changes"])
    assert found["difference"] == pytest.approx(effects + found["together"], abs=0.005)
    for side in ("base", "scenario"):
        one = found[side]
        assert one["total"] == pytest.approx(one["booked"] + one["open"] + one["not_created_yet"], abs=0.005)
        assert one["interval_95"][0] <= one["interval_80"][0] <= one["median"] <= one["interval_80"][1]
    assert found["difference"] == pytest.approx(found["scenario"]["total"] - found["base"]["total"], abs=0.005)


def test_a_deal_that_slips_or_is_lost_takes_away_what_it_counted_and_one_that_wins_brings_the_rest(
    workspace: Simulated, deals: list[str]
) -> None:
    alone = {kind: what_if(workspace, **{kind: [deals[0]]})["changes"][0] for kind in ("slips", "loses", "wins")}
    one = alone["slips"]
    assert 0 < one["chance"] < 1
    assert one["effect"] == pytest.approx(-one["chance"] * one["amount"], abs=0.02)
    assert alone["loses"]["effect"] == one["effect"]
    assert alone["wins"]["effect"] == pytest.approx((1 - one["chance"]) * one["amount"], abs=0.02)


def test_another_amount_counts_by_the_same_chance(workspace: Simulated, deals: list[str]) -> None:
    found = what_if(workspace, amounts={deals[0]: "1000000"})["changes"][0]
    assert found["value"] == 1_000_000
    assert found["effect"] == pytest.approx(found["chance"] * (1_000_000 - found["amount"]), rel=1e-6)


def test_the_win_rate_scales_new_business_and_open_deals_alike(workspace: Simulated, history: History) -> None:
    found = what_if(workspace, win_rate=-10)
    rate = found["win_rate"]
    last_year = history.closings.day > history.day - 365
    assert (rate["won"], rate["closed"]) == (
        (history.stage[history.closings.row][last_year] == WON).sum(),
        last_year.sum(),
    )
    times = rate["assumed"] / rate["share"]
    assert rate["assumed"] == pytest.approx(rate["share"] - 0.1)
    for part in ("open", "not_created_yet"):
        assert found["scenario"][part] == pytest.approx(times * found["base"][part], abs=0.02)


def test_what_is_certain_has_no_range(workspace: Simulated, deals: list[str]) -> None:
    found = what_if(workspace, "hybrid", wins=deals[:1], loses=deals[1:], new_business=-100)["scenario"]
    assert found["not_created_yet"] == 0
    assert found["interval_80"] == [found["total"]] * 2
    assert found["total"] > found["booked"]


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({}, InvalidInput, "nothing is changed"),
        ({"slips": ["unheard of"]}, NotFound, "'unheard of' does not exist as of 2026-05-10"),
        ({"slips": ["OPEN"], "wins": ["OPEN"]}, InvalidInput, "one that slips and one that wins"),
        ({"wins": ["CLOSED"]}, InvalidInput, "only open deals"),
        ({"amounts": {"OPEN": "much"}}, InvalidInput, "'much' is not a finite number"),
        ({"amounts": {"OPEN": float("nan")}}, InvalidInput, "not a finite number"),
        ({"amounts": {"OPEN": -1}}, InvalidInput, "below 0"),
        ({"win_rate": -80}, InvalidInput, "between 0 and 100 %"),
        ({"win_rate": float("inf")}, InvalidInput, "win_rate"),
        ({"new_business": -101}, InvalidInput, "less than none"),
        ({"slips": ["OPEN"], "method": "trend"}, InvalidInput, "hybrid or pipeline"),
        ({"slips": ["OPEN"], "as_of": "2026-06-30"}, InvalidInput, "no day of the quarter is left"),
    ],
)
def test_what_cannot_be_is_refused(
    workspace: Simulated, history: History, deals: list[str], changes: dict[str, Any], error: type[Exception], said: str
) -> None:
    names = {"OPEN": deals[0], "CLOSED": str(history.ids[history.closings.deal[0]])}

    def named(value: Any) -> Any:
        if isinstance(value, list):
            return [names.get(one, one) for one in value]
        return {names.get(one, one): to for one, to in value.items()} if isinstance(value, dict) else value

    with pytest.raises(error, match=said):
        what_if(workspace, **{key: named(value) for key, value in changes.items()})


def test_where_chances_cannot_be_told_there_is_no_scenario() -> None:
    with pytest.raises(HistoryTooThin, match="chances of open deals"):
        what_if(Simulated(simulate(4, 40)), as_of="2024-07-15", new_business=-20)
