"""Many at once: one lead gives one deal, and deals stay evenly spread."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sales_operations.domain.stages import OpportunityStage
from sales_operations.store import audit, history

CONVERT = """
import asyncio, pathlib, sys, time
from sales_operations.process import SalesProcessAutomator

async def main():
    automator = SalesProcessAutomator({})
    print("ready", flush=True)
    sys.stdin.readline()
    leads = sys.argv[1].split(",")
    deals = await asyncio.gather(*(automator.automate_lead_to_opportunity(lead) for lead in leads))
    print(",".join(deal.opportunity_id for deal in deals))

asyncio.run(main())
"""


def in_processes(url: str, folder: Path, leads: list[str]) -> list[list[str]]:
    """Convert in one process for each of ``leads`` (ids with commas), all started by the same word."""
    environment = os.environ | {"SALES_OPERATIONS_DATABASE": url}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    command = [sys.executable, "-W", "error", "-c", CONVERT]
    started = [subprocess.Popen([*command, one], cwd=folder, env=environment, **pipes) for one in leads]
    for process in started:
        assert process.stdout.readline() == "ready\n"
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    found = [process.communicate(timeout=120)[0].strip().split(",") for process in started]
    assert [process.returncode for process in started] == [0] * len(started)
    return found


def assert_whole(company: Any) -> None:
    with company.workspace.reading() as connection:
        assert audit.verify(connection).findings == []
        assert history.verify(connection) == []


def at_the_same_moment(company: Any, *calls: Callable[[], Coroutine[Any, Any, Any]]) -> list[Any]:
    """Begin all calls while another writer holds the store, so that none can end before the others have begun."""

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*(call() for call in calls))

    with ThreadPoolExecutor(1) as pool:
        with company.workspace.unit("another writer") as unit:
            unit.hold()
            running = pool.submit(asyncio.run, all_of_them())
            time.sleep(1)
        return list(running.result())


def test_20_conversions_of_one_lead_in_threads_give_one_deal(company: Any) -> None:
    company.leads("lead_before")
    automators = [company.automator() for _ in range(5)]
    for automator in automators:  # what is read but once is read
        asyncio.run(automator.automate_lead_to_opportunity("lead_before"))
    calls = [partial(automator.automate_lead_to_opportunity, "lead_1") for automator in automators for _ in range(4)]
    deals = at_the_same_moment(company, *calls)
    assert len({deal.opportunity_id for deal in deals}) == 1
    assert company.stores.execute("SELECT count(*) FROM opportunities") == [(2,)]
    assert len(company.notes()) == 2
    assert_whole(company)


def test_20_conversions_of_one_lead_in_4_processes_give_one_deal(company: Any) -> None:
    found = in_processes(company.stores.url, company.stores.folder, [",".join(["lead_1"] * 5)] * 4)
    [[deal]] = company.stores.execute("SELECT id FROM opportunities")
    assert found == [[deal] * 5] * 4
    assert len(company.notes()) == 1
    assert_whole(company)


@pytest.mark.long
def test_4_processes_share_the_leads_out_evenly_and_each_lead_is_converted_once(company: Any) -> None:
    company.reps("Bo", "Cy", "Di")
    ids = [f"lead_n{number:02}" for number in range(40)]
    company.leads(*ids)
    # Each lead is asked for by two processes, in opposite orders.
    halves = [ids[:20], ids[20:], ids[:20][::-1], ids[20:][::-1]]
    found = in_processes(company.stores.url, company.stores.folder, [",".join(half) for half in halves])
    assert found[0] == found[2][::-1]
    assert found[1] == found[3][::-1]
    rows = company.stores.execute("SELECT owner_id, lead_id FROM opportunities")
    assert sorted(lead for _, lead in rows) == ids
    assert set(Counter(owner for owner, _ in rows).values()) == {10}
    assert_whole(company)


def test_moves_of_one_deal_at_once_all_arrive_and_run_their_actions_once(company: Any) -> None:
    deal = company.convert("lead_1")
    calls = [
        partial(company.automator().automate_stage_transition, deal.opportunity_id, stage)
        for stage in ("proposal", "PROPOSAL", OpportunityStage.PROPOSAL)
        for _ in range(3)
    ]
    moved = at_the_same_moment(company, *calls)
    assert {one.stage.value for one in moved} == {"proposal"}
    assert company.stores.execute("SELECT count(*) FROM quotes") == [(1,)]
    assert_whole(company)
