"""Calls are added, with what was known then, by who may; nothing that was said is ever changed."""

from __future__ import annotations

import pytest

from sales_operations.domain.errors import Disabled, InvalidInput, NotAllowed, NotFound
from sales_operations.store import audit


def kept(stores):
    return stores.execute("SELECT id, level, category, kind, amount_minor, note FROM forecast_calls ORDER BY seq")


def test_a_call_is_kept_with_what_was_known_when_it_was_made(shop, stores):
    made = shop.call("commit", 750, rep="ada@calls.example", note="  one is verbal ")
    assert made["made_by"] == made["name"] == "Ada Alder"
    assert (made["kind"], made["amount"], made["period"], made["note"]) == ("call", 750.0, "2026-Q4", "one is verbal")
    assert made["known_then"] == {
        "closed": 400.0,
        "deals": 700.0,
        "roll_up": 700.0,
        "model": None,
        "model_method": None,
    }
    [row] = kept(stores)
    assert row == (made["call_id"], "rep", "commit", "call", 75_000, "one is verbal")
    entries = stores.execute("SELECT action, cause FROM audit WHERE kind = 'forecast_calls'")
    assert entries == [("create", "forecast call")]


def test_a_new_call_takes_the_place_of_an_earlier_one_which_stays_in_the_store(shop, stores, clock):
    first = shop.call("commit", 750, rep="Ada Alder")
    before = kept(stores)
    clock.advance(hours=1)
    shop.call("commit", 800, rep="Ada Alder")
    assert kept(stores)[:1] == before
    assert len(kept(stores)) == 2
    [standing] = shop.board()["of"]["Ada Alder"]["calls"]
    assert (standing["amount"], standing["call_id"] != first["call_id"]) == (800.0, True)


def test_the_audit_chain_holds_after_calls(shop):
    shop.call("commit", 750, rep="Ada Alder")
    shop.call("commit", 700, rep="Ada Alder", by="Max Moor")
    with shop.workspace.reading() as connection:
        assert audit.verify(connection).findings == []


def test_an_edited_call_is_found_in_the_audit_chain(shop, stores):
    shop.call("commit", 750, rep="Ada Alder")
    stores.execute("UPDATE forecast_calls SET amount_minor = 99")
    with shop.workspace.reading() as connection:
        assert audit.verify(connection).findings != []


def test_a_dry_run_shows_the_call_and_keeps_nothing(shop, stores):
    made = shop.call("commit", 750, rep="Ada Alder", dry_run=True)
    assert (made["amount"], made["dry_run"]) == (750.0, True)
    assert kept(stores) == []


def test_a_manager_adjusts_the_call_of_a_report_and_the_call_stays(shop):
    shop.call("commit", 750, rep="Ada Alder")
    adjusted = shop.call("commit", 600, rep="Ada Alder", by="Max Moor", note="one will slip")
    assert (adjusted["kind"], adjusted["known_then"]["roll_up"]) == ("adjustment", 750.0)
    ada = shop.board()["of"]["Ada Alder"]
    assert (ada["call"]["commit"], ada["adjustment"]["commit"], ada["counts"]["commit"]) == (750.0, 600.0, 600.0)


def test_a_manager_calls_for_the_team_and_the_one_above_adjusts_it(shop):
    assert shop.call("commit", 900, team="North")["made_by"] == "Max Moor"
    assert shop.call("commit", 800, team="North", by="Vera Vale")["kind"] == "adjustment"
    assert shop.call("commit", 2_000)["made_by"] == "Vera Vale"
    assert shop.call("commit", 1_900, team="Sales")["level"] == "company"


@pytest.mark.parametrize(
    ("whom", "by"),
    [({"rep": "Ada Alder"}, "Bo Birch"), ({"rep": "Ada Alder"}, "Sue Shore"), ({"team": "North"}, "Ada Alder"),
     ({"team": "North"}, "Sue Shore"), ({}, "Max Moor"), ({"rep": "Vera Vale"}, "Max Moor")],
)  # fmt: skip
def test_nobody_calls_for_a_place_that_is_not_theirs_nor_below_them(shop, stores, whom, by):
    with pytest.raises(NotAllowed, match=rf"{by} may not call for .*; .*Vera Vale.* may"):
        shop.call("commit", 5_000, by=by, **whom)
    assert kept(stores) == []


