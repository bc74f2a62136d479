"""The rules that leads are handed out by, with users and teams as record ids: what a decision is made from, and its digest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import Any, Literal

Keep = Literal["lead_owner", "account_owner"]
Method = Literal["round_robin", "weighted_round_robin", "least_loaded", "nobody"]


@dataclass(frozen=True)
class Row:
    """One condition on a field of a lead; texts are in small letters. All operators that are given hold together."""

    field: str
    one_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    starts_with: tuple[str, ...] = ()
    at_least: int | None = None
    at_most: int | None = None
    known: bool | None = None


Groups = tuple[tuple[Row, ...], ...]
"""Any of the groups holds, all rows of which hold; no groups hold always."""


@dataclass(frozen=True)
class Territory:
    """A part of the market, within its parent's, and who works it (both empty: who works the parent)."""

    name: str
    parent: str | None = None
    when: Groups = ()
    users: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """For which leads, among whom, and how one is chosen. Nobody named: among those who sell."""

    name: str
    method: Method
    when: Groups = ()
    keep: tuple[Keep, ...] = ()
    users: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    territory: bool = False
    skills: tuple[str, ...] = ()
    skill_field: str | None = None
    weights: tuple[tuple[str, int], ...] = ()
    stop_at_capacity: bool = False
    respond_within_hours: float | None = None


@dataclass(frozen=True)
class Rules:
    """All rules, in the order in which they are tried."""

    keep: tuple[Keep, ...]
    rules: tuple[Rule, ...]
    territories: tuple[Territory, ...] = ()

    @property
    def rows(self) -> list[Row]:
        """Every condition of every rule and territory."""
        bearers: tuple[Rule | Territory, ...] = (*self.rules, *self.territories)
        return [row for one in bearers for group in one.when for row in group]

    @property
    def users(self) -> set[str]:
        """Ids of the users that are named."""
        bearers: tuple[Rule | Territory, ...] = (*self.rules, *self.territories)
        return {user for one in bearers for user in one.users}


@cache
def _text() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Rules)


def written(rules: Rules) -> str:
    """The rules as one text, the same for the same rules."""
    return str(_text().dump_json(rules).decode())


def read(text: str) -> Rules:
    """The rules that ``written`` wrote down."""
    rules: Rules = _text().validate_json(text)
    return rules


def digest(text: str) -> str:
    """What stands for a content: 32 hexadecimal digits."""
    return blake2b(text.encode(), digest_size=16).hexdigest()
