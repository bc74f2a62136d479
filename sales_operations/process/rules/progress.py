"""How far the rules have come: the last event, and the last time of each schedule, that was worked off."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from sales_operations.store import tables
from sales_operations.workspace import Workspace

EVENTS = "events"
"""The name under which the last number of the ledger stands."""


def of_schedule(rule: str) -> str:
    """The name under which the last time of a scheduled rule stands."""
    return f"schedule {rule}"


def reached(connection: Connection, name: str, otherwise: int) -> int:
    """What was reached last; ``otherwise`` where nothing was yet."""
    table = tables.rule_progress.c
    found = connection.execute(select(table.reached).where(table.name == name)).scalar()
    return otherwise if found is None else int(found)


def move(workspace: Workspace, name: str, to: int) -> None:
    """Note that ``to`` was reached; what another worker reached already stays."""
    table = tables.rule_progress
    with workspace.unit("rules progress") as unit:
        unit.hold()
        before = unit.connection.execute(select(table.c.reached).where(table.c.name == name)).scalar()
        if before is None:
            unit.connection.execute(insert(table), {"name": name, "reached": to})
        elif before < to:
            unit.connection.execute(update(table).where(table.c.name == name).values(reached=to))
