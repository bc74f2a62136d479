"""Who may be given leads: what rules know of the users, without their names."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any


@dataclass(frozen=True)
class Person:
    """A user. ``teams`` are the own team and those above it; ``away`` are first and last days (None: until further notice).

    ``sells``: belongs to those who get leads where a rule names nobody. ``skills`` and ``role`` are in small letters.
    """

    id: str
    capacity: int = 1
    active: bool = True
    sells: bool = True
    role: str = ""
    manager: str | None = None
    teams: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    away: tuple[tuple[str, str | None], ...] = ()

    def problem(self, day: str) -> str | None:
        """Why the person takes no leads on a day (ISO), None where nothing stands against it."""
        if not self.active:
            return "inactive"
        if self.capacity <= 0:
            return "no capacity"
        for first, last in self.away:
            if first <= day and (last is None or day <= last):
                return f"out of office until {last}" if last else "out of office until further notice"
        return None


@dataclass(frozen=True)
class People:
    """Everybody, in the order that settles ties."""

    persons: tuple[Person, ...] = field(default=())

    @cached_property
    def places(self) -> dict[str, int]:
        """User id to place in the order."""
        return {person.id: place for place, person in enumerate(self.persons)}


@cache
def _text() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(People)


def written(people: People) -> str:
    """The people as one text, the same for the same people."""
    return str(_text().dump_json(people).decode())


def read(text: str) -> People:
    """The people that ``written`` wrote down."""
    people: People = _text().validate_json(text)
    return people
