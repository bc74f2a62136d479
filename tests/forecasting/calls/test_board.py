"""The board: deals, calls and quotas of a period, rolled up from reps to the company."""

from __future__ import annotations

import pytest

from sales_operations.domain.errors import InvalidInput

# The store's part in it is tested on both databases with the making of calls.
pytestmark = pytest.mark.parametrize("stores", ["sqlite"], indirect=True)

CUMULATIVE = {
    "Ada Alder": (400, 700, 900, 0),
    "Bo Birch": (0, 0, 0, 150),
    "Cy Cedar": (0, 500, 500, 0),
    "Old Hand": (50, 50, 50, 0),
    "North": (400, 700, 900, 150),
    "South": (0, 500, 500, 0),
    "Sales": (450, 1_250, 1_450, 150),
}
SINGLE = {"Ada Alder": (400, 300, 200, 0), "Sales": (450, 800, 200, 150)}


def numbers(row, of="deals"):
    return (row["closed"], *row[of].values())


def test_each_place_shows_what_its_deals_say_closed_within_commit_within_best_case(shop):
    found = shop.board()
    assert {name: numbers(found["of"][name]) for name in CUMULATIVE} == CUMULATIVE
    assert (found["period"], found["categories"], found["currency"]) == ("2026-Q4", "cumulative", "USD")


def test_single_categories_stand_apart(shop):
    shop.call("commit", 750, rep="Ada Alder")
    shop.call("best_case", 1_000, rep="Ada Alder")
    ada = shop.board(single=True)["of"]
    assert {name: numbers(ada[name]) for name in SINGLE} == SINGLE
    assert ada["Ada Alder"]["call"] == {"commit": 350.0, "best_case": 250.0, "pipeline": None}
    assert [call["amount"] for call in ada["Ada Alder"]["calls"]] == [750.0, 1_000.0]  # as they were made


def test_the_rows_go_from_the_company_down_and_leave_out_who_has_nothing(shop):
    drawn = [(row["depth"], row["level"], row["name"], row["manager"]) for row in shop.board()["rows"]]
    assert drawn == [
        (0, "company", "Sales", "Vera Vale"),
        (1, "rep", "Old Hand", None),
        (1, "team", "North", "Max Moor"),
        (2, "rep", "Ada Alder", None),
        (2, "rep", "Bo Birch", None),
        (1, "team", "South", "Sue Shore"),
        (2, "rep", "Cy Cedar", None),
    ]


def test_calls_roll_up_over_what_the_deals_say_and_an_adjustment_over_both(shop):
    shop.call("commit", 800, rep="Ada Alder")
    shop.call("commit", 100, rep="Bo Birch")
    of = shop.board()["of"]
    assert (of["North"]["roll_up"]["commit"], of["Sales"]["counts"]["commit"]) == (900.0, 1_450.0)
    shop.call("commit", 650, rep="Ada Alder", by="Max Moor")
    shop.call("commit", 1_000, team="North")
    of = shop.board()["of"]
    assert (of["North"]["roll_up"]["commit"], of["North"]["counts"]["commit"]) == (750.0, 1_000.0)
    assert of["Sales"]["counts"]["commit"] == 1_550.0
    assert of["Sales"]["deals"]["commit"] == 1_250.0  # the deals are what they were


def test_a_call_says_by_how_much_what_it_stands_on_has_moved_since(shop):
    shop.call("commit", 1_000, team="North")
    shop.call("commit", 800, rep="Ada Alder")
    [team] = shop.board()["of"]["North"]["calls"]
    assert (team["known_then"]["roll_up"], team["moved_since"]) == (700.0, 100.0)


def test_what_is_won_counts_though_less_was_called_and_the_best_case_is_never_below_the_commit(shop, clock):
    shop.call("commit", 450, rep="Ada Alder")
    shop.call("commit", 2_000, rep="Cy Cedar")
    clock.advance(hours=1)
    shop.bring("opportunities", "id,name,stage,amount,currency,close_date,owner,created_at\n"
               "d3,Hoped for,closed_won,200,USD,2026-11-20,u4,2026-08-01\n")  # fmt: skip
    of = shop.board()["of"]
    assert (of["Ada Alder"]["closed"], of["Ada Alder"]["counts"]["commit"]) == (600.0, 600.0)
    assert of["Cy Cedar"]["counts"] == {"commit": 2_000.0, "best_case": 2_000.0, "pipeline": 0.0}


