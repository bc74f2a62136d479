"""The warnings about open deals: who has them and why, and what cannot be judged."""

# ruff: noqa: DTZ001
# The column tables hold instants as naive UTC.

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, get_args

import pytest

from sales_operations.pipeline.insights import insights_of
from sales_operations.settings.pipeline_management import Warned

NOW = datetime(2026, 6, 30, 12)
NAMES = get_args(Warned)


def won(number: int, amount: int | None = 100_000, days: int = 10) -> list[dict[str, Any]]:
    start = datetime(2026, 5, 1) + timedelta(days=number)
    first = {"at": start, "stage": "proposal", "amount": amount, "rep": "Ada"}
    return [first, first | {"at": start + timedelta(days=days), "stage": "closed_won"}]


def deal(*changes: dict[str, Any], age: int = 5, **given: Any) -> list[dict[str, Any]]:
    """An open deal of so many days; each change holds from ``ago`` days before now."""
    steps = [{"at": NOW - timedelta(days=age), "stage": "proposal", "amount": 50_000, "rep": "Ada"} | given]
    for change in changes:
        steps.append(steps[-1] | {"at": NOW - timedelta(days=change["ago"])} | change)
    return steps


def found(state: Any, name: str) -> tuple[str, list[str], int]:
    """Severity, deals, and how many could be judged."""
    one = insights_of(state)[name]
    assert one["count"] == len(one["deals"])
    return one["severity"], sorted(entry["opportunity_id"] for entry in one["deals"]), one["judged"]


def why(state: Any, name: str) -> list[str]:
    return [entry["explanation"] for entry in insights_of(state)[name]["deals"]]


def test_pushed_again_counts_moves_to_a_later_day_alone(state_of):
    dates = [date(2026, 7, day) for day in range(1, 9)]
    history = {
        "twice": deal({"ago": 4, "close_date": dates[1]}, {"ago": 3, "close_date": dates[2]}, close_date=dates[0]),
        "there_and_back": deal(
            {"ago": 4, "close_date": dates[2]}, {"ago": 3, "close_date": dates[1]}, close_date=dates[0]
        ),
        "over_a_gap": deal(
            {"ago": 4, "close_date": None}, {"ago": 3, "close_date": dates[1]}, {"ago": 2, "close_date": dates[2]},
            close_date=dates[0],
        ),
        "undated": deal(),
    }  # fmt: skip
    assert found(state_of(history), "pushed_again") == ("critical", ["over_a_gap", "twice"], 3)
    assert "1 more cannot be judged" in insights_of(state_of(history))["pushed_again"]["explanation"]
    config = {"pipeline_management": {"insights": {"thresholds": {"pushes": 1}}}}
    assert found(state_of(history, config=config), "pushed_again")[1] == ["over_a_gap", "there_and_back", "twice"]


def test_an_amount_shrinks_from_its_highest_in_its_own_currency(state_of):
    history = {
        "a_tenth": deal({"ago": 3, "amount": 45_000}),
        "less": deal({"ago": 3, "amount": 45_001}),
        "after_growing": deal({"ago": 4, "amount": 100_000}, {"ago": 3, "amount": 80_000}),
        "other_currency": deal({"ago": 3, "own": 10_000, "currency": "EUR", "amount": None}),
        "without": deal(amount=None),
    }
    assert found(state_of(history), "amount_shrinking") == ("warning", ["a_tenth", "after_growing"], 4)
    assert why(state_of(history), "amount_shrinking") == [
        "The amount fell from 1,000.00 USD to 800.00 USD.", "The amount fell from 500.00 USD to 450.00 USD.",
    ]  # fmt: skip


def test_a_deal_is_unusually_large_beside_the_median_of_at_least_five_won_deals(state_of):
    past = {f"won{number}": won(number, amount) for number, amount in enumerate((10_000, 20_000, 30_000, 90_000))}
    history = {"big": deal(amount=90_001), "at_the_limit": deal(amount=90_000), "unknown": deal(amount=None)}
    assert found(state_of(past | history), "unusually_large") == ("unknown", [], 0)
    past["won5"] = won(5, 30_000)
    assert found(state_of(past | history), "unusually_large") == ("warning", ["big"], 2)
    assert why(state_of(past | history), "unusually_large") == ["Worth 900.01 USD; the median won deal was 300.00 USD."]


def test_a_rep_is_overloaded_beside_the_median_of_at_least_three(state_of):
    history = {f"{rep}{number}": deal(rep=rep) for rep, count in (("Ada", 4), ("Bo", 2)) for number in range(count)}
    history |= {f"nobody{number}": deal(rep=None) for number in range(9)}
    assert found(state_of(history), "rep_overloaded")[0] == "unknown"
    history["Cy0"] = deal(rep="Cy")
    assert found(state_of(history), "rep_overloaded") == ("critical", ["Ada0", "Ada1", "Ada2", "Ada3"], 7)
    assert why(state_of(history), "rep_overloaded")[0] == "Ada has 4 open deals; the reps' median is 2."


