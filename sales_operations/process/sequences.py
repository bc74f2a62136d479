"""Sequences under way: which deal stands at which step, and when the next one is due."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from sales_operations.domain.opportunity import new_id
from sales_operations.store import tables
from sales_operations.store.unit import Unit

DAY = 86_400_000_000
"""Microseconds."""


def start(
    unit: Unit, sequence: str, first_wait: int, *, opportunity_id: str, version_id: str, firing_id: str
) -> str | None:
    """Start a sequence for a deal within a transaction; gives the run's id, None where it is under way already.

    ``first_wait`` is the days until the first step.
    """
    table = tables.RECORDS["sequence_runs"].c
    same = select(table.id).where(
        table.opportunity_id == opportunity_id, table.sequence == sequence, table.status == "running"
    )
    if unit.connection.execute(same).first() is not None:
        return None
    seq = unit.connection.execute(select(tables.ledger.c.seq)).scalar_one()
    row = {
        "id": new_id("run"),
        "sequence": sequence,
        "version_id": version_id,
        "opportunity_id": opportunity_id,
        "firing_id": firing_id,
        "step": 0,
        "due_at": unit.now + first_wait * DAY,
        "status": "running",
        "reason": None,
        "started_at": unit.now,
        "started_seq": seq,
        "ended_at": None,
    }
    unit.create("sequence_runs", row)
    return str(row["id"])


def advance(unit: Unit, run: dict[str, Any], next_wait: int | None) -> dict[str, Any]:
    """Note that a run's step is done; ``next_wait`` is the days until the next one, None after the last."""
    if next_wait is None:
        return end(unit, run, "finished", None)
    return unit.update("sequence_runs", run, {"step": run["step"] + 1, "due_at": unit.now + next_wait * DAY})


def end(unit: Unit, run: dict[str, Any], status: str, reason: str | None) -> dict[str, Any]:
    """End a run: ``finished``, ``stopped`` or ``blocked``, with the reason."""
    return unit.update("sequence_runs", run, {"status": status, "reason": reason, "ended_at": unit.now})


def due(connection: Connection, until: int, limit: int) -> list[dict[str, Any]]:
    """Runs whose next step is due, the one that waited longest first."""
    table = tables.RECORDS["sequence_runs"]
    statement = (
        select(table)
        .where(table.c.status == "running", table.c.due_at <= until)
        .order_by(table.c.due_at, table.c.id)
        .limit(limit)
    )
    return [dict(zip(tables.COLUMNS["sequence_runs"], row, strict=True)) for row in connection.execute(statement)]
