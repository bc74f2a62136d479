"""The people as the store knows them: who is active, who sells, who works for whom, who is away."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from sqlalchemy import Connection, func, or_, select

from sales_operations.process.assigning.people import People, Person
from sales_operations.store import tables

_SELLS = re.compile(r"rep|sales|seller|agent|account exec|\b(ae|sdr|bdr)\b", re.IGNORECASE)


def people_of(
    connection: Connection, day: str, named: Iterable[str], skills: Mapping[str, tuple[str, ...]]
) -> tuple[People, dict[str, str]]:
    """Everybody active, and who is ``named`` by id; and user id to name. ``day`` (ISO): absences before it are left out.

    The order is that of the names, then of the ids. Those who sell are the active users with capacity who lead nobody and,
    of them, those whose role says so, where any does; everybody where that leaves none.
    """
    users = tables.RECORDS["users"].c
    kept = set(named)
    rows = [
        row
        for row in connection.execute(
            select(
                users.id,
                func.coalesce(users.name, users.email, users.id).label("name"),
                func.coalesce(users.capacity, 1).label("capacity"),
                func.coalesce(users.is_active, 1).label("is_active"),
                users.manager_id,
                users.team_id,
                users.role,
                users.attributes,
            ).where(func.coalesce(users.is_deleted, 0) == 0)
        )
        if row.is_active or row.id in kept
    ]
    rows.sort(key=lambda row: (row.name, row.id))
    takes = [row for row in rows if row.is_active and row.capacity > 0]
    leading = {row.manager_id for row in takes}
    reps = [row for row in takes if row.id not in leading] or takes
    sellers = {row.id for row in ([row for row in reps if row.role and _SELLS.search(row.role)] or reps)}
    above, managers = _teams(connection)
    away = _absences(connection, day)
    persons = tuple(
        Person(
            id=row.id,
            capacity=row.capacity,
            active=bool(row.is_active),
            sells=row.id in sellers,
            role=(row.role or "").strip().casefold(),
            manager=row.manager_id or _led_by(row.id, above.get(row.team_id, ()), managers),
            teams=above.get(row.team_id, ()),
            skills=tuple(sorted({*skills.get(row.id, ()), *_skills(row.attributes)})),
            away=tuple(away.get(row.id, ())),
        )
        for row in rows
    )
    return People(persons), {row.id: row.name for row in rows}


def _teams(connection: Connection) -> tuple[dict[str, tuple[str, ...]], dict[str, str | None]]:
    """Team id to itself and the teams above it, and to its manager."""
    teams = tables.RECORDS["teams"].c
    rows = connection.execute(select(teams.id, teams.parent_id, teams.manager_id)).all()
    parents = {row.id: row.parent_id for row in rows}
    above = {}
    for team in parents:
        line = [team]
        while (parent := parents.get(line[-1])) is not None and parent not in line:
            line.append(parent)
        above[team] = tuple(line)
    return above, {row.id: row.manager_id for row in rows}


def _led_by(user: str, teams: tuple[str, ...], managers: Mapping[str, str | None]) -> str | None:
    """The manager of the nearest team who is somebody else."""
    return next((found for team in teams if (found := managers.get(team)) not in (None, user)), None)


def _absences(connection: Connection, day: str) -> dict[str, list[tuple[str, str | None]]]:
    absences = tables.RECORDS["absences"].c
    statement = (
        select(absences.user_id, absences.first_day, absences.last_day)
        .where(or_(absences.last_day.is_(None), absences.last_day >= day))
        .order_by(absences.first_day, absences.id)
    )
    found: dict[str, list[tuple[str, str | None]]] = {}
    for row in connection.execute(statement):
        found.setdefault(row.user_id, []).append((row.first_day, row.last_day))
    return found


def _skills(attributes: str | None) -> list[str]:
    """The skills of a user's own attribute: a list, or a text with commas or semicolons."""
    if not attributes or "kill" not in attributes:
        return []
    held: dict[str, Any] = orjson.loads(attributes)
    found = next((value for name, value in held.items() if name.strip().casefold() == "skills"), None)
    words = found if isinstance(found, list) else re.split("[,;]", found) if isinstance(found, str) else []
    return [word for one in words if (word := str(one).strip().casefold())]
