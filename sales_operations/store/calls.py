"""Forecast calls as they are stored, and the people they are of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from sales_operations.domain.errors import InvalidInput
from sales_operations.store import identity, tables

_CALLS = tables.RECORDS["forecast_calls"]


def made_until(
    connection: Connection, instant: int, period: str | None = None, period_start: str | None = None
) -> list[dict[str, Any]]:
    """The calls made up to an instant (microseconds), of one period where given, in the order in which they were made."""
    statement = select(_CALLS).where(_CALLS.c.made_at <= instant)
    if period is not None:
        statement = statement.where(_CALLS.c.period == period, _CALLS.c.period_start == period_start)
    rows = connection.execute(statement.order_by(_CALLS.c.made_at, _CALLS.c.seq))
    return [dict(zip(tables.COLUMNS["forecast_calls"], row, strict=True)) for row in rows]


def users(connection: Connection) -> list[dict[str, Any]]:
    """Every user that is not deleted: id, name, manager_id, team_id, is_active."""
    held = tables.RECORDS["users"].c
    named = func.coalesce(held.name, held.email, held.id).label("name")
    active = (func.coalesce(held.is_active, 1) == 1).label("is_active")
    statement = select(held.id, named, held.manager_id, held.team_id, active)
    kept = statement.where(func.coalesce(held.is_deleted, 0) == 0).order_by(named, held.id)
    return [dict(row) for row in connection.execute(kept).mappings()]


def teams(connection: Connection) -> list[dict[str, Any]]:
    """Every team that is not deleted: id, name, parent_id, manager_id."""
    held = tables.RECORDS["teams"].c
    named = func.coalesce(held.name, held.id).label("name")
    statement = select(held.id, named, held.parent_id, held.manager_id)
    kept = statement.where(func.coalesce(held.is_deleted, 0) == 0).order_by(named, held.id)
    return [dict(row) for row in connection.execute(kept).mappings()]


def user_named(connection: Connection, given: str) -> str | None:
    """The id of the user that an id, e-mail, name or id of another system means; None for nobody, or for several."""
    return _named(connection, "users", given)


def team_named(connection: Connection, given: str) -> str | None:
    """The same of a team."""
    return _named(connection, "teams", given)


def _named(connection: Connection, kind: str, given: str) -> str | None:
    found = identity.resolve(connection, kind, "", [given]).get(given)
    try:
        return found or identity.find(connection, kind, given)
    except InvalidInput:
        return None
