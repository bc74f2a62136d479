"""Out of office: who takes no leads on which days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, select

from sales_operations.domain.clock import day_of, to_micros
from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.domain.opportunity import new_id
from sales_operations.process.assigning.assignment import Assigner
from sales_operations.store import identity, tables
from sales_operations.store.unit import Unit
from sales_operations.workspace import Workspace


@dataclass(frozen=True)
class Absence:
    """Days, ISO, on which a rep is away; ``last_day`` None: until further notice."""

    user_id: str
    name: str
    first_day: str
    last_day: str | None


@dataclass(frozen=True)
class Availability:
    """A rep who sells: open deals and leads, capacity, and the absences of today and later."""

    user_id: str
    name: str
    open_work: int
    capacity: int
    absences: tuple[Absence, ...]


def leave(workspace: Workspace, rep: str, first_day: str | None = None, last_day: str | None = None) -> Absence:
    """Note that a rep (id, e-mail address or name) is away from the first to the last day, today on where none is given.

    Raises NotFound for an unknown rep, InvalidInput for days that are none or end before they begin.
    """
    with workspace.unit("out of office") as unit:
        user, name = _rep(unit.connection, rep)
        first = _day("from", first_day) or day_of(unit.now, workspace.settings.company.timezone)
        last = _day("until", last_day)
        if last is not None and last < first:
            raise InvalidInput(
                f"{name} cannot be away from {first} until {last}; give a last day that is not before the first"
            )
        row: dict[str, Any] = {
            "id": new_id("absence"),
            "user_id": user,
            "first_day": first.isoformat(),
            "last_day": last.isoformat() if last else None,
            "created_at": unit.now,
        }
        unit.create("absences", row)
    return Absence(user, name, first.isoformat(), row["last_day"])


def come_back(workspace: Workspace, rep: str) -> list[Absence]:
    """End the absences of today; where a rep is not away today, withdraw the later ones. Gives them as they were.

    Raises NotFound for an unknown rep, InvalidInput for one who is not away and will not be.
    """
    with workspace.unit("back in office") as unit:
        user, name = _rep(unit.connection, rep)
        today = day_of(unit.now, workspace.settings.company.timezone)
        ahead = [row for row in _rows(unit.connection, today.isoformat()) if row["user_id"] == user]
        ending = [row for row in ahead if row["first_day"] <= today.isoformat()] or ahead
        if not ending:
            raise InvalidInput(f"{name} is not out of office, today or later")
        for row in ending:
            _end(unit, row, today)
    return [_absence(row, name) for row in ending]


def availability(workspace: Workspace) -> list[Availability]:
    """The reps who sell, by name, with their open work and absences."""
    now = to_micros(workspace.clock())
    today = day_of(now, workspace.settings.company.timezone).isoformat()
    with workspace.reading() as connection:
        candidates = Assigner(connection, now=now).candidates
        rows = _rows(connection, today)
    return [
        Availability(
            one.user_id,
            one.name,
            one.open_deals,
            one.capacity,
            tuple(_absence(row, one.name) for row in rows if row["user_id"] == one.user_id),
        )
        for one in candidates
    ]


def _end(unit: Unit, row: dict[str, Any], today: date) -> None:
    # An absence that ends before its first day never was one; the record of it stays.
    last = date.fromisoformat(row["first_day"]) if row["first_day"] > today.isoformat() else today
    unit.update("absences", row, {"last_day": (last - timedelta(days=1)).isoformat()})


def _absence(row: dict[str, Any], name: str) -> Absence:
    return Absence(row["user_id"], name, row["first_day"], row["last_day"])


def _rows(connection: Connection, today: str) -> list[dict[str, Any]]:
    """Absences that last today or later."""
    table = tables.RECORDS["absences"]
    found = connection.execute(select(table).order_by(table.c.first_day, table.c.id))
    rows = [dict(zip(tables.COLUMNS["absences"], row, strict=True)) for row in found]
    return [row for row in rows if row["last_day"] is None or max(row["first_day"], today) <= row["last_day"]]


def _rep(connection: Connection, text: str) -> tuple[str, str]:
    user = identity.resolve(connection, "users", "", [text]).get(text) or identity.find(connection, "users", text)
    if user is None:
        raise NotFound(f"there is no user {text!r}, or several of that name; give an id or an e-mail address")
    users = tables.RECORDS["users"].c
    row = connection.execute(select(users.name, users.email).where(users.id == user)).one()
    return user, row.name or row.email or user


def _day(what: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{what}: {text!r} is not a date such as 2026-12-24") from None
