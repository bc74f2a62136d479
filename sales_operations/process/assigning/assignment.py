"""Who gets a lead: decided by the configured rules, kept with its grounds, and counted as open work at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Connection

from sales_operations.domain.clock import day_of, from_micros, to_micros, utc_now
from sales_operations.domain.errors import InvalidInput
from sales_operations.domain.opportunity import new_id
from sales_operations.process.assigning.decision import Case, Decision
from sales_operations.process.assigning.explanation import Explanation, explained
from sales_operations.process.assigning.facts import facts_of
from sales_operations.process.assigning.standing import Standing, standing_of
from sales_operations.process.assigning.turns import StoredTurns
from sales_operations.process.assigning.working_hours import WorkingHours
from sales_operations.settings import Settings
from sales_operations.settings.schema import ROOT
from sales_operations.store import scores
from sales_operations.store.unit import Unit

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOSEST = 5


@dataclass(frozen=True)
class Candidate:
    """A rep who is given deals where no rule names anybody: open deals now, deals per unit of capacity decide."""

    user_id: str
    name: str
    capacity: int
    open_deals: int


class Assignment(NamedTuple):
    """Who was chosen (None: nobody), why, and between whom. ``record_id``: where it is kept, where it is."""

    user_id: str | None
    name: str
    grounds: dict[str, Any]
    record_id: str | None = None
    due_at: int | None = None


class Assigner:
    """Hands out leads one by one within a transaction and counts each as open work, so that a batch is spread evenly.

    Within a unit it waits for other writers, so that loads and turns are true, and keeps every decision with what it was
    made from. On a mere connection it keeps nothing; ``now`` is the present there, in microseconds.
    Raises SettingsError where the rules name users or teams that the store does not know.
    """

    def __init__(self, source: Unit | Connection, settings: Settings | None = None, *, now: int | None = None) -> None:
        self._unit = source if isinstance(source, Unit) else None
        connection = source.connection if isinstance(source, Unit) else source
        self._connection = connection
        self._settings = settings or Settings()
        self._given = self._settings.assignment
        if self._unit is not None:
            self._unit.hold()
            now = self._unit.now
        self._now = to_micros(utc_now()) if now is None else now
        day = day_of(self._now, self._settings.company.timezone).isoformat()
        standing = standing_of(connection.engine) if self._unit is not None else Standing()
        with standing.lock:
            self._base = standing.refresh(connection, self._given, day)
            self._loads = {place: standing.workload.of(one.id) for place, one in enumerate(self._base.people.persons)}
            self._missing = self._base.missing
            self._in_hand = standing.workload.in_hand
        self._decider = self._base.decider(day)
        self._turns = StoredTurns(connection)
        self._hours: WorkingHours | None = None

    @property
    def candidates(self) -> list[Candidate]:
        """The reps who sell, with their open work, in the order that settles ties."""
        return [
            Candidate(one.id, self._base.names[one.id], one.capacity, self._loads[place])
            for place, one in enumerate(self._base.people.persons)
            if one.sells
        ]

    def assign(
        self,
        lead: Mapping[str, Any] | str | None,
        *,
        account: Mapping[str, Any] | None = None,
        account_owner: str | None = None,
        in_hand: bool = False,
        avoid: Iterable[str] = (),
        attempt: int = 0,
        must: bool = True,
    ) -> Assignment:
        """Choose a rep for a lead, given by its row; ``account`` is the row of its account, or ``account_owner`` its owner.

        ``in_hand``: the lead itself becomes open work, as no deal is opened for it. ``avoid``: user ids that do not come
        into question. ``attempt``: how often the lead was taken from somebody before. Unless it ``must``, nobody is an answer
        whatever the configuration says. Raises InvalidInput where nobody can take the lead and ``when_nobody`` is ``error``.
        """
        row: Mapping[str, Any] = lead if isinstance(lead, Mapping) else {"owner_id": lead}
        decision, case = self._decide(row, account, account_owner, frozenset(avoid))
        if decision.user_id is None and must and self._given.when_nobody == "error":
            raise InvalidInput(
                f"lead {row.get('id')}: nobody can take it ({self._why_nobody(decision)}); bring a rep back, add people to "
                f"a rule, or set {ROOT}.assignment.when_nobody to unassigned"
            )
        grounds = self._grounds(decision)
        name = self._base.names[decision.user_id] if decision.user_id else ""
        if in_hand and decision.is_kept and decision.user_id == row.get("owner_id"):
            return Assignment(decision.user_id, name, grounds)  # nothing was handed to anybody
        due = self._due(decision)
        record = (
            self._keep(row, decision, case, due, in_hand, attempt) if self._unit is not None and "id" in row else None
        )
        self._count(row, decision)
        return Assignment(decision.user_id, name, grounds, record, due)

    def explained(self, lead: Mapping[str, Any], *, account: Mapping[str, Any] | None = None) -> Explanation:
        """Who would get the lead now, and why; nothing is counted or kept."""
        decision, case = self._decide(lead, account, None, frozenset())
        return explained(decision, case, self._base.people, self._base.names)

    def manager_of(self, user: str) -> str | None:
        """The name of a user's manager, or else of the nearest team's; None where nobody is known."""
        place = self._base.people.places.get(user)
        manager = self._base.people.persons[place].manager if place is not None else None
        return self._base.names.get(manager) if manager else None

    def name_of(self, user: str) -> str | None:
        """The name of an active user, as in ``Assignment.name``."""
        return self._base.names.get(user)

    def written(self, due_at: int | None) -> str | None:
        """A moment by which to answer, as a rep reads it."""
        if due_at is None:
            return None
        zone = self._settings.company.timezone
        return f"{from_micros(due_at).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})"

    def _decide(
        self,
        lead: Mapping[str, Any],
        account: Mapping[str, Any] | None,
        account_owner: str | None,
        avoid: frozenset[str],
    ) -> tuple[Decision, Case]:
        asked = self._base.asked
        if "score" in asked.fields and "id" in lead:
            lead = {**lead, "score": self._score(str(lead["id"]))}
        facts = asked.kept(facts_of(lead, account, asked.fields)) if asked.fields else {}
        owner = account_owner or (account.get("owner_id") if account else None)
        owners = {"lead_owner": lead.get("owner_id"), "account_owner": owner}
        case = Case(facts, owners, self._loads, self._turns, avoid)
        return self._decider.decide(case), case

    def _score(self, lead: str) -> int | None:
        """The newest score of a lead in whole percent; None where it has none."""
        found = scores.latest(self._connection, "leads", self._now, [lead]).get(lead)
        return None if found is None else round(found.chance * 100)

    def _due(self, decision: Decision) -> int | None:
        """When a rep who was chosen has to have answered."""
        if decision.user_id is None or decision.is_kept:
            return None
        hours = decision.respond_within_hours or self._given.response_time.hours
        if hours is None:
            return None
        if self._hours is None:
            self._hours = working_hours(self._settings)
        return self._hours.after(self._now, hours)

    def _count(self, lead: Mapping[str, Any], decision: Decision) -> None:
        places = self._base.people.places
        held_by = self._in_hand(str(lead.get("id")))
        if held_by in places:
            self._loads[places[held_by]] -= 1
        if decision.user_id in places:
            self._loads[places[decision.user_id]] += 1
        if decision.turns is not None and decision.pool is not None:
            self._turns.set(decision.pool.name, decision.turns, self._unit)

    def _keep(
        self, lead: Mapping[str, Any], decision: Decision, case: Case, due: int | None, in_hand: bool, attempt: int
    ) -> str:
        assert self._unit is not None
        if self._missing:
            self._store_bases(self._unit)
        rules_id, people_id = self._base.ids
        record = new_id("assign")
        status = "nobody" if decision.user_id is None else "kept" if decision.is_kept else "waiting" if due else "given"
        self._unit.create(
            "assignments",
            {
                "id": record,
                "lead_id": lead["id"],
                "user_id": decision.user_id,
                "rule": decision.rule,
                "status": status,
                "in_hand": int(in_hand and decision.user_id is not None),
                "attempt": attempt,
                "due_at": due,
                "answered_at": None,
                "rules_id": rules_id,
                "people_id": people_id,
                "inputs": orjson.dumps(self._inputs(decision, case)).decode(),
                "decision": orjson.dumps(decision.content(self._base.people)).decode(),
                "created_at": self._now,
            },
        )
        return record

    def _store_bases(self, unit: Unit) -> None:
        for identity in sorted(self._missing):
            content = self._base.contents[identity]
            unit.create("assignment_bases", {"id": identity, "content": content, "created_at": unit.now})
        self._missing = frozenset()

    def _inputs(self, decision: Decision, case: Case) -> dict[str, Any]:
        """What, beside rules and people, the decision was made from; people by their places."""
        kept: dict[str, Any] = {"day": self._decider.day}
        if case.facts:
            kept["facts"] = case.facts
        if owners := {whose: owner for whose, owner in case.owners.items() if owner}:
            kept["owners"] = owners
        if decision.asked:
            places = sorted(decision.asked)
            kept["loads"] = list(chain.from_iterable(zip(places, map(case.loads.__getitem__, places), strict=True)))
        if decision.turns is not None and decision.pool is not None:
            kept["turns"] = {decision.pool.name: case.turns.get(decision.pool.name, {})}
        if case.avoid:
            kept["avoid"] = sorted(case.avoid)
        return kept

    def _grounds(self, decision: Decision) -> dict[str, Any]:
        """What the deal says of it."""
        grounds: dict[str, Any] = {"rule": decision.rule}
        if decision.user_id is None:
            return grounds | {"reason": self._why_nobody(decision)}
        if decision.is_kept:
            return grounds
        persons, names = self._base.people.persons, self._base.names
        grounds["candidates"] = len(decision.ranking)
        if decision.method == "least_loaded":
            grounds["closest"] = [
                {
                    "sales_rep": names[persons[place].id],
                    "open_deals": self._loads[place],
                    "capacity": persons[place].capacity,
                }
                for _, place in decision.ranking[:_CLOSEST]
            ]
        else:
            grounds["next"] = [names[persons[place].id] for _, place in decision.ranking[:_CLOSEST]]
        if decision.pool is not None and decision.pool.territory is not None:
            grounds["territory"] = decision.pool.territory
            if decision.pool.ties:
                grounds["fits_as_well"] = list(decision.pool.ties)
        return grounds

    def _why_nobody(self, decision: Decision) -> str:
        if not any(one.active for one in self._base.people.persons):
            return "the store has no active users"
        return "; ".join(f"{rule}: {reason}" for rule, reason in decision.passed) or "no rule is for it"


def working_hours(settings: Settings) -> WorkingHours:
    """When people work, by the configuration."""
    given = settings.assignment.response_time
    weekdays = frozenset(_WEEKDAYS.index(day) for day in given.working_days)
    return WorkingHours(
        settings.company.timezone, weekdays, given.day_starts, given.day_ends, frozenset(given.holidays)
    )
