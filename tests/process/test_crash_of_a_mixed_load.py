"""Processes that convert, move, quote and notify, killed at any moment: nothing acknowledged is lost, nothing is doubled."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sales_operations.store import audit, history
from tests.effects import kills as worker
from tests.effects.conftest import Web
from tests.process.mixed_load import QUOTED

FEW = 10
"""A load is killed before it has told more."""
LONGEST = 0.03
"""Seconds that it then goes on at most: about as long as its longest step."""


class Load(subprocess.Popen[str]):
    """The process whose children are killed."""

    def __init__(self, url: str, config: Path) -> None:
        command = [sys.executable, str(Path(__file__).with_name("mixed_load.py")), url, str(config)]
        super().__init__(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._line() == ["ready"]

    def _line(self) -> list[str]:
        assert self.stdout is not None
        line = self.stdout.readline()
        return line.rstrip("\n").split("\t") if line.endswith("\n") else [line]

    def killed(self, seed: str, after: int, seconds: float) -> list[list[str]]:
        """Let a child work until it told so much, and a little longer, kill it, and give what was acknowledged."""
        assert self.stdin is not None
        self.stdin.write(f"{seed}\n")
        self.stdin.flush()
        told: list[list[str]] = []
        while not told or told[-1][0] != "child":
            told.append(self._line())
        child = int(told.pop()[1])
        told += [self._line() for _ in range(after)]
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        while (words := self._line())[0] != "ended":
            # A line that the kill cut off was not told, and its rest is what the next one begins with.
            told.append(words)
        return told


@pytest.fixture
def web() -> Iterator[Web]:
    """Where notifications are delivered to."""
    made = Web()
    made.open.set()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def loads() -> Iterator[list[Load]]:
    started: list[Load] = []
    yield started
    for one in started:
        one.kill()
        one.communicate()


def kills(of: int) -> int:
    """So many, or as many as ``make crash`` asks for."""
    return int(os.environ.get("SALES_OPERATIONS_KILLS", of))


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("times", [3, pytest.param(50, marks=pytest.mark.long)])
def test_a_mixed_load_that_is_killed_loses_nothing_acknowledged_and_doubles_nothing(company, loads, web, times):
    times = kills(times)
    folder, url = company.stores.folder, company.stores.url
    company.leads(*(f"lead_{number}" for number in range(2, 12 * times)))
    stage = {"pipeline": "default", "pipeline_stage": "lead", "stage": "lead", "probability": 0.1}
    company.add("opportunities", {"id": QUOTED, "amount_minor": 100, "currency": "USD", "created_at": 0, **stage})
    load = Load(url, worker.config(folder, web.url))
    loads.append(load)
    chance = random.Random(times)
    delivering = worker.start(folder, url)
    acknowledged = [
        words
        for turn in range(times)
        for words in load.killed(f"{times} {turn}", chance.randrange(FEW), chance.uniform(0, LONGEST))
    ]
    delivering.kill()
    delivering.communicate()
    _, errors = worker.start(folder, url, "--once").communicate(timeout=600)
    assert errors == ""
    kinds = Counter(words[0] for words in acknowledged)
    assert kinds["converted"] >= times / 2, "the loads got something done"
    assert kinds["moved"] >= times / 2
    check(company, acknowledged, times)
    notes = {row[0] for row in company.stores.execute("SELECT id FROM notifications")}
    assert set(web.ids) == notes, "each notification arrives at least once, always under its own id"


def check(company, acknowledged: list[list[str]], times: int) -> None:
    execute = company.stores.execute
    deal_of = dict(execute("SELECT lead_id, id FROM opportunities WHERE lead_id IS NOT NULL"))
    assert len(deal_of) == execute("SELECT count(*) FROM opportunities WHERE lead_id IS NOT NULL")[0][0], "one a lead"
    said_of = dict(execute("SELECT id, opportunity_id FROM leads WHERE opportunity_id IS NOT NULL"))
    assert said_of == deal_of
    entered = set(execute("SELECT opportunity_id, stage FROM events WHERE basis = 'live' AND stage IS NOT NULL"))
    quotes = Counter(row[0] for row in execute("SELECT opportunity_id FROM quotes"))
    quote_ids = {row[0] for row in execute("SELECT id FROM quotes")}
    contracts = Counter(row[0] for row in execute("SELECT opportunity_id FROM contracts"))
    notes = Counter(row[0] for row in execute("SELECT opportunity_id FROM notifications"))
    texts = Counter(row[0] for row in execute("SELECT message FROM notifications WHERE opportunity_id IS NULL"))
    for what, *words in acknowledged:
        if what == "converted":
            assert deal_of[words[0]] == words[1]
        elif what == "moved":
            assert tuple(words) in entered
        elif what == "quoted":
            assert words[0] in quote_ids
        elif what == "noted":
            assert texts[words[0]] == 1
    for deal in deal_of.values():
        assert quotes[deal] == ((deal, "proposal") in entered), "a quote with the move, once"
        assert contracts[deal] == ((deal, "negotiation") in entered), "a contract with the move, once"
        assert notes[deal] == 1 + quotes[deal] + contracts[deal], "a note of each"
    told = Counter(words[0] for words in acknowledged)
    assert told["quoted"] <= quotes[QUOTED] <= told["quoted"] + times
    assert told["noted"] <= sum(texts.values()) <= told["noted"] + times
    with company.workspace.reading() as connection:
        assert [*audit.verify(connection).findings, *history.verify(connection)] == []