def test_a_call_that_is_taken_back_stands_no_more_but_is_kept(shop, stores):
    shop.call("commit", 750, rep="Ada Alder")
    assert shop.call("commit", None, rep="Ada Alder")["amount"] is None
    ada = shop.board()["of"]["Ada Alder"]
    assert (ada["calls"], ada["counts"]["commit"]) == ([], 700.0)
    assert [row[4] for row in kept(stores)] == [75_000, None]
    with pytest.raises(InvalidInput, match="no commit call for Ada Alder to take back"):
        shop.call("commit", None, rep="Ada Alder")


@pytest.mark.parametrize(
    ("amount", "options", "told"),
    [
        (-1, {}, "is negative"),
        ("nan", {}, "not a finite number"),
        ("many", {}, "not a finite number"),
        (399.99, {}, r"\$399.99 is less than the \$400.00 won in the period already"),
        (500, {"period": "2026-Q3"}, "2026-Q3 is over since 2026-09-30"),
        (500, {"period": "2026-Q5"}, "is none; write a month"),
        (500, {"team": "North"}, "for a rep or for a team, not for both"),
    ],
)
def test_an_amount_or_a_period_that_cannot_be_meant_is_refused(shop, stores, amount, options, told):
    with pytest.raises(InvalidInput, match=told):
        shop.call("commit", amount, rep="Ada Alder", **options)
    assert kept(stores) == []


def test_closed_is_a_fact_and_no_category_that_is_called(shop):
    with pytest.raises(InvalidInput, match="use one of commit, best_case, pipeline"):
        shop.call("closed", 500, rep="Ada Alder")


def test_a_commit_above_the_best_case_that_was_called_is_refused_and_the_other_way_round(shop):
    shop.call("best_case", 900, rep="Ada Alder")
    with pytest.raises(InvalidInput, match="raise the best case first"):
        shop.call("commit", 900.01, rep="Ada Alder")
    shop.call("commit", 900, rep="Ada Alder")
    with pytest.raises(InvalidInput, match="lower the commit first"):
        shop.call("best_case", 899, rep="Ada Alder")
    shop.call("pipeline", 1, rep="Ada Alder")  # stands apart


def test_unknown_reps_and_teams_are_named_and_known_ones_offered(shop):
    with pytest.raises(NotFound, match="no user 'Eve'"):
        shop.call("commit", 500, rep="Eve")
    with pytest.raises(NotFound, match="no team 'Norht', or several of that name; there is North, South"):
        shop.call("commit", 500, team="Norht")
    with pytest.raises(NotFound, match="no user 'Eve'"):
        shop.call("commit", 500, rep="Ada Alder", by="Eve")


def test_a_period_that_is_not_offered_is_refused_but_calls_made_before_that_stay(shop, open_shop):
    shop.call("commit", 300, rep="Ada Alder", period="month")
    narrower = open_shop({"forecasting": {"periods": ["quarter"]}})
    with pytest.raises(Disabled, match=r"'month' is not listed in sales_operations.forecasting.periods"):
        narrower.call("commit", 350, rep="Ada Alder", period="month")
    assert narrower.board("month")["of"]["Ada Alder"]["call"]["commit"] == 300.0


def test_where_no_manager_is_known_a_team_is_called_by_nobody(open_shop):
    shop = open_shop()
    shop.bring("teams", "id,name\nt1,North\nt2,South\n")
    shop.bring("users", "id,name,team\nu1,Ada,t1\nu2,Bo,t2\n")
    with pytest.raises(InvalidInput, match="North has no manager in the store, so say who calls"):
        shop.call("commit", 500, team="North")
    with pytest.raises(NotAllowed, match="Ada may not call for North; nobody may, as no manager is known"):
        shop.call("commit", 500, team="North", by="Ada")


def test_the_calls_that_stood_at_an_instant_are_those_made_by_then(shop, clock):
    shop.call("commit", 800, rep="Ada Alder")
    before = clock.now.isoformat()
    clock.advance(hours=1)
    shop.call("commit", 950, rep="Ada Alder")
    assert shop.board(as_of=before)["of"]["Ada Alder"]["call"]["commit"] == 800.0
