"""The decision who gets a lead: a pure function of rules, people and the case, so that it can be made again later."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from sales_operations.process.assigning import rotation
from sales_operations.process.assigning.facts import Facts, fits
from sales_operations.process.assigning.people import People
from sales_operations.process.assigning.pools import Pool, Pools
from sales_operations.process.assigning.rotation import ONE, Turns
from sales_operations.process.assigning.rules import Keep, Rule, Rules

SHOWN = 5
"""As many candidates stand in a decision that is kept; making it again gives all of them."""
KEPT = {"lead_owner": "owner of the lead", "account_owner": "owner of the account"}
"""Why a lead stays with whose it is, by the name that stands for the rule."""
NOBODY = "nobody"
"""The name that stands for the rule where none gave the lead to anybody."""


class Case(NamedTuple):
    """What is true of a lead at the moment of the decision.

    ``owners``: whose it is, by the words of ``keep``. ``loads``: open deals and leads in hand, by place among the people.
    ``turns``: the credits of each pool that has a rotation. ``avoid``: ids of users who do not get it, as they let it wait.
    """

    facts: Facts
    owners: Mapping[str, str | None]
    loads: Mapping[int, int]
    turns: Mapping[str, Turns]
    avoid: frozenset[str] = frozenset()


class Decision(NamedTuple):
    """Who was chosen (None: nobody) by which rule, between whom, and what the rotation is afterwards.

    ``ranking``: score and place of every candidate, the chosen one first: open work for each unit of capacity where the
    least loaded is chosen, else the credit in leads. ``passed``: rules that were for the lead but had nobody, and why.
    ``asked``: places whose open work was looked at.
    """

    user_id: str | None
    rule: str
    method: str
    ranking: tuple[tuple[float, int], ...] = ()
    pool: Pool | None = None
    left_out: Mapping[int, str] = MappingProxyType({})
    passed: tuple[tuple[str, str], ...] = ()
    respond_within_hours: float | None = None
    asked: frozenset[int] = frozenset()
    turns: Turns | None = None

    @property
    def is_kept(self) -> bool:
        """Whether the lead stays with whose it is."""
        return self.method == "keep"

    def content(self, people: People) -> dict[str, Any]:
        """The decision as it is kept, with ids of users."""
        told: dict[str, Any] = {"user": self.user_id, "rule": self.rule, "method": self.method}
        if self.ranking:
            told["candidates"] = len(self.ranking)
            told["scores"] = [[people.persons[place].id, score] for score, place in self.ranking[:SHOWN]]
        if self.left_out:
            told["left_out"] = len(self.left_out)
        if self.pool is not None and self.pool.territory is not None:
            told["territory"] = self.pool.territory
            if self.pool.ties:
                told["fits_as_well"] = self.pool.ties
        if self.passed:
            told["passed"] = self.passed
        return told


class Decider:
    """Decides by one set of rules between the same people on one day (ISO, the company's)."""

    def __init__(self, rules: Rules, people: People, day: str) -> None:
        self.rules = rules
        self.people = people
        self.day = day
        self._pools = Pools(rules, people, day)
        self._capacities = [person.capacity for person in people.persons]

    def decide(self, case: Case) -> Decision:
        """Who gets the lead."""
        kept = self._kept(self.rules.keep, case)
        if kept is not None:
            return kept
        passed: list[tuple[str, str]] = []
        asked: frozenset[int] = frozenset()
        for rule in self.rules.rules:
            if not fits(rule, case.facts):
                continue
            kept = self._kept(rule.keep, case)
            if kept is not None:
                return kept
            pool = self._pools.pool(rule, case.facts)
            if pool is None:
                passed.append((rule.name, "no territory fits"))
                continue
            left_out, eligible = pool.left_out, pool.eligible
            if case.avoid or rule.stop_at_capacity:
                if rule.stop_at_capacity:
                    asked = asked.union(eligible)
                left_out = {**left_out, **self._further(rule, eligible, case)}
                eligible = tuple(place for place in eligible if place not in left_out)
            if not eligible:
                reasons = sorted({_short(reason) for reason in left_out.values()})
                passed.append((rule.name, "; ".join(reasons) or "nobody belongs to it"))
                continue
            return self._chosen(rule, pool, eligible, left_out, tuple(passed), asked, case)
        return Decision(None, NOBODY, NOBODY, passed=tuple(passed), asked=asked)

    def _kept(self, keep: tuple[Keep, ...], case: Case) -> Decision | None:
        for whose in keep:
            user = case.owners.get(whose)
            place = self.people.places.get(user) if user else None
            if user is None or place is None or user in case.avoid:
                continue
            if self.people.persons[place].problem(self.day) is None:
                return Decision(user, KEPT[whose], "keep")
        return None

    def _further(self, rule: Rule, eligible: tuple[int, ...], case: Case) -> dict[int, str]:
        """Why some of the eligible do not come into question for this lead."""
        found: dict[int, str] = {}
        for place in eligible:
            person = self.people.persons[place]
            if person.id in case.avoid:
                found[place] = "let this lead wait before"
            elif rule.stop_at_capacity and case.loads.get(place, 0) >= person.capacity:
                found[place] = "at capacity"
        return found

    def _chosen(
        self,
        rule: Rule,
        pool: Pool,
        eligible: tuple[int, ...],
        left_out: Mapping[int, str],
        passed: tuple[tuple[str, str], ...],
        asked: frozenset[int],
        case: Case,
    ) -> Decision:
        persons = self.people.persons
        turns = None
        if rule.method == "least_loaded":
            load, capacities = case.loads.get, self._capacities
            ranking = sorted([(load(place, 0) / capacities[place], place) for place in eligible])
            asked = asked.union(eligible) if asked else frozenset(eligible)
        else:
            weights = dict(rule.weights) if rule.method == "weighted_round_robin" else {}
            present = rotation.entered(case.turns.get(pool.name, {}), [persons[place].id for place in pool.available])
            shares = {persons[place].id: weights.get(persons[place].id, 1) for place in eligible}
            credited = rotation.credited(present, shares)
            order = sorted([(-credited[persons[place].id], place) for place in eligible])
            ranking = [(-credit / ONE, place) for credit, place in order]
            turns = rotation.paid(credited, persons[ranking[0][1]].id)
        return Decision(
            persons[ranking[0][1]].id,
            rule.name,
            rule.method,
            tuple(ranking),
            pool,
            left_out,
            passed,
            rule.respond_within_hours,
            asked,
            turns,
        )


def _short(reason: str) -> str:
    """A reason without what differs from one person to the next."""
    return "out of office" if reason.startswith("out of office") else reason
