"""How any past state of a deal follows from its events."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sales_operations.domain.events import BEFORE_ANYTHING_IS_KNOWN, BIT, GROUPS, TRACKED, Event, derive

STAGES = st.sampled_from(["lead", "qualified", "proposal", "closed_won", "closed_lost"])
PARTS: dict[str, Any] = {
    "stage": STAGES.map(lambda stage: {"pipeline_stage": stage, "stage": stage}),
    "amount": st.sampled_from([None, 100, 250]).map(lambda amount: {"amount_minor": amount, "currency": "USD"}),
    "probability": st.sampled_from([0.0, 0.5]).map(lambda share: {"probability": share}),
    "close_date": st.sampled_from([None, "2026-01-03"]).map(lambda day: {"close_date": day}),
    "owner": st.sampled_from(["u1", "u2"]).map(lambda owner: {"owner_id": owner}),
}


@st.composite
def events(draw: Any, bases: tuple[str, ...] = ("live", "history", "inferred")) -> Event:
    values: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from(list(PARTS)), max_size=3, unique=True)):
        values |= draw(PARTS[name])
    other = draw(st.sampled_from([{}, {"next_step": "call"}, {"next_step": "mail", "name": "Deal"}]))
    return Event("opp_1", draw(st.integers(0, 6)), draw(st.sampled_from(bases)), values, other)


HISTORIES = st.lists(events(), min_size=1, max_size=8)
SEEN = st.lists(events(("live", "inferred")), min_size=1, max_size=8)


def event(at: int, basis: str = "live", previous: Any = None, other: Any = None, **values: Any) -> Event:
    return Event("opp_1", at, basis, values, other or {}, previous or {})


@given(HISTORIES, st.integers(-1, 7))
def test_the_state_at_an_instant_needs_nothing_that_happened_in_this_program_later(
    history: list[Event], until: int
) -> None:
    later = [one for one in history if one.basis == "live" and one.occurred_at > until]
    kept = [one for one in history if one not in later]
    if kept:
        assert derive(history, until) == derive(kept, until)


@given(SEEN, st.integers(0, 6))
def test_replaying_the_first_events_gives_the_state_as_of_their_end(history: list[Event], until: int) -> None:
    first = [one for one in history if one.occurred_at <= until]
    assert derive(history, until) == (derive(first) if first else {})


@given(HISTORIES)
def test_the_state_after_all_events_is_the_state_at_the_end_of_time(history: list[Event]) -> None:
    assert derive(history) == derive(history, 10**18)
    assert derive(history, -1) == {}


@given(HISTORIES, st.randoms(use_true_random=False))
def test_only_the_order_of_events_at_the_same_instant_counts(history: list[Event], chance: random.Random) -> None:
    moved = sorted(history, key=lambda one: one.occurred_at)
    instants = sorted({one.occurred_at for one in moved})
    chance.shuffle(instants)
    arrived = [one for instant in instants for one in moved if one.occurred_at == instant]
    assert derive(arrived) == derive(history)


@given(HISTORIES)
def test_every_deal_has_a_stage_and_its_times_are_those_of_the_events(history: list[Event]) -> None:
    state = derive(history)
    assert BEFORE_ANYTHING_IS_KNOWN.keys() <= state.keys()
    assert (state["created_at"], state["updated_at"]) == (
        min(one.occurred_at for one in history),
        max(one.occurred_at for one in history),
    )
    if state["stage"].startswith("closed"):
        assert state["close_date"]


def test_of_two_events_at_the_same_instant_the_one_written_later_counts() -> None:
    first, second = event(5, amount_minor=1), event(5, amount_minor=2)
    assert derive([first, second])["amount_minor"] == 2
    assert derive([second, first])["amount_minor"] == 1


def test_a_late_correction_changes_the_past_and_not_what_came_after_it() -> None:
    known = [event(0, amount_minor=1), event(10, amount_minor=3)]
    corrected = [*known, event(5, amount_minor=2)]
    assert [derive(corrected, at)["amount_minor"] for at in (4, 5, 9, 10)] == [1, 2, 2, 3]


def test_history_replaces_what_was_inferred_at_or_before_it_in_either_order() -> None:
    inferred = event(8, "inferred", pipeline_stage="closed_won", stage="closed_won")
    told = event(9, "history", pipeline_stage="proposal", stage="proposal")
    opened = event(0, "inferred")
    for order in ([opened, inferred, told], [opened, told, inferred]):
        assert derive(order)["stage"] == "proposal"
        assert derive(order, 8)["stage"] == "lead"


def test_an_inference_of_the_value_where_history_ends_is_replaced_by_it() -> None:
    told = event(3, "history", pipeline_stage="closed_won", stage="closed_won")
    inferred = event(8, "inferred", pipeline_stage="closed_won", stage="closed_won")
    state = derive([event(0, "inferred"), told, inferred])
    assert (state["stage"], state["close_date"]) == ("closed_won", "1970-01-01")


def test_what_history_says_was_there_before_holds_until_its_first_change() -> None:
    told = event(5, "history", {"stage": "qualified", "pipeline_stage": "Q"}, pipeline_stage="P", stage="proposal")
    known = [event(0, "inferred"), told]
    assert [derive(known, at)["stage"] for at in (0, 4, 5)] == ["qualified", "qualified", "proposal"]


def test_a_closed_deal_without_a_date_closed_on_the_day_it_entered_its_stage() -> None:
    day = 86_400_000_000
    closing = event(20_000 * day + day // 2, pipeline_stage="closed_lost", stage="closed_lost")
    known = [event(0, stage="lead"), closing, event(20_010 * day, amount_minor=1)]
    assert derive(known)["close_date"] == "2024-10-04"


def test_each_tracked_field_has_a_bit_and_a_group_of_its_own() -> None:
    assert event(0, stage="lead", amount_minor=None).fields == BIT["stage"] | BIT["amount_minor"]
    assert len(set(BIT.values())) == len(TRACKED)
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(TRACKED)
