"""Everything about the past follows from the history: a store whose present was thrown away gives every report again."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import delete, insert, select

from sales_operations.demo import store as demo
from sales_operations.domain.stages import OpportunityStage
from sales_operations.pipeline import PipelineChanges, PipelineManager
from sales_operations.store import history, tables
from sales_operations.workspace import open_workspace

DATES = ("2024-03-31", "2025-12-31", "2026-11-01")


def reports(store: Path, clock: Any) -> list[bytes]:
    """All of the pipeline on some days, and what changed between them, as bytes."""
    workspace = open_workspace({}, database=str(store), clock=clock)
    manager, changes = PipelineManager(workspace), PipelineChanges(workspace)
    found: list[Any] = [asyncio.run(manager.manage_pipeline(day)) for day in DATES]
    found.append(asyncio.run(manager.manage_pipeline("2026-11-01", known_at="2026-11-20")))
    found.append(asyncio.run(changes.compare(DATES[0], DATES[1])))
    workspace.close()
    return [orjson.dumps(one) for one in found]


def derive_anew(store: Path, clock: Any) -> int:
    """Throw every deal's present state away, and write the one that its events give; says how many deals."""
    workspace = open_workspace({}, database=str(store), clock=clock)
    deals = tables.opportunities
    with workspace.engine.begin() as connection:
        kept = {row.id: row for row in connection.execute(select(deals.c.id, deals.c.seq, deals.c.observed))}
        connection.execute(delete(deals))
        rows = []
        for deal, events in history.of_deals(connection, kept).items():
            state = history.state_of(events)
            state["status"] = OpportunityStage(state["stage"]).status.value
            rows.append({"id": deal, "seq": kept[deal].seq, "observed": kept[deal].observed, **state})
        whole = dict.fromkeys(tables.COLUMNS["opportunities"])
        connection.execute(insert(deals), [whole | row for row in rows])
    workspace.close()
    return len(rows)


@pytest.mark.long
def test_deals_derived_anew_from_their_history_give_every_past_report_again_byte_for_byte(
    tmp_path: Path, clock: Any
) -> None:
    store, again = tmp_path / "store.db", tmp_path / "again.db"
    demo.build(store, clock)
    shutil.copyfile(store, again)
    assert derive_anew(again, clock) > 3_000
    before = reports(store, clock)
    assert reports(again, clock) == before
    assert len(set(before)) == len(before)