def test_as_of_an_earlier_instant_only_the_calls_made_by_then_stand(shop, clock):
    shop.call("commit", 800, rep="Ada Alder")
    before = clock.now.isoformat()
    clock.advance(hours=1)
    shop.call("commit", 950, rep="Ada Alder")
    clock.advance(hours=1)
    assert shop.board(as_of=before)["of"]["Ada Alder"]["call"]["commit"] == 800.0
    assert shop.board()["of"]["Ada Alder"]["call"]["commit"] == 950.0
    assert shop.board(as_of="2026-11-23")["of"]["Ada Alder"]["calls"] == []


def test_quotas_are_set_against_what_is_won_and_open(shop):
    of = shop.board()["of"]
    elapsed = shop.board()["elapsed"]
    assert elapsed == pytest.approx(54.5 / 92)  # noon of the 55th day of 92
    ada, company = of["Ada Alder"], of["Sales"]
    assert (ada["quota"], ada["remaining"], ada["attainment"]) == (1_000.0, 600.0, 0.4)
    assert ada["pace"] == pytest.approx(0.4 / elapsed)
    assert (ada["coverage_of_quota"], ada["coverage_of_remaining_quota"]) == (0.5, pytest.approx(500 / 600))
    assert (of["North"]["quota"], company["quota"], of["Old Hand"]["quota"]) == (1_500.0, 2_300.0, None)
    assert company["attainment"] == pytest.approx(450 / 2_300)


def test_a_team_has_its_own_quota_where_one_is_set_and_the_company_that_of_the_reps(shop):
    shop.bring("quotas", "id,user,team,period,period_start,amount,currency\nq9,,t1,quarter,2026-10-01,1200,USD\n")
    of = shop.board()["of"]
    assert (of["North"]["quota"], of["Sales"]["quota"]) == (1_200.0, 2_300.0)


def test_a_period_to_come_has_calls_quotas_and_deals_but_no_model(shop):
    shop.call("commit", 950, rep="Cy Cedar", period="2027-Q1")
    found = shop.board("2027-Q1")
    assert (found["elapsed"], found["of"]["Cy Cedar"]["deals"]["commit"]) == (0.0, 900.0)
    assert found["of"]["Cy Cedar"]["call"]["commit"] == 950.0
    assert found["model"] == {"method": None, "none": "the model forecasts the present month, quarter and year"}


def test_the_calls_of_a_team_that_is_gone_are_still_shown(shop, stores, clock):
    shop.call("commit", 1_000, team="South")
    clock.advance(minutes=1)
    shop.bring(
        "users", "id,name,email,manager,team\nu6,Cy Cedar,cy@calls.example,u2,t1\nu3,Sue Shore,s@c.example,u1,t1\n"
    )
    shop.bring("teams", "id,name,parent,manager,is_deleted\nt2,South,t0,u3,true\n")
    gone = [row for row in shop.board()["rows"] if row["level"] == "team" and row["name"] != "North"]
    assert [row["call"]["commit"] for row in gone] == [1_000.0]


def test_calls_of_another_currency_stand_at_the_rate_of_the_day_or_nowhere(shop, open_shop):
    shop.call("commit", 1_000, rep="Cy Cedar")
    abroad = open_shop({"company": {"currency": "EUR"}})
    assert abroad.board()["of"]["Cy Cedar"]["calls"] == []
    abroad.bring("rates", "id,base_currency,currency,rate,valid_from\nr1,EUR,USD,0.5,2026-01-01\n")
    assert abroad.board()["of"]["Cy Cedar"]["call"]["commit"] == 500.0


def test_an_empty_store_has_a_board_of_nothing(open_shop):
    found = open_shop().board()
    assert [row["name"] for row in found["rows"]] == ["Company"]
    assert numbers(found["of"]["Company"]) == (0, 0, 0, 0)
    assert found["of"]["Company"]["attainment"] is None


def test_a_day_that_has_not_come_has_no_board(shop):
    with pytest.raises(InvalidInput, match="has not come yet"):
        shop.board(as_of="2026-12-24")
