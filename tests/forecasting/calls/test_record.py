"""Calls judged once their period is over: error, bias, and whether they beat what they replaced."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sales_operations.domain.errors import InvalidInput
from sales_operations.forecasting.calls.organisation import Organisation
from sales_operations.forecasting.calls.record import PRIOR_PERIODS, judged, records

DEALS = """id,name,stage,amount,currency,close_date,owner,created_at
d1,Of summer,{stage},600,USD,2026-09-10,u4,2026-07-02
"""
FILES = {
    "teams": "id,name,manager\nt1,North,u2\n",
    "users": "id,name,manager,team\nu2,Max Moor,,t1\nu4,Ada Alder,u2,t1\n",
}


def call(by: str, amount: int, period: int, *, roll_up: int = 0, model: int | None = None, members: str = "", **more):
    """A call of the user's own number in a month of 2026, in minor units."""
    made = {"made_by": by, "level": "rep", "holder_id": by, "period": "month", "period_start": f"2026-{period:02d}-01"}
    known = {"amount_minor": amount, "currency": "USD", "rollup_minor": roll_up, "model_minor": model}
    return made | known | {"members": members or f'["{by}"]'} | more


def figures(calls, actual):
    """The records where everybody won ``actual`` in every period; a and b are in one team, c in another."""
    users = [
        {"id": one, "name": one, "manager_id": None, "team_id": team, "is_active": True}
        for one, team in (("a", "x"), ("b", "x"), ("c", "y"))
    ]
    teams = [{"id": one, "name": one, "parent_id": None, "manager_id": None} for one in "xy"]
    won = {("rep", one): actual for one in "abc"}
    found = records(judged(calls, lambda _: won, {}, "USD"), Organisation(users, teams, "Acme"))
    return {one["name"]: one for one in found["people"]} | {"all": found["all"]}


def test_error_and_bias_are_over_what_was_won():
    a = figures([call("a", 120, 1), call("a", 90, 2)], 100)["a"]
    assert (a["calls"], a["periods"]) == (2, 2)
    assert (a["wape"], a["bias"]) == (pytest.approx(0.15), pytest.approx(0.05))


def test_many_calls_about_one_period_count_as_one():
    a = figures([*(call("a", 200, 1) for _ in range(9)), call("a", 100, 2)], 100)["a"]
    assert (a["calls"], a["periods"], a["wape"]) == (10, 2, pytest.approx(0.5))


def test_few_periods_are_drawn_to_the_teams_figure_and_many_stand_for_themselves():
    steady = [call("b", 100, month) for month in range(1, 13)]
    of = figures([call("a", 200, 1), *steady], 100)
    team = 1 / 13  # 100 missed of 1,300 won
    assert of["a"]["wape"] == 1.0
    assert of["a"]["wape_shrunk"] == pytest.approx((1 + PRIOR_PERIODS * team) / (1 + PRIOR_PERIODS))
    assert of["b"]["bias_shrunk"] == pytest.approx(PRIOR_PERIODS * team / (12 + PRIOR_PERIODS))


def test_a_team_is_drawn_to_the_company_in_its_turn():
    of = figures([call("a", 200, 1), *(call("c", 100, month) for month in range(1, 13))], 100)
    company = 1 / 13
    team = (1 + PRIOR_PERIODS * company) / (1 + PRIOR_PERIODS)
    assert of["a"]["wape_shrunk"] == pytest.approx((1 + PRIOR_PERIODS * team) / (1 + PRIOR_PERIODS))


def test_a_call_is_held_against_what_it_replaced_and_against_the_model():
    calls = [call("a", 105, month, roll_up=150, model=101) for month in range(1, 9)]
    a = figures(calls, 100)["a"]
    assert (a["against_roll_up"]["closer"], a["against_roll_up"]["periods"], a["against_roll_up"]["verdict"]) == (
        8,
        8,
        "call",
    )
    assert (a["against_model"]["closer"], a["against_model"]["verdict"]) == (0, "model")
    assert (a["against_model"]["wape"], a["against_model"]["wape_model"]) == (pytest.approx(0.05), pytest.approx(0.01))


def test_few_periods_give_no_verdict_and_a_call_that_changed_nothing_is_no_contest():
    a = figures([call("a", 105, 1, roll_up=150), call("a", 105, 2, roll_up=105)], 100)["a"]
    assert (a["against_roll_up"]["closer"], a["against_roll_up"]["periods"]) == (1, 1)
    assert a["against_roll_up"]["verdict"] == "not_clear"
    assert (a["against_model"]["periods"], a["against_model"]["low"], a["against_model"]["verdict"]) == (
        0,
        None,
        "not_clear",
    )


def test_where_nothing_was_won_there_is_no_share_of_it():
    a = figures([call("a", 105, 1)], 0)["a"]
    assert (a["wape"], a["bias"], a["wape_shrunk"]) == (None, None, None)


def test_a_team_is_judged_by_what_its_members_of_then_won_and_the_company_by_all():
    of = figures([call("a", 200, 1, members='["a", "b"]'), call("b", 300, 1, members="") | {"members": None}], 100)
    assert (of["a"]["wape"], of["b"]["wape"]) == (0, 0)


def test_calls_of_past_periods_are_judged_by_what_the_store_says_was_won(open_shop, clock):
    clock.now = datetime(2026, 8, 15, 9, tzinfo=UTC)
    shop = open_shop()
    for kind in ("teams", "users", "teams"):
        shop.bring(kind, FILES[kind])
    shop.bring("opportunities", DEALS.format(stage="proposal"))
    shop.call("commit", 660, rep="Ada Alder")
    shop.call("best_case", 900, rep="Ada Alder")
    shop.call("commit", 500, rep="Ada Alder", by="Max Moor")
    shop.call("commit", 800, rep="Ada Alder", period="2026-Q4")
    assert shop.accuracy()["people"] == []  # the quarter is not over
    clock.advance(days=30)
    shop.bring("opportunities", DEALS.format(stage="closed_won"))
    clock.advance(days=30)
    found = {one["name"]: one for one in shop.accuracy()["people"]}
    assert (found["Ada Alder"]["wape"], found["Ada Alder"]["bias"]) == (pytest.approx(0.1), pytest.approx(0.1))
    assert (found["Max Moor"]["bias"], found["Max Moor"]["periods"]) == (pytest.approx(-1 / 6), 1)
    assert found["Max Moor"]["against_roll_up"]["closer"] == 0
    assert [one["bias"] for one in shop.accuracy(category="best_case")["people"]] == [pytest.approx(0.5)]
    assert shop.accuracy(as_of="2026-09-30")["people"] == []


def test_the_open_pipeline_is_nothing_that_can_be_judged(shop):
    with pytest.raises(InvalidInput, match="use commit or best_case"):
        shop.accuracy(category="pipeline")
