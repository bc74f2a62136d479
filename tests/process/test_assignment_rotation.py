"""Turns: equal shares for equal weights whatever happens, nobody flooded, and the same again after a restart."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_operations.domain.errors import InvalidInput
from sales_operations.process.assigning import rotation
from sales_operations.process.assigning.absences import come_back, leave
from sales_operations.process.assigning.decision import Case, Decider
from sales_operations.process.assigning.of_leads import hand_out
from sales_operations.process.assigning.people import People, Person
from sales_operations.process.assigning.rules import Rule, Rules

ROUND_ROBIN = {"rules": [{"name": "In turn", "method": "round_robin"}]}
REPS = ("Ada", "Gus", "Bo", "Flo", "Cy", "Ed", "Di")
DAY = "2026-11-24"


def take_turns(turns: dict[str, int], weights: dict[str, int], leads: int) -> tuple[list[str], dict[str, int]]:
    """Who gets so many leads, and the credits afterwards; ties go by name."""
    order = []
    for _ in range(leads):
        credited = rotation.credited(rotation.entered(turns, sorted(weights)), weights)
        order.append(max(sorted(weights), key=credited.__getitem__))
        turns = rotation.paid(credited, order[-1])
    return order, turns


@given(st.integers(2, 12), st.integers(1, 400), st.integers(0, 50))
def test_equal_weights_are_never_more_than_one_lead_apart(reps: int, leads: int, before: int) -> None:
    weights = {f"user_{number}": 1 for number in range(reps)}
    _, turns = take_turns({}, weights, before)
    given_out, _ = take_turns(turns, weights, leads)
    counts = Counter(given_out)
    assert max(counts[user] for user in weights) - min(counts[user] for user in weights) <= 1


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 9), min_size=2), st.integers(1, 300))
def test_with_weights_everybody_is_within_one_lead_of_the_share(weights: dict[str, int], leads: int) -> None:
    given_out, _ = take_turns({}, weights, leads)
    counts, total = Counter(given_out), sum(weights.values())
    for user, weight in weights.items():
        assert abs(counts[user] - leads * weight / total) <= 1 + 1e-6


def test_a_heavier_rep_gets_leads_spread_over_the_round_not_in_a_row() -> None:
    order, _ = take_turns({}, {"ada": 5, "bo": 1, "cy": 1}, 7)
    assert order == ["ada", "ada", "bo", "ada", "cy", "ada", "ada"]


@given(st.integers(2, 8), st.integers(0, 60), st.integers(1, 60), st.integers(1, 60))
def test_who_comes_back_or_is_new_gets_a_share_from_then_on_and_nothing_more(
    reps: int, together: int, absent: int, after: int
) -> None:
    everybody = {f"user_{number}": 1 for number in range(reps)}
    others = {user: 1 for user in everybody if user != "user_0"}
    _, turns = take_turns({}, everybody, together)
    _, turns = take_turns(turns, others, absent)
    order, _ = take_turns(turns, everybody | {"user_new": 1}, after)
    share = after / (reps + 1)
    assert abs(order.count("user_0") - share) <= 1 + 1e-6
    assert abs(order.count("user_new") - share) <= 1 + 1e-6


@given(st.lists(st.booleans(), min_size=1, max_size=300))
def test_a_lead_that_only_some_could_take_costs_the_others_nothing(special: list[bool]) -> None:
    skills = {"ada": ("welsh",), "bo": ("welsh",), "cy": (), "di": ()}
    people = People(tuple(Person(user, skills=known) for user, known in skills.items()))
    rules = Rules((), (Rule("Welsh", "round_robin", skills=("welsh",)), Rule("All", "round_robin")))
    only, anybody = Decider(Rules((), rules.rules[:1]), people, DAY), Decider(Rules((), rules.rules[1:]), people, DAY)
    turns: dict[str, Any] = {}
    counts: dict[bool, Counter[str | None]] = {True: Counter(), False: Counter()}
    for is_special in special:
        decision = (only if is_special else anybody).decide(Case({}, {}, {}, turns))
        assert decision.pool is not None
        turns[decision.pool.name] = decision.turns
        counts[is_special][decision.user_id] += 1
    for is_special, able in ((True, ("ada", "bo")), (False, tuple(skills))):
        numbers = [counts[is_special][user] for user in able]
        assert max(numbers) - min(numbers) <= 1


def test_300_leads_in_any_order_and_with_restarts_leave_equal_reps_within_one(company: Any) -> None:
    company.reps(*REPS[1:])
    ids = [f"lead_new{number * 7919 % 300:03}" for number in range(300)]
    company.leads(*ids)
    held: Counter[str] = Counter()
    for start in range(0, 300, 37):
        # Every time as another process would: nothing is known but what the store holds.
        restarted = company.stores.open({"assignment": ROUND_ROBIN})
        held.update(one.name for one in hand_out(restarted, ids[start : start + 37]))
        assert max(held.values()) - min(held[name] for name in REPS) <= 1
    assert (sum(held.values()), set(held)) == (300, set(REPS))


def test_300_leads_one_by_one_by_load_leave_equal_reps_within_one(small: Any) -> None:
    small.reps("Bo", "Cy", "Di", "Ed", "Flo", "Gus")
    small.leads(*(f"lead_new{number:03}" for number in range(300)))
    held: Counter[str] = Counter()
    for start in range(0, 300, 29):
        restarted = small.stores.open()
        ids = [f"lead_new{number:03}" for number in range(start, min(start + 29, 300))]
        held.update(one.name for one in hand_out(restarted, ids))
    assert (sum(held.values()), max(held.values()) - min(held.values())) == (300, 1)


def test_the_same_leads_in_the_same_store_go_to_the_same_reps(small: Any) -> None:
    small.reps("Bo", "Cy")
    small.leads(*(f"lead_new{number}" for number in range(9)))
    workspace = small.stores.open({"assignment": ROUND_ROBIN})
    ids = [f"lead_new{number}" for number in range(9)]
    expected = [one.name for one in hand_out(workspace, ids, dry_run=True)]
    assert expected == ["Ada", "Bo", "Cy"] * 3
    assert [one.name for one in hand_out(workspace, ids)] == expected


def test_a_rep_who_was_away_is_not_flooded_on_return(small: Any) -> None:
    small.reps("Bo", "Cy")
    ids = [f"lead_new{number:02}" for number in range(90)]
    small.leads(*ids)
    workspace = small.stores.open({"assignment": ROUND_ROBIN})
    assert Counter(one.name for one in hand_out(workspace, ids[:30])) == {"Ada": 10, "Bo": 10, "Cy": 10}
    leave(workspace, "Bo")
    assert Counter(one.name for one in hand_out(workspace, ids[30:60])) == {"Ada": 15, "Cy": 15}
    come_back(workspace, "Bo")
    after = [one.name for one in hand_out(workspace, ids[60:])]
    assert Counter(after) == {"Ada": 10, "Bo": 10, "Cy": 10}
    assert Counter(after[:3]) == {"Ada": 1, "Bo": 1, "Cy": 1}


def test_an_assignment_that_fails_takes_nobody_s_turn(small: Any) -> None:
    small.reps("Bo")
    small.leads("lead_2", "lead_3")
    workspace = small.stores.open({"assignment": ROUND_ROBIN})
    assert [one.name for one in hand_out(workspace, ["lead_1"])] == ["Ada"]
    small.add("leads", {"id": "lead_done", "converted_at": 1})
    before = small.stores.dump()
    with pytest.raises(InvalidInput, match="lead_done is converted"):
        hand_out(workspace, ["lead_2", "lead_done"])
    assert small.stores.dump() == before
    assert [one.name for one in hand_out(workspace, ["lead_2", "lead_3"])] == ["Bo", "Ada"]
