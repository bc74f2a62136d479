"""How often warnings were right, against a plain reading of the same histories; and nothing from after each look."""

# ruff: noqa: DTZ001
# The column tables hold instants as naive UTC.

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np
import pytest

from sales_operations.domain.clock import AsOf, parse_as_of
from sales_operations.estimation.intervals import wilson
from sales_operations.pipeline.alerts.record import records
from sales_operations.pipeline.moments import past
from sales_operations.pipeline.watch import Watch

AS_OF = "2026-06-30"
END = datetime(2026, 6, 30, 23, 59, 59, 999999)
DAY = 86_400
HORIZON, WEEKS = 60, 30
EVENT = {"no_activity": "lost", "overdue": "not_won", "stalled": "not_won", "pushed_again": "not_won",
         "amount_shrinking": "lost", "unusually_large": "not_won", "rep_overloaded": "not_won"}  # fmt: skip
FLAG = {"no_activity": "idle", "overdue": "overdue", "stalled": "stale", "pushed_again": "pushed",
        "amount_shrinking": "shrunk", "unusually_large": "large", "rep_overloaded": "overloaded"}  # fmt: skip
Steps = list[dict[str, Any]]
OPEN = ("lead", "qualified", "proposal", "negotiation")


def looks(history: dict[str, Steps]) -> list[datetime]:
    """Weekly, the last of them a horizon before the last closing."""
    closings = []
    for steps in history.values():
        if (now := at(steps, END)) and now["stage"].startswith("closed"):
            ends = [step["at"] for step in steps[1:]] + [END]
            left = [
                end for step, end in zip(steps, ends, strict=True) if step["stage"] in OPEN and not step.get("deleted")
            ]
            closings.append(max(end for end in left if end <= END))
    last = max(closings) - timedelta(days=HORIZON)
    return [last - timedelta(days=7 * back) for back in reversed(range(WEEKS + 1))]


def at(steps: Steps, instant: datetime) -> dict[str, Any] | None:
    known = [step for step in steps if step["at"] <= instant]
    return known[-1] if known and not known[-1].get("deleted") else None


def seconds(steps: Steps, stage: str, instant: datetime) -> int | None:
    """Whole seconds in a stage up to an instant, deletions left out; None where the deal never was in it."""
    spans = [
        (step["at"], min(end, instant))
        for step, end in zip(steps, [step["at"] for step in steps[1:]] + [datetime(9999, 1, 1)], strict=True)
        if step["at"] <= instant and step["stage"] == stage and not step.get("deleted")
    ]
    return sum(int((end - start).total_seconds()) for start, end in spans) if spans else None


def pushes(steps: Steps, instant: datetime) -> int | None:
    dates = [
        step["close_date"]
        for step in steps
        if step["at"] <= instant and step["close_date"] is not None and not step.get("deleted")
    ]
    return sum(later > before for before, later in pairwise(dates)) if dates else None


