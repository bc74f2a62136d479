"""The calls of reps, teams and company made to add up."""

from __future__ import annotations

import pytest

# The store's part in it is tested on both databases with the making of calls.
pytestmark = pytest.mark.parametrize("stores", ["sqlite"], indirect=True)


def reconciled(shop):
    return {name: row["reconciled"] for name, row in shop.board()["of"].items()}


def test_without_calls_from_above_the_reconciled_commit_is_the_roll_up(shop):
    shop.call("commit", 800, rep="Ada Alder")
    found = reconciled(shop)
    assert (found["Ada Alder"], found["North"], found["Sales"]) == (800.0, 800.0, 1_350.0)


def test_a_teams_call_and_its_reps_calls_meet_and_teams_add_up_to_the_company(shop):
    shop.call("commit", 1_000, rep="Ada Alder")
    shop.call("commit", 600, team="North")
    shop.call("commit", 2_000)
    found = reconciled(shop)
    assert 600 < found["North"] < 1_000
    assert found["North"] == found["Ada Alder"] + found["Bo Birch"]
    assert found["Sales"] == pytest.approx(found["North"] + found["South"] + found["Old Hand"], abs=0.001)
    assert (found["Bo Birch"], found["Old Hand"]) == (0.0, 50.0)  # nothing is expected, or all is won


def test_who_was_right_before_moves_less(shop, clock):
    """Ada was right in October, Cy was not; the company's call of more moves Cy's number further."""
    shop.call("commit", 400, rep="Ada Alder", period="month")
    shop.call("commit", 900, rep="Cy Cedar", period="month")
    clock.advance(days=30)
    for rep in ("Ada Alder", "Cy Cedar"):
        shop.call("commit", 1_000, rep=rep)
    before = reconciled(shop)
    shop.call("commit", 3_000)
    after = reconciled(shop)
    ada, cy = (after[rep] - before[rep] for rep in ("Ada Alder", "Cy Cedar"))
    assert 0 < ada < cy
