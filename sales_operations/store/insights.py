"""Kept warnings as they are stored."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, select

from sales_operations.store import tables

_TABLE = tables.RECORDS["insights"]


def holding(connection: Connection) -> list[dict[str, Any]]:
    """Those that have not ended."""
    return _rows(connection, select(_TABLE).where(_TABLE.c.ended_at.is_(None)))


def raised_until(connection: Connection, instant: int, warning: str | None = None) -> list[dict[str, Any]]:
    """Those raised up to an instant (microseconds), of one warning where given, the newest first."""
    statement = select(_TABLE).where(_TABLE.c.raised_at <= instant)
    if warning is not None:
        statement = statement.where(_TABLE.c.warning == warning)
    ordered = statement.order_by(_TABLE.c.raised_at.desc(), _TABLE.c.warning, _TABLE.c.opportunity_id, _TABLE.c.id)
    return _rows(connection, ordered)


def _rows(connection: Connection, statement: Select[Any]) -> list[dict[str, Any]]:
    return [dict(zip(tables.COLUMNS["insights"], row, strict=True)) for row in connection.execute(statement)]
