"""Leads that nobody answers go on to the next rep, never back, and in the end to the manager."""

from __future__ import annotations

from typing import Any

import pytest

from sales_operations.domain.clock import from_micros
from sales_operations.process.assigning.absences import leave
from sales_operations.process.assigning.of_leads import hand_out, history
from sales_operations.process.assigning.response_times import work
from sales_operations.store import audit

FOUR_HOURS = {"assignment": {"response_time": {"hours": 4}}}


def staffed(company: Any, config: dict[str, Any] = FOUR_HOURS) -> Any:
    """Ada, Bo and Cy, led by Mo; a workspace with four hours to answer, on a Tuesday at noon."""
    company.add("users", {"id": "user_mo", "name": "Mo", "role": "manager"})
    company.reps("Bo", "Cy", manager_id="user_mo", role="rep")
    with company.workspace.unit("test") as unit:
        unit.update("users", unit.get("users", "user_ada"), {"manager_id": "user_mo", "role": "rep"})
    return company.stores.open(config)


def notes(company: Any) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for note in reversed(company.notes()):
        told.setdefault(note["recipient"], []).append(note["subject"])
    return told


def states(workspace: Any) -> list[tuple[str, str]]:
    return [(one.explanation.name, one.status) for one in reversed(history(workspace, "lead_1"))]


def test_a_lead_is_due_after_so_many_working_hours(small: Any) -> None:
    workspace = staffed(small)
    [handed] = hand_out(workspace, ["lead_1"])
    assert handed.due_at is not None
    assert from_micros(handed.due_at).isoformat() == "2026-11-24T16:00:00+00:00"
    assert "Answer it by 2026-11-24 16:00 (UTC)." in small.notes()[0]["message"]
    assert small.stores.execute("SELECT status FROM assignments") == [("waiting",)]


def test_an_unanswered_lead_goes_on_and_never_back_until_the_manager_is_told(company: Any) -> None:
    workspace = staffed(company)
    clock = company.stores.clock
    hand_out(workspace, ["lead_1"])
    clock.advance(hours=4)
    assert work(workspace) == 0  # the last moment is in time
    clock.advance(seconds=1)
    assert (work(workspace), work(workspace)) == (1, 0)
    assert states(workspace) == [("Ada", "handed on"), ("Bo", "waiting")]
    clock.advance(days=1)
    assert work(workspace) == 1
    clock.advance(days=1)
    assert (work(workspace), work(workspace)) == (1, 0)
    assert states(workspace) == [("Ada", "handed on"), ("Bo", "handed on"), ("Cy", "escalated")]
    assert company.stores.execute("SELECT owner_id FROM leads WHERE id = 'lead_1'") == [("user_cy",)]
    assert notes(company) == {
        "Ada": ["New lead", "Lead handed on"],
        "Bo": ["Lead handed on", "Lead handed on"],
        "Cy": ["Lead handed on"],
        "Mo": ["Lead not answered"],
    }
    with workspace.reading() as connection:
        assert audit.verify(connection).findings == []


def test_where_nobody_else_is_there_the_manager_is_told_at_once_also_where_that_is_an_error(small: Any) -> None:
    workspace = staffed(small, {"assignment": {**FOUR_HOURS["assignment"], "when_nobody": "error"}})
    leave(workspace, "Bo")
    leave(workspace, "Cy")
    hand_out(workspace, ["lead_1"])
    small.stores.clock.advance(days=1)
    assert work(workspace) == 1
    assert states(workspace)[0] == ("Ada", "escalated")
    assert "nobody else can take it" in small.notes()[0]["message"]
    assert small.notes()[0]["recipient"] == "Mo"


def test_the_deal_of_a_converted_lead_goes_on_with_it(company: Any) -> None:
    staffed(company)
    deal = company.convert("lead_1", {"sales_operations": FOUR_HOURS})
    assert deal.sales_rep == "Ada"
    company.stores.clock.advance(days=1)
    assert work(company.stores.open(FOUR_HOURS)) == 1
    assert company.deal(deal.opportunity_id).sales_rep == "Bo"
    assert company.notes()[0]["opportunity_id"] == deal.opportunity_id


def called(company: Any, workspace: Any, deal: Any) -> None:
    now = company.stores.clock.micros
    company.add("activities", {"id": "act_1", "owner_id": "user_ada", "occurred_at": now, "lead_id": "lead_1"})


def met_about_the_deal(company: Any, workspace: Any, deal: Any) -> None:
    now = company.stores.clock.micros
    about = {"opportunity_id": deal.opportunity_id, "status": "completed"}
    company.add("activities", {"id": "act_1", "owner_id": "user_ada", "occurred_at": now, **about})


