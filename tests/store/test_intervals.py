"""The validity intervals in the columns against a replay of the same events in plain Python."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sales_operations.domain.clock import from_micros, to_micros
from sales_operations.domain.events import Event
from sales_operations.domain.stages import DEFAULT_PROBABILITIES, OpportunityStage
from sales_operations.store import audit, history
from sales_operations.store.unit import Change, unit

START = to_micros(datetime(2026, 1, 1, 9, tzinfo=UTC))
HOUR = 3_600_000_000
TOGETHER = (("pipeline",), ("pipeline_stage", "stage"), ("amount_minor", "currency"), ("owner_id", "owner_text"),
            ("probability",), ("forecast_category",), ("close_date",), ("is_deleted",))  # fmt: skip
SHOWN = ("pipeline", "pipeline_stage", "stage", "status", "amount_minor", "probability", "forecast_category",
         "close_date", "owner_id", "sales_rep", "deleted")  # fmt: skip

_stages = st.sampled_from(list(OpportunityStage))
_parts = {
    "stage": _stages.map(lambda stage: {"pipeline_stage": f"Own {stage.value}", "stage": stage.value}),
    "amount": st.sampled_from([None, 0, 100, 250_00]).map(lambda n: {"amount_minor": n, "currency": "USD"}),
    "emptied": st.just({"amount_minor": None}),
    "owner": st.sampled_from([None, "Ada", "Grace"]).map(lambda name: {"owner_id": None, "owner_text": name}),
    "probability": st.sampled_from([None, 0.0, 0.25, 1.0]).map(lambda share: {"probability": share}),
    "category": st.sampled_from([None, "commit", "pipeline"]).map(lambda name: {"forecast_category": name}),
    "close_date": st.sampled_from([None, "2026-01-03", "2026-12-31"]).map(lambda day: {"close_date": day}),
    "is_deleted": st.sampled_from([0, 1]).map(lambda flag: {"is_deleted": flag}),
    "pipeline": st.sampled_from(["default", "Renewals"]).map(lambda name: {"pipeline": name}),
}


@st.composite
def _events(draw):
    basis = draw(st.sampled_from(["inferred", "inferred", "history", "history", "live"]))
    values, previous = {}, {}
    allowed = [name for name in _parts if not (basis == "history" and name == "pipeline")]
    for name in draw(st.lists(st.sampled_from(allowed), max_size=4, unique=True)):
        values |= draw(_parts[name])
        if draw(st.booleans()):
            previous |= draw(_parts[name])
    return Event(
        "", START + draw(st.integers(0, 60)) * HOUR, basis, values, {}, previous if basis != "inferred" else {}
    )


_deals = st.lists(st.lists(_events(), min_size=1, max_size=7), min_size=1, max_size=8)


def _ordered(events):
    return sorted(events, key=lambda event: (event.occurred_at, event.seq))


def _replaced(event, leader, told) -> bool:
    """Whether the recorded history knows better than an inference."""
    told = [one for one in told if leader in one.values]
    if event.basis != "inferred" or not told:
        return False
    return told[-1].occurred_at >= event.occurred_at or told[-1].values[leader] == event.values.get(leader)


def replay(events: list[Event], at: int) -> dict | None:
    """The state at one instant, field by field, the slow way."""
    events = _ordered(events)
    if at < events[0].occurred_at:
        return None
    told = [event for event in events if event.basis == "history"]
    state, staged_at = {}, events[0].occurred_at
    lead = OpportunityStage.LEAD
    unknown = {
        "pipeline": "default",
        "pipeline_stage": "lead",
        "stage": "lead",
        "probability": DEFAULT_PROBABILITIES[lead],
    }
    for group in TOGETHER:
        leader = {"pipeline_stage": "pipeline_stage", "amount_minor": "amount_minor"}.get(group[0], group[0])
        for name in group:
            setting = [
                e for e in events if name in e.values and not (leader in e.values and _replaced(e, leader, told))
            ]
            past = [event for event in setting if event.occurred_at <= at]
            before = [event.previous[name] for event in told if name in event.values and name in event.previous]
            if past:
                state[name] = past[-1].values[name]
                if name == "stage":
                    staged_at = past[-1].occurred_at
            elif before:
                state[name] = before[0]
            else:
                state[name] = None
            if state[name] is None and not past and name in unknown:
                state[name] = unknown[name]
    if state["close_date"] is None and OpportunityStage(state["stage"]).is_closed:
        state["close_date"] = from_micros(staged_at).date().isoformat()
    return state


def shown(state: dict) -> tuple:
    status = OpportunityStage(state["stage"]).status.value
    extra = {"status": status, "sales_rep": state["owner_text"] or "unassigned", "deleted": bool(state["is_deleted"])}
    return tuple((state | extra)[name] for name in SHOWN)


_NUMBERS = itertools.count()


def write(workspace, deals):
    """Write deals event by event, as several imports and changes would, in the order of arrival."""
    known = {f"opp_{next(_NUMBERS):06d}": events for events in deals}
    for turn in range(max(map(len, deals))):
        with unit(workspace.engine, workspace.clock, "test", "test") as one:
            for deal, events in known.items():
                if turn >= len(events):
                    continue
                events[turn].opportunity_id = deal
                before = one.find("opportunities", deal)
                state = history.state_of(events[: turn + 1])
                row = {**dict.fromkeys(before or {}), "id": deal, **state}
                version = before["seq"] if before else None
                one.add(Change("opportunities", "test", row, version, events=[events[turn]]))
    return known


def columns_at(workspace, deals, at: int) -> dict[str, tuple]:
    with workspace.columns() as db:
        rows = db.execute(
            f"SELECT opportunity_id, {', '.join(SHOWN)} FROM intervals WHERE valid_from <= ? AND ? < valid_to",
            [moment := from_micros(at).replace(tzinfo=None), moment],
        ).fetchall()
    found = {}
    for deal, *values in rows:
        if deal in deals:
            assert deal not in found, "two intervals hold at once"
            day = values[SHOWN.index("close_date")]
            values[SHOWN.index("close_date")] = None if day is None else day.isoformat()
            found[deal] = tuple(values)
    return found


@pytest.fixture
def workspace(stores):
    return stores.open()


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deals=_deals, moments=st.lists(st.integers(-1, 61), min_size=1, max_size=4))
def test_intervals_equal_a_replay_at_any_instant(workspace, deals, moments):
    known = write(workspace, deals)
    for moment in moments:
        at = START + moment * HOUR
        expected = {deal: shown(state) for deal, events in known.items() if (state := replay(events, at))}
        assert columns_at(workspace, known, at) == expected


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deals=_deals)
def test_the_present_state_is_the_replay_of_all_events(workspace, deals):
    known = write(workspace, deals)
    with workspace.reading() as connection:
        assert history.verify(connection) == []
        assert audit.verify(connection).findings == []
        stored = history.of_deals(connection, known)
    for deal, events in known.items():
        now = replay(events, START + 1_000 * HOUR)
        derived = history.state_of(stored[deal])
        assert {name: derived.get(name) for name in now} == now


@settings(max_examples=200, deadline=None)
@given(events=st.lists(_events(), min_size=1, max_size=6), order=st.randoms(use_true_random=False))
def test_the_order_of_arrival_of_events_at_different_instants_makes_no_difference(events, order):
    for position, event in enumerate(events):
        event.occurred_at += position  # all different
    shuffled = [Event("", e.occurred_at, e.basis, e.values, e.other, e.previous) for e in events]
    order.shuffle(shuffled)
    for arrived in (events, shuffled):
        for number, event in enumerate(arrived):
            event.seq = number
    assert history.state_of(events) == history.state_of(shuffled)


def test_a_late_correction_changes_the_past_and_nothing_else(workspace):
    first = Event(
        "", START, "live", {"stage": "lead", "pipeline_stage": "lead", "amount_minor": 100, "currency": "USD"}
    )
    last = Event("", START + 10 * HOUR, "live", {"amount_minor": 300, "currency": "USD"})
    late = Event("", START + 5 * HOUR, "live", {"amount_minor": 200, "currency": "USD"})
    known = write(workspace, [[first, last, late]])
    [deal] = known
    amount = SHOWN.index("amount_minor")
    seen = [columns_at(workspace, known, START + hours * HOUR)[deal][amount] for hours in (0, 4, 5, 9, 10, 99)]
    assert seen == [100, 100, 200, 200, 300, 300]


def test_intervals_of_a_deal_touch_and_never_overlap(workspace):
    moments = [timedelta(hours=hours) for hours in (0, 3, 3, 7)]
    events = [
        Event("", START + int(moment.total_seconds()) * 1_000_000, "live", {"probability": index / 10})
        for index, moment in enumerate(moments)
    ]
    write(workspace, [events])
    with workspace.columns() as db:
        rows = db.execute("SELECT valid_from, valid_to, probability FROM intervals ORDER BY valid_from").fetchall()
    assert [row[2] for row in rows] == [0.0, 0.2, 0.3]
    assert [row[1] for row in rows[:-1]] == [row[0] for row in rows[1:]]
    assert rows[-1][1] == datetime(9999, 12, 31)  # noqa: DTZ001 - DuckDB's timestamps carry no zone