def flags(history: dict[str, Steps], calls: list[tuple[str, str, datetime]], instant: datetime) -> dict[str, Any]:
    """Deal to the warnings that it had at an instant, by what had happened by then; None where nobody could say."""
    now = {deal: step for deal, steps in history.items() if (step := at(steps, instant))}
    won = [deal for deal, step in now.items() if step["stage"] == "closed_won"]
    limit = {}
    for stage in OPEN:
        stays = [stay for deal in won if (stay := seconds(history[deal], stage, instant)) is not None]
        limit[stage] = float(np.quantile(stays, 0.9)) if len(stays) >= 5 else None
    sizes = [now[deal]["amount"] for deal in won if now[deal]["amount"] is not None]
    usual = float(np.median(sizes)) if len(sizes) >= 5 else None
    opened = {deal: step for deal, step in now.items() if step["stage"] in OPEN}
    loads: dict[str, int] = {}
    for step in opened.values():
        if step["rep"]:
            loads[step["rep"]] = loads.get(step["rep"], 0) + 1
    middle = median(loads.values()) if len(loads) >= 3 else None
    any_call = any(when <= instant for _, _, when in calls)
    found = {}
    for deal, step in opened.items():
        steps = [one for one in history[deal] if one["at"] <= instant and not one.get("deleted")]
        done = [when for other, _, when in calls if other == deal and when <= instant]
        peak = max((one["amount"] for one in steps if one["amount"] is not None), default=None)
        stay, amount, moved = seconds(history[deal], step["stage"], instant), step["amount"], pushes(steps, instant)
        found[deal] = {
            "no_activity": (
                int((instant - (max(done) if done else steps[0]["at"])).total_seconds()) > 30 * DAY
                if any_call
                else None
            ),
            "overdue": None if step["close_date"] is None else step["close_date"] < instant.date(),
            "stalled": None if limit[step["stage"]] is None else (stay or 0) > limit[step["stage"]],
            "pushed_again": None if moved is None else moved >= 2,
            "amount_shrinking": None if amount is None or not peak else amount <= peak * 0.9,
            "unusually_large": None if usual is None or amount is None else amount > 3 * usual,
            "rep_overloaded": None if middle is None or not step["rep"] else loads[step["rep"]] > 1.5 * middle,
        }
    return found


@pytest.fixture(scope="module")
def calls(company: dict[str, Steps]) -> list[tuple[str, str, datetime]]:
    chance = random.Random(5)
    return [
        (chance.choice(list(company)), "Ada", datetime(2025, 12, 15) + timedelta(hours=chance.randrange(24 * 190)))
        for _ in range(250)
    ]


@pytest.fixture(scope="module")
def laden(company: dict[str, Steps]) -> dict[str, Steps]:
    """The company, with reps who differ in how much they have to do."""
    names = {deal: ("Ada", "Ada", "Ada", "Bo", "Cy", None)[number % 6] for number, deal in enumerate(company)}
    return {deal: [step | {"rep": names[deal]} for step in steps] for deal, steps in company.items()}


def as_of(instant: datetime) -> AsOf:
    return parse_as_of(instant.isoformat() + "+00:00")


def test_every_past_look_sees_what_was_so_then(state_of: Any, laden: Any, calls: Any) -> None:
    state = state_of(laden, AS_OF, activities=calls)
    moments = looks(laden)
    seen: dict[datetime, dict[str, dict[str, bool | None]]] = {moment: {} for moment in moments}
    for row in state.rows(Watch(state, past(state, [as_of(moment) for moment in moments])).deals):
        seen[row["origin"]][row["opportunity_id"]] = {name: row[flag] for name, flag in FLAG.items()}
    for moment in moments:
        assert seen[moment] == flags(laden, calls, moment), moment
    raised = [name for deals in seen.values() for one in deals.values() for name, flag in one.items() if flag]
    assert set(raised) == set(FLAG)