def test_stalled_takes_as_many_times_the_usual_stay_as_is_configured(state_of):
    past = {f"won{number}": won(number, days=10) for number in range(5)}
    history = past | {"fine": deal(age=10), "slow": deal(age=11), "slower": deal(age=21)}
    assert found(state_of(history), "stalled") == ("critical", ["slow", "slower"], 3)
    config = {"pipeline_management": {"insights": {"thresholds": {"stalled_times": 2.0}}}}
    assert found(state_of(history, config=config), "stalled") == ("warning", ["slower"], 3)
    assert found(state_of(history | {"early": deal(age=99, stage="lead")}), "stalled")[2] == 3


def test_contacts_are_those_of_the_deal_and_of_its_activities(state_of):
    history = {"one": deal(), "two": deal(), "same": deal(), "none": deal()}
    state = state_of(history, activities=[("one", "Ada", NOW), ("two", "Ada", NOW), ("same", "Ada", NOW)])
    assert found(state, "single_contact")[0] == "unknown"
    state = state_of(history, activities=[("one", "Ada", NOW), ("two", "Ada", NOW), ("same", "Ada", NOW)])
    state.db.execute("UPDATE activities SET contact_id = 'c1' WHERE opportunity_id <> 'one'")
    state.db.execute("UPDATE opportunities SET contact_id = 'c2' WHERE opportunity_id IN ('one', 'two')")
    state.db.execute("UPDATE opportunities SET contact_id = 'c1' WHERE opportunity_id = 'same'")
    assert found(state, "single_contact") == ("critical", ["none", "one", "same"], 4)
    state.db.execute("INSERT INTO roles VALUES ('one', 'c3', NULL, TIMESTAMP '2026-01-01', TIMESTAMP '9999-12-31')")
    state.db.execute("INSERT INTO roles VALUES ('same', 'c3', NULL, TIMESTAMP '2026-01-01', TIMESTAMP '2026-02-01')")
    state.db.execute("INSERT INTO roles VALUES ('none', 'c3', NULL, TIMESTAMP '2027-01-01', TIMESTAMP '9999-12-31')")
    assert found(state, "single_contact")[1] == ["none", "same"]


def test_a_next_step_is_missing_only_where_next_steps_are_noted_and_only_today(state_of):
    history = {"planned": deal(), "blank": deal(), "empty": deal()}
    assert found(state_of(history), "no_next_step")[0] == "unknown"
    for as_of, expected in ((None, ("critical", ["blank", "empty"], 3)), ("2026-06-30", ("unknown", [], 0))):
        state = state_of(history, as_of)
        state.db.execute("UPDATE opportunities SET next_step = 'call' WHERE opportunity_id = 'planned'")
        state.db.execute("UPDATE opportunities SET next_step = ' ' WHERE opportunity_id = 'blank'")
        assert found(state, "no_next_step") == expected


DUE = {"d1": deal(close_date=date(2026, 7, 1)), "d2": deal(close_date=date(2026, 9, 30)),
       "later": deal(close_date=date(2026, 10, 1)), "now": deal(close_date=date(2026, 6, 30))}  # fmt: skip


@pytest.mark.parametrize(
    ("quotas", "basis", "target", "severity"),
    [
        ([], "run_rate", 6_000.0, "critical"),
        ([("Ada", None, "quarter", 50_000), (None, "t1", "quarter", 1)], "quota", 500.0, "warning"),
        ([("Ada", None, "month", 20_000), ("Bo", None, "month", 10_000)], "quota", 300.0, "ok"),
        ([(None, "t1", "quarter", 200_000)], "quota", 2_000.0, "critical"),
        ([("Ada", None, "quarter", 50_000), ("Ada", None, "month", 20_000)], "quota", 500.0, "warning"),
    ],
)
def test_coverage_of_next_quarter_is_against_its_quota_or_the_run_rate(
    state_of: Any, quotas: list[tuple[Any, ...]], basis: str, target: float, severity: str
) -> None:
    state = state_of(DUE | {f"won{number}": won(number) for number in range(6)})
    for user, team, period, amount in quotas:
        state.db.execute("INSERT INTO quotas VALUES (?, ?, ?, ?, ?)", [user, team, period, date(2026, 7, 1), amount])
    state.db.execute("INSERT INTO quotas VALUES ('Ada', NULL, 'quarter', DATE '2026-10-01', 999999)")
    one = insights_of(state)["coverage_gap_next_quarter"]
    assert (one["quarter"], one["basis"], one["target"], one["amount"]) == ("2026-Q3", basis, target, 1_000.0)
    assert one["coverage"] == pytest.approx(1_000 / target)
    assert one["severity"] == severity
    assert [entry["opportunity_id"] for entry in one["deals"]] == ([] if severity == "ok" else ["d1", "d2"])


def test_what_cannot_be_judged_is_unknown_and_says_why(state_of):
    nothing = insights_of(state_of({}))
    assert {nothing[name]["severity"] for name in NAMES} == {"unknown"}
    assert {nothing[name]["explanation"] for name in NAMES} == {"There are no open deals."}
    bare = insights_of(state_of({"d1": [{"at": NOW - timedelta(days=9), "stage": "lead"}]}))
    assert {name for name in NAMES if bare[name]["severity"] != "unknown"} == set()
    assert bare["no_activity"]["explanation"] == (
        "None of the 1 open deals can be judged: no activity with a deal is recorded."
    )
    assert bare["coverage_gap_next_quarter"]["explanation"].startswith("It cannot be judged: 2026-Q3 has no quota")
    assert all(bare[name]["next_action"] == "None." for name in NAMES)
