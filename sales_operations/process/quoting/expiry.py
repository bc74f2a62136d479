"""Quotes whose validity is over."""

from __future__ import annotations

from sqlalchemy import select

from sales_operations.process.quoting import record, writing
from sales_operations.process.quoting.content import OPEN
from sales_operations.store import tables
from sales_operations.workspace import Workspace


def work(workspace: Workspace) -> int:
    """Close the open quotes whose validity is over, and tell the owners; gives how many those were."""
    table = tables.RECORDS["quotes"].c
    with workspace.unit("quote expired") as unit:
        unit.hold()
        today = record.today(unit, workspace.settings)
        is_open = table.status.is_(None) | table.status.in_(OPEN)
        over = select(*table).where(is_open, table.valid_until < today).order_by(table.id)
        rows = [record.completed(row) for row in unit.connection.execute(over)]
        for row in rows:
            writing.close(unit, row, "expired")
            writing.tell_owner(unit, row, "expired", f"Quote {row['id']} was valid until {row['valid_until']}.")
        return len(rows)
