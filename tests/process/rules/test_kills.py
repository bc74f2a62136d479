"""A worker that is killed at any moment: what it began is finished by the next one, and nothing is done twice."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from tests.process.rules.conftest import Automated

WORKER = """
import sys
from sqlalchemy import event
from sales_operations.process.rules.engine import work
from sales_operations.workspace import open_workspace
workspace = open_workspace({}, database=sys.argv[1])
event.listen(workspace.engine, "before_cursor_execute", lambda *_: print("step", flush=True))
work(workspace)
"""
RULES = """rules:
  - name: welcome
    when: opportunity.created
    then: [task: {title: "{{ deal.id }}"}, notify: {to: owner, subject: New, message: "{{ deal.id }}"}]
  - {name: forward, when: opportunity.created, if: {field: stage, is: lead}, then: [move: qualified]}
  - {name: reached, when: opportunity.stage_changed, then: [sequence: later]}
sequences:
  - {name: later, steps: [{wait_days: 0, do: {task: {title: "later {{ deal.id }}"}}}]}
"""


def check(firm: Automated, deals: int, kills: int, seed: int) -> None:
    firm.apply(RULES)
    names = sorted(firm.deal(f"opp_{number}") for number in range(deals))
    chance = random.Random(seed)
    for _ in range(kills):
        worker = subprocess.Popen([sys.executable, "-c", WORKER, firm.stores.url], stdout=subprocess.PIPE, text=True)
        assert worker.stdout is not None
        for _ in range(chance.randrange(1, 12 * deals)):  # statements until it is killed, if it gets so far
            if not worker.stdout.readline():
                break
        worker.kill()
        worker.communicate()
    # The killed workers lived by the machine's clock: what they left is due by it.
    firm.stores.clock.now = max(firm.stores.clock.now, datetime.now(UTC)) + timedelta(hours=1)
    firm.work()
    titles = sorted(task["title"] for task in firm.rows("tasks"))
    assert titles == sorted([*names, *(f"later {name}" for name in names)])
    assert sorted(note["message"] for note in firm.rows("notifications")) == names
    assert {row["stage"] for row in firm.rows("opportunities")} == {"qualified"}
    assert [run["status"] for run in firm.rows("sequence_runs")] == ["finished"] * deals
    assert firm.findings() == []
    assert firm.work() == 0


def test_a_worker_that_is_killed_loses_nothing_and_doubles_nothing(firm: Automated) -> None:
    check(firm, 25, 3, 1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_many_kills(firm: Automated, seed: int) -> None:
    check(firm, 120, 12, seed)
