"""What changed between two instants: exclusive buckets that sum to the difference, whatever happened to the deals."""

# ruff: noqa: DTZ001
# The column tables hold instants as naive UTC.

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_operations.domain.clock import parse_as_of
from sales_operations.domain.errors import InvalidInput
from sales_operations.domain.periods import parse_period
from sales_operations.pipeline.changes import BUCKETS, compare
from sales_operations.pipeline.scope import Scope
from sales_operations.pipeline.tracking import track

DAYS = [date(2026, 1, 1) + timedelta(days=number) for number in range(120)]
CATEGORIES = ("pipeline", "best_case", "commit")
STAGES = ("lead", "qualified", "proposal", "negotiation", "closed_won", "closed_lost")
EVERYTHING = Scope()
SCOPES = (
    EVERYTHING,
    Scope(sales_rep="Ada"),
    Scope(team="North", category="commit"),
    Scope(period=parse_period("2026-Q1")),
    Scope(team="North", period=parse_period("2026-02"), category="best_case"),
)
_step = st.fixed_dictionaries(
    {
        "at": st.datetimes(datetime(2026, 1, 1), datetime(2026, 4, 30)),
        "stage": st.sampled_from(STAGES),
        "amount": st.none() | st.integers(0, 10**9),
        "close_date": st.none() | st.sampled_from(DAYS),
        "rep": st.sampled_from(("Ada", "Bo", None)),
        "team": st.sampled_from(("North", "South", None)),
        "category": st.sampled_from(CATEGORIES),
        "deleted": st.sampled_from((False, False, False, True)),
    }
)
_deal = st.lists(_step, min_size=1, max_size=5, unique_by=lambda step: step["at"]).map(
    lambda steps: sorted(steps, key=lambda step: step["at"])
)
SEEN = {"d_ada": [{"at": datetime(2026, 1, 1), "stage": "closed_lost", "rep": "Ada", "team": "North"}]}
"""A deal that makes every value of the scopes one that some deal had."""


def cents(amount: float) -> int:
    found = round(amount * 100)
    assert found / 100 == amount
    return found


def at(history: list[dict[str, Any]], instant: datetime) -> dict[str, Any] | None:
    known = [step for step in history if step["at"] <= instant]
    return known[-1] if known else None


def counted(step: dict[str, Any] | None, scope: Scope) -> bool:
    if step is None or step.get("deleted") or step["stage"].startswith("closed"):
        return False
    return held(step, scope) and due(step, scope) and scope.category in (None, step["category"])


def held(step: dict[str, Any], scope: Scope) -> bool:
    return scope.sales_rep in (None, step["rep"]) and scope.team in (None, step["team"])


def due(step: dict[str, Any], scope: Scope) -> bool:
    day = step["close_date"]
    return scope.period is None or (day is not None and scope.period.start <= day <= scope.period.end)


def bucket_of(before: dict[str, Any] | None, after: dict[str, Any] | None, scope: Scope) -> tuple[str | None, int]:
    """The bucket and change of one deal, written from the definitions."""
    was, now = counted(before, scope), counted(after, scope)
    if was and now:
        change = (after["amount"] or 0) - (before["amount"] or 0)  # type: ignore[index]
        return (None if not change else "amount_up" if change > 0 else "amount_down"), change
    if was:
        assert before is not None
        assert after is not None
        gone = -(before["amount"] or 0)
        if after["deleted"]:
            return "deleted", gone
        if after["stage"].startswith("closed"):
            return after["stage"].removeprefix("closed_"), gone
        if not held(after, scope):
            return "owner_out", gone
        return ("pushed_out" if not due(after, scope) else "category_out"), gone
    if now:
        assert after is not None
        come = after["amount"] or 0
        if before is None:
            return "created", come
        if before["deleted"]:
            return "restored", come
        if before["stage"].startswith("closed"):
            return "reopened", come
        if not held(before, scope):
            return "owner_in", come
        return ("pulled_in" if not due(before, scope) else "category_in"), come
    return None, 0


@settings(max_examples=40, deadline=None)
@given(
    deals=st.lists(_deal, max_size=8),
    days=st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS)).map(sorted),
    scope=st.sampled_from(SCOPES),
)
def test_the_buckets_are_those_of_the_definitions_and_sum_to_the_difference(
    state_of: Callable[..., Any], deals: list[list[dict[str, Any]]], days: list[date], scope: Scope
) -> None:
    history = {f"d{number}": steps for number, steps in enumerate(deals)} | SEEN | {
        "d_commit": [SEEN["d_ada"][0] | {"category": "commit"}], "d_best": [SEEN["d_ada"][0] | {"category": "best_case"}]
    }  # fmt: skip
    first, last = (parse_as_of(day.isoformat()) for day in days)
    end = state_of(history, last.shown)
    found = compare(end, first, scope)
    expected: dict[str, dict[str, int]] = {name: {} for name in BUCKETS}
    for deal, steps in history.items():
        instants = [one.instant.replace(tzinfo=None) for one in (first, last)]
        name, change = bucket_of(*(at(steps, instant) for instant in instants), scope)
        if name is not None:
            expected[name][deal] = change
    told = {
        one["name"]: {deal["opportunity_id"]: cents(deal["change"]) for deal in one["deals"]}
        for one in found["buckets"]
    }
    assert told == expected
    for one in found["buckets"]:
        assert (one["count"], cents(one["amount"])) == (len(told[one["name"]]), sum(told[one["name"]].values()))
    listed = [deal for deals in told.values() for deal in deals]
    assert len(listed) == len(set(listed))
    difference = cents(found["end"]["amount"]) - cents(found["start"]["amount"])
    assert sum(cents(one["amount"]) for one in found["buckets"]) == difference
    if scope == EVERYTHING:
        for name, day in (("start", first), ("end", last)):
            tracked = track(state_of(history, day.shown))
            assert found[name]["amount"] == tracked["open_pipeline_value"]
            assert found[name]["count"] == tracked["open_opportunities"]


