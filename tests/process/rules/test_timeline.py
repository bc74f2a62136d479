"""The moments of a deal: nothing that came later changes how an earlier one looked."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sales_operations.domain.events import Event, derive
from sales_operations.domain.stages import STAGE_NAMES
from sales_operations.process.rules.causes import events_of
from sales_operations.process.rules.timeline import at, timeline

DAY = 86_400_000_000
VALUES = st.one_of(
    st.sampled_from(STAGE_NAMES).map(lambda stage: {"stage": stage, "pipeline_stage": stage}),
    st.integers(0, 9).map(lambda amount: {"amount_minor": amount, "currency": "USD"}),
    st.sampled_from(["2026-01-01", "2026-02-01", None]).map(lambda day: {"close_date": day}),
    st.sampled_from(["user_a", "user_b", None]).map(lambda user: {"owner_id": user}),
)


@st.composite
def histories(draw: st.DrawFn, basis: st.SearchStrategy[str]) -> list[Event]:
    count = draw(st.integers(1, 8))
    times = draw(st.lists(st.integers(1, 6), min_size=count, max_size=count))
    live = draw(st.booleans())
    when = sorted(times) if live else times
    return [
        Event("opp_1", when[number] * DAY, draw(basis), draw(VALUES), {"next_step": str(number)}, seq=number + 1)
        for number in range(count)
    ]


@settings(deadline=None)
@given(histories(st.sampled_from(["live", "history"])), st.integers(1, 6))
def test_a_moment_looks_the_same_whatever_happens_later(events: list[Event], day: int) -> None:
    known = [event for event in events if event.occurred_at <= day * DAY]
    early, late = timeline(known), timeline(events)
    assert late[: len(early)] == early


@settings(deadline=None)
@given(histories(st.sampled_from(["live", "history", "inferred"])))
def test_the_last_moment_of_an_instant_is_the_state_that_the_store_derives(events: list[Event]) -> None:
    moments = timeline(events)
    for instant in {event.occurred_at for event in events}:
        moment = at(moments, instant)
        assert moment is not None
        state = {name: value for name, value in moment.after.items() if name != "status"}
        assert state == derive(sorted(events, key=lambda event: event.seq), instant)
    assert at(moments, 0) is None


def moments_of(*steps: tuple[int, dict[str, Any]]) -> Any:
    return timeline([Event("opp_1", day * DAY, "live", values, seq=number + 1)
                     for number, (day, values) in enumerate(steps)])  # fmt: skip


def test_each_moment_says_what_changed_and_since_when_the_deal_stands_in_its_stage() -> None:
    moments = moments_of(
        (1, {"pipeline_stage": "lead", "stage": "lead"}),
        (2, {"amount_minor": 5, "currency": "USD"}),
        (4, {"pipeline_stage": "proposal", "stage": "proposal", "owner_id": "user_a"}),
        (6, {"pipeline_stage": "proposal", "stage": "proposal"}),
        (7, {"pipeline_stage": "closed_won", "stage": "closed_won"}),
    )
    assert [events_of(moment) for moment in moments] == [
        ("opportunity.created",),
        ("opportunity.changed", "opportunity.amount_changed"),
        ("opportunity.changed", "opportunity.stage_changed", "opportunity.owner_changed"),
        (),
        ("opportunity.changed", "opportunity.stage_changed", "opportunity.close_date_changed", "opportunity.won"),
    ]
    assert [(moment.staged_at // DAY, moment.stage_seq) for moment in moments] == [
        (1, 1),
        (1, 1),
        (4, 3),
        (4, 3),
        (7, 5),
    ]


def test_events_of_the_same_instant_are_moments_of_their_own() -> None:
    moments = moments_of((1, {"amount_minor": 1}), (1, {"amount_minor": 2}), (1, {"amount_minor": 3}))
    assert [moment.after["amount_minor"] for moment in moments] == [1, 2, 3]
    assert [moment.before.get("amount_minor") for moment in moments] == [None, 1, 2]
