"""Sequences: steps with waits, each done once, until the deal gives a reason to stop."""

from __future__ import annotations

from typing import Any

import pytest

from sales_operations.effects.notifications import inbox
from tests.process.rules.conftest import Automated

RULES = """rules:
  - {name: begin, when: opportunity.created, then: [sequence: follow-up]}
sequences:
  - name: follow-up
    stop: STOP
    steps:
      - {wait_days: 0, do: {task: {title: First}}}
      - {wait_days: 2, do: {task: {title: Second}}}
      - {wait_days: 3, do: {notify: {to: manager, subject: Cold, message: "{{ deal.id }}"}}}
"""


def rules(stop: str = "[close, stage_change, reply]") -> str:
    return RULES.replace("STOP", stop)


def day_by_day(firm: Automated, days: int) -> list[list[str]]:
    """The titles of the tasks after each day, the first one being today."""
    found = []
    for day in range(days):
        if day:
            firm.stores.clock.advance(days=1)
        firm.work()
        firm.work()
        found.append([task["title"] for task in firm.rows("tasks")])
    return found


def test_each_step_is_done_once_when_its_wait_is_over(firm: Automated) -> None:
    firm.apply(rules())
    firm.deal()
    assert day_by_day(firm, 7) == [["First"]] * 2 + [["First", "Second"]] * 5
    with firm.workspace.reading() as connection:
        assert [note["recipient"] for note in inbox(connection)] == ["Mia"]
    (run,) = firm.rows("sequence_runs")
    assert (run["status"], run["step"], run["reason"]) == ("finished", 2, None)
    steps = [one for one in firm.firings() if one["rule"] == "sequence follow-up"]
    assert [(one["cause"].split(" of ")[0], one["chain"]) for one in steps] == [
        ("step 1", ["begin"]), ("step 2", ["begin"]), ("step 3", ["begin"])]  # fmt: skip
    assert firm.findings() == []


CHANGES: list[tuple[str, dict[str, Any], str]] = [
    ("[close]", {"stage": "closed_lost"}, "the deal is lost"),
    ("[stage_change]", {"stage": "qualified"}, "the deal moved to qualified"),
    ("[close]", {"is_deleted": 1}, "the deal was deleted"),
]


@pytest.mark.parametrize(("stop", "change", "reason"), CHANGES)
def test_a_change_of_the_deal_stops_it(small: Automated, stop: str, change: dict[str, Any], reason: str) -> None:
    small.apply(rules(stop))
    small.deal()
    small.work()
    small.change(**change)
    assert day_by_day(small, 4)[-1] == ["First"]
    (run,) = small.rows("sequence_runs")
    assert (run["status"], run["reason"]) == ("stopped", reason)


@pytest.mark.parametrize(
    ("stop", "kind", "stops"),
    [
        ("[reply]", "Email reply", True),
        ("[reply]", "Call", False),
        ("[activity]", "Call", True),
        ("[{activity: call}]", "Call", True),
        ("[{activity: [meeting, call]}]", "Call", True),
        ("[{activity: meeting}]", "Call", False),
    ],
)
def test_an_activity_after_its_start_stops_it(small: Automated, stop: str, kind: str, stops: bool) -> None:
    small.apply(rules(stop))
    small.deal()
    old = {
        "id": "act_old",
        "activity_type": kind,
        "occurred_at": small.stores.clock.micros - 1,
        "opportunity_id": "opp_1",
    }
    small.add("activities", old)
    small.work()
    small.stores.clock.advance(hours=1)
    small.add("activities", old | {"id": "act_new", "occurred_at": small.stores.clock.micros})
    small.stores.clock.advance(days=2)
    small.work()
    assert len(small.rows("tasks")) == (1 if stops else 2)


def test_a_sequence_that_is_under_way_is_not_started_again(small: Automated) -> None:
    small.apply(rules("[close]").replace("when: opportunity.created", "when: opportunity.amount_changed"))
    small.deal()
    for amount in (1, 2):
        small.change(amount_minor=amount)
    small.work()
    assert len(small.rows("sequence_runs")) == 1
    assert small.firings(rule="begin")[1]["actions"][0]["reason"] == "the sequence is under way for this deal already"


def test_a_run_follows_the_version_that_it_was_started_with(small: Automated) -> None:
    small.apply(rules())
    small.deal()
    small.work()
    small.apply(rules().replace("Second", "Other"))
    assert day_by_day(small, 4)[-1] == ["First", "Second"]


def test_a_step_that_is_refused_ends_the_run_with_the_reason(small: Automated) -> None:
    small.apply(rules("[close]").replace("{task: {title: Second}}", "{assign: manager}"))
    small.deal(owner_id="user_bo")
    assert day_by_day(small, 5)[-1] == ["First"]
    (run,) = small.rows("sequence_runs")
    assert (run["status"], run["reason"]) == ("blocked", "opp_1 has no manager that is known here")