def moved(company: Any, workspace: Any, deal: Any) -> None:
    company.move(deal, "qualified")


@pytest.mark.parametrize("answer", [called, met_about_the_deal, moved])
def test_an_activity_of_the_rep_or_a_move_of_the_deal_is_an_answer(company: Any, answer: Any) -> None:
    workspace = staffed(company)
    deal = company.convert("lead_1", {"sales_operations": FOUR_HOURS})
    company.stores.clock.advance(hours=1)
    answered = company.stores.clock.micros
    answer(company, workspace, deal)
    company.stores.clock.advance(days=1)
    assert work(workspace) == 0
    [kept] = history(workspace, "lead_1")
    assert (kept.status, kept.answered_at) == ("answered", answered)


@pytest.mark.parametrize(
    "activity",
    [
        {"owner_id": "user_bo", "lead_id": "lead_1"},
        {"owner_id": "user_ada", "lead_id": "lead_2"},
        {"owner_id": "user_ada", "lead_id": "lead_1", "status": "Planned"},
        {"owner_id": "user_ada", "lead_id": "lead_1", "is_deleted": 1},
    ],
)
def test_what_another_did_or_what_did_not_happen_is_no_answer(small: Any, activity: dict[str, Any]) -> None:
    workspace = staffed(small)
    small.leads("lead_2")
    hand_out(workspace, ["lead_1"])
    small.stores.clock.advance(hours=1)
    small.add("activities", {"id": "act_1", "occurred_at": small.stores.clock.micros, **activity})
    small.stores.clock.advance(days=1)
    assert work(workspace) == 1


def test_a_change_of_the_lead_s_status_is_an_answer(small: Any) -> None:
    workspace = staffed(small)
    hand_out(workspace, ["lead_1"])
    small.stores.clock.advance(hours=2)
    with workspace.unit("test") as unit:
        unit.update("leads", unit.get("leads", "lead_1"), {"status": "working"})
    small.stores.clock.advance(days=1)
    assert work(workspace) == 0
    assert states(workspace) == [("Ada", "answered")]


def test_the_conversion_that_assigns_is_no_answer_but_a_later_one_is(small: Any) -> None:
    workspace = staffed(small)
    hand_out(workspace, ["lead_1"])
    small.stores.clock.advance(hours=2)
    small.convert("lead_1")
    small.stores.clock.advance(days=1)
    assert work(workspace) == 0
    assert states(workspace) == [("Ada", "answered"), ("Ada", "kept")]


def test_a_lead_that_somebody_gave_away_or_closed_is_left_alone(small: Any) -> None:
    workspace = staffed(small)
    small.leads("lead_2")
    hand_out(workspace, ["lead_1", "lead_2"])
    with workspace.unit("test") as unit:
        unit.update("leads", unit.get("leads", "lead_1"), {"owner_id": "user_cy"})
        unit.update("leads", unit.get("leads", "lead_2"), {"is_deleted": 1})
    small.stores.clock.advance(days=1)
    assert work(workspace) == 0
    rows = small.stores.execute("SELECT lead_id, status FROM assignments ORDER BY lead_id")
    assert rows == [("lead_1", "taken over"), ("lead_2", "closed")]


def test_a_rule_may_have_a_time_of_its_own(small: Any) -> None:
    rule = {"name": "Hot", "users": ["Bo"], "respond_within_hours": 1}
    workspace = staffed(small, {"assignment": {"rules": [rule], "response_time": {"hours": 8}}})
    [handed] = hand_out(workspace, ["lead_1"])
    assert handed.due_at == small.stores.clock.micros + 3_600_000_000


def test_without_a_time_nothing_is_ever_due(small: Any) -> None:
    workspace = staffed(small, {})
    hand_out(workspace, ["lead_1"])
    small.stores.clock.advance(days=100)
    assert work(workspace) == 0
    assert states(workspace) == [("Ada", "given")]


def test_many_overdue_leads_are_handed_on_evenly_in_several_transactions(small: Any) -> None:
    workspace = staffed(small)
    ids = [f"lead_n{number:03}" for number in range(450)]
    small.leads(*ids)
    hand_out(workspace, ids)
    small.stores.clock.advance(days=1)
    assert work(workspace) == 450
    counts = small.stores.execute(
        "SELECT owner_id, count(*) FROM leads WHERE id LIKE 'lead_n%' GROUP BY owner_id ORDER BY owner_id"
    )
    numbers = [count for _, count in counts]
    assert (len(numbers), sum(numbers)) == (3, 450)
    assert max(numbers) - min(numbers) <= 3
