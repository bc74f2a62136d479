"""A decision in words and rows that a sales manager understands, and made again from what was kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, select

from sales_operations.domain.errors import NotFound
from sales_operations.process.assigning import people, rules
from sales_operations.process.assigning.decision import Case, Decider, Decision
from sales_operations.process.assigning.people import People
from sales_operations.store import tables
from sales_operations.store.engine import one_of


@dataclass(frozen=True)
class Choice:
    """A candidate: open deals and leads (None where they played no part), capacity, and the score by which all are ranked."""

    user_id: str
    name: str
    open_work: int | None
    capacity: int
    score: float


@dataclass(frozen=True)
class Explanation:
    """Why a lead went to whom. ``choices`` begins with the one who was chosen; ``left_out`` and ``passed`` are (name, why)."""

    user_id: str | None
    name: str
    rule: str
    method: str
    reason: str
    choices: tuple[Choice, ...]
    left_out: tuple[tuple[str, str], ...]
    passed: tuple[tuple[str, str], ...]
    territory: str | None
    ties: tuple[str, ...]


def explained(decision: Decision, case: Case, everybody: People, names: Mapping[str, str]) -> Explanation:
    """A decision, with the people that it was made between called by their ``names``."""
    persons = everybody.persons

    def named(place: int) -> str:
        return names.get(persons[place].id, persons[place].id)

    choices = tuple(
        Choice(
            persons[place].id,
            named(place),
            case.loads.get(place, 0) if place in decision.asked else None,
            persons[place].capacity,
            score,
        )
        for score, place in decision.ranking
    )
    name = names.get(decision.user_id, decision.user_id) if decision.user_id else ""
    pool = decision.pool
    return Explanation(
        user_id=decision.user_id,
        name=name,
        rule=decision.rule,
        method=decision.method,
        reason=_reason(decision, name, choices),
        choices=choices,
        left_out=tuple((named(place), why) for place, why in sorted(decision.left_out.items())),
        passed=decision.passed,
        territory=pool.territory if pool else None,
        ties=pool.ties if pool else (),
    )


def _reason(decision: Decision, name: str, choices: tuple[Choice, ...]) -> str:
    if decision.user_id is None:
        return "nobody can take it"
    if decision.is_kept:
        return f"{name} keeps it as the {decision.rule}"
    place = f", territory {decision.pool.territory}" if decision.pool and decision.pool.territory else ""
    by = f"rule {decision.rule!r}{place}"
    if len(choices) == 1:
        return f"{by}: only {name} can take it"
    if decision.method == "least_loaded":
        return f"{by}: {name} has the least open work for the capacity"
    return f"{by}: it is the turn of {name}"


class Replay:
    """Makes decisions again from what the store kept of them; contents that many share are read once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._contents: dict[str, str] = {}
        self._deciders: dict[tuple[str, str, str], Decider] = {}

    def decision(self, record: Mapping[str, Any]) -> tuple[Decision, Case, People]:
        """The decision of an assignment as its row has it. Raises NotFound where its rules or people are not there."""
        inputs = orjson.loads(record["inputs"])
        key = (record["rules_id"], record["people_id"], inputs["day"])
        if key not in self._deciders:
            decided_by = rules.read(self._content(record["rules_id"]))
            self._deciders[key] = Decider(decided_by, people.read(self._content(record["people_id"])), inputs["day"])
        decider = self._deciders[key]
        flat = inputs.get("loads", [])
        case = Case(
            inputs.get("facts", {}),
            inputs.get("owners", {}),
            dict(zip(flat[::2], flat[1::2], strict=True)),
            inputs.get("turns", {}),
            frozenset(inputs.get("avoid", ())),
        )
        return decider.decide(case), case, decider.people

    def content(self, record: Mapping[str, Any]) -> str:
        """The decision made again, as the text under ``decision`` of the row: the same, to the byte."""
        decision, _, everybody = self.decision(record)
        return orjson.dumps(decision.content(everybody)).decode()

    def explanation(self, record: Mapping[str, Any]) -> Explanation:
        """The decision made again and explained, with the names that the users have now."""
        decision, case, everybody = self.decision(record)
        return explained(decision, case, everybody, names_of(self._connection, everybody))

    def _content(self, identity: str) -> str:
        if identity not in self._contents:
            bases = tables.RECORDS["assignment_bases"].c
            content = self._connection.execute(select(bases.content).where(bases.id == identity)).scalar()
            if content is None:
                raise NotFound(f"the store does not hold what the decision was made from ({identity})")
            self._contents[identity] = content
        return self._contents[identity]


def names_of(connection: Connection, everybody: People) -> dict[str, str]:
    """User id to name, or e-mail address where there is none."""
    users = tables.RECORDS["users"].c
    statement = select(users.id, users.name, users.email).where(one_of(connection, users.id, everybody.places))
    return {row.id: row.name or row.email or row.id for row in connection.execute(statement)}