def test_the_records_are_those_of_a_plain_reading(state_of: Any, laden: Any, calls: Any) -> None:
    found = records(state_of(laden, AS_OF, activities=calls), list(FLAG), HORIZON, WEEKS)
    moments = looks(laden)
    assert (found["from"], found["to"]) == tuple(
        moment.isoformat(timespec="seconds") + "+00:00" for moment in (moments[0], moments[-1])
    )
    assert found["looks"] == WEEKS + 1
    had = {moment: flags(laden, calls, moment) for moment in moments}

    def happened(name: str, deal: str, moment: datetime) -> bool:
        then = at(laden[deal], moment + timedelta(days=HORIZON))
        stage = then["stage"] if then else None
        return stage == "closed_lost" if EVENT[name] == "lost" else stage != "closed_won"

    measured = 0
    for name in FLAG:
        judged = [moment for moment in moments if any(one[name] is not None for one in had[moment].values())]
        first: dict[str, datetime] = {}
        for moment in moments[1:]:
            for deal, one in had[moment].items():
                asked_before = [earlier for earlier in moments if earlier < moment and deal in had[earlier]]
                new = not (asked_before and had[asked_before[-1]][deal][name])
                if one[name] and new and moment > judged[0] and deal not in first:
                    first[deal] = moment
        hits = [deal for deal, moment in first.items() if happened(name, deal, moment)]
        base = [
            sum(happened(name, other, moment) for other in had[moment]) / len(had[moment]) for moment in first.values()
        ]
        leads = []
        for deal in hits:
            losses = [
                step["at"]
                for step in laden[deal]
                if step["at"] > first[deal] and step["stage"] == "closed_lost" and not step.get("deleted")
            ]
            then = at(laden[deal], first[deal] + timedelta(days=HORIZON))
            if then and then["stage"] == "closed_lost":
                leads.append((losses[0] - first[deal]).total_seconds() / DAY)
        one = found["records"][name]
        assert (one["n"], one["came_true"], one["lead_n"]) == (len(first), len(hits), len(leads)), name
        if first:
            assert one["base_rate"] == pytest.approx(sum(base) / len(base))
            low, high = wilson(len(hits), len(first), 1.959964)
            assert (one["precision"]["low"], one["precision"]["high"]) == pytest.approx((low, high))
            assert one["lift"] == pytest.approx(len(hits) / len(first) / (sum(base) / len(base)))
        if leads:
            assert one["lead_days"] == pytest.approx(median(leads), abs=1e-5)
        measured += bool(first)
    assert measured >= 6


def test_what_came_later_changes_no_earlier_look(state_of: Any, laden: Any, calls: Any) -> None:
    moments = [as_of(moment) for moment in looks(laden)[:10]]
    last = moments[-1].instant.replace(tzinfo=None)
    before = {deal: kept for deal, steps in laden.items() if (kept := [one for one in steps if one["at"] <= last])}
    called = [call for call in calls if call[2] <= last]
    rows = []
    for history, known in ((laden, calls), (before, called)):
        state = state_of(history, AS_OF, activities=known)
        watched = Watch(state, past(state, moments)).deals.select("origin", "opportunity_id", *FLAG.values())
        rows.append(sorted(map(str, state.rows(watched))))
    assert rows[0] == rows[1]


def test_several_moments_at_once_are_the_states_of_each(state_of: Any) -> None:
    steps = [
        {"at": datetime(2026, 1, 1), "stage": "lead", "own": 100_00, "currency": "EUR", "amount": None},
        {"at": datetime(2026, 2, 1), "stage": "proposal", "own": 200_00, "currency": "EUR", "amount": None},
        {"at": datetime(2026, 3, 1), "stage": "closed_won", "own": 200_00, "currency": "EUR", "amount": 230_00},
    ]
    rates = [("EUR", date(2026, 1, 1), 1.1), ("EUR", date(2026, 2, 10), 1.2)]
    state = state_of(
        {"d1": steps, "d2": [{"at": datetime(2026, 1, 5), "stage": "lead", "amount": 5_00}]}, AS_OF, rates=rates
    )
    days = ("2026-01-10", "2026-02-05", "2026-02-20", "2026-03-05")
    moments = [parse_as_of(day) for day in days]
    rows = state.rows(past(state, moments).deals)
    asked = ("opportunity_id", "stage", "status", "amount_minor", "close_date", "overdue", "sales_rep", "opened_at",
             "closed_at", "seconds_in_stage", "cycle_seconds", "seconds_in_lead", "seconds_in_proposal")  # fmt: skip
    for moment in moments:
        then = moment.instant.replace(tzinfo=None)
        many = [{name: row[name] for name in asked} for row in rows if row["origin"] == then]
        alone = [{name: row[name] for name in asked} for row in state.rows(state.seen_from(moment).journeyed)]
        assert sorted(many, key=str) == sorted(alone, key=str)
    worth = [
        row["amount_minor"] for row in sorted(rows, key=lambda row: row["origin"]) if row["opportunity_id"] == "d1"
    ]
    assert worth == [110_00, 220_00, 240_00, 230_00]