def moved(state_of: Callable[..., Any], first: dict[str, Any], then: dict[str, Any], **options: Any) -> dict[str, Any]:
    """The one bucket with a deal that was so on 1 February and is so on 1 March."""
    base = {"stage": "lead", "rep": "Ada", "team": "North", "close_date": date(2026, 3, 15)}
    steps = [{"at": datetime(2026, 1, 10), **base, **first}, {"at": datetime(2026, 2, 10), **base, **then}]
    scope = options.pop("scope", EVERYTHING)
    found = compare(state_of({"d1": steps}, "2026-03-01", **options), parse_as_of("2026-02-01"), scope)
    [bucket] = [one for one in found["buckets"] if one["count"]]
    assert [(deal["name"], deal["account_name"]) for deal in bucket["deals"]] == [("Deal d1", "Account d1")]
    return bucket


EURO = {"currency": "EUR", "own": 100_00, "amount": None}
RATES = [("EUR", date(2026, 1, 1), 1.1), ("EUR", date(2026, 2, 20), 1.2), ("EUR", date(2026, 6, 1), 9.0)]


def test_a_rate_that_changed_is_told_apart_from_a_deal_that_did(state_of: Callable[..., Any]) -> None:
    rate = moved(state_of, EURO, EURO, rates=RATES)
    assert (rate["name"], rate["amount"]) == ("currency", 10.0)
    assert [rate["deals"][0][when]["amount"] for when in ("before", "after")] == [110.0, 120.0]
    grown = moved(state_of, EURO, EURO | {"own": 150_00}, rates=RATES)
    assert (grown["name"], grown["amount"]) == ("amount_up", 70.0)
    changed = moved(state_of, EURO, {"amount": 100_00}, rates=RATES)
    assert (changed["name"], changed["amount"]) == ("currency", -10.0)
    unknown = moved(state_of, {"amount": None, "own": None, "currency": None}, {"amount": 5_00})
    assert (unknown["name"], unknown["amount"]) == ("amount_up", 5.0)


def test_an_open_deal_abroad_is_worth_what_the_rate_of_the_day_says_in_every_figure(
    state_of: Callable[..., Any],
) -> None:
    history = {"d1": [{"at": datetime(2026, 1, 10), "stage": "lead", "close_date": date(2026, 9, 1), **EURO}]}
    worth = {day: track(state_of(history, day, rates=RATES)) for day in ("2025-12-31", "2026-01-31", "2026-06-30")}
    assert [one["open_pipeline_value"] for one in worth.values()] == [0, 110.0, 900.0]
    no_rate = track(state_of(history, "2026-01-31"))
    assert (no_rate["open_pipeline_value"], no_rate["amount_unknown"]) == (0, 1)


def test_what_was_created_and_closed_in_between_is_told_beside_the_buckets(state_of: Callable[..., Any]) -> None:
    steps = [
        {"at": datetime(2026, 2, 2), "stage": "lead"},
        {"at": datetime(2026, 2, 9), "stage": "closed_won", "amount": 70_00},
    ]
    found = compare(state_of({"d1": steps}, "2026-03-01"), parse_as_of("2026-02-01"), EVERYTHING)
    assert not any(one["count"] for one in found["buckets"])
    assert found["created_and_closed_between"] == {
        "won": {"amount": 70.0, "count": 1},
        "lost": {"amount": 0, "count": 0},
    }


def test_before_the_first_record_there_was_nothing_and_an_empty_store_has_no_change(
    state_of: Callable[..., Any],
) -> None:
    empty = compare(state_of({}, "2026-03-01"), parse_as_of("1999-01-01"), EVERYTHING)
    assert (empty["start"], empty["end"]) == (({"amount": 0, "count": 0, "amount_unknown": 0},) * 2)
    new = compare(
        state_of({"d1": [{"at": datetime(2026, 2, 2), "stage": "lead"}]}, "2026-03-01"),
        parse_as_of("1999-01-01"),
        EVERYTHING,
    )
    assert [one["name"] for one in new["buckets"] if one["count"]] == ["created"]
    assert (new["start"]["count"], new["end"]["amount_unknown"]) == (0, 1)


def test_a_scope_that_no_deal_was_ever_in_is_an_error_that_names_the_nearest(state_of: Callable[..., Any]) -> None:
    state = state_of(SEEN, "2026-03-01")
    with pytest.raises(InvalidInput, match="sales_rep: no deal ever had 'Adda'; there is Ada"):
        compare(state, parse_as_of("2026-02-01"), Scope(sales_rep="Adda"))
    with pytest.raises(InvalidInput, match="category: no deal ever had 'sure'"):
        compare(state, parse_as_of("2026-02-01"), Scope(category="sure"))


@pytest.mark.parametrize("label", ["2026-Q5", "2026-13", "Q1", "26", "9999", "2026-1", ""])
def test_a_period_that_is_none_is_refused(label: str) -> None:
    with pytest.raises(InvalidInput, match="write a month"):
        parse_period(label)


@pytest.mark.parametrize("label", ["2026", "2026-Q3", "2026-12"])
def test_a_period_is_read_as_it_is_written(label: str) -> None:
    assert parse_period(label).label == label
