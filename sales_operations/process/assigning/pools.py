"""Between whom a rule chooses: its members, and why some of them do not come into question on a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sales_operations.process.assigning.facts import Facts
from sales_operations.process.assigning.people import People, Person
from sales_operations.process.assigning.rules import Rule, Rules, Territory
from sales_operations.process.assigning.territories import Territories


@dataclass(frozen=True)
class Pool:
    """The members of a rule, by their places among the people, whatever the lead is but for its territory and skill.

    ``available``: who takes leads at all on the day; ``eligible``: who of them has the skills. ``left_out`` says why of the
    others. ``name`` is what the pool's rotation is kept under.
    """

    name: str
    available: tuple[int, ...]
    eligible: tuple[int, ...]
    left_out: dict[int, str]
    territory: str | None = None
    ties: tuple[str, ...] = ()


class Pools:
    """The pools of a set of rules on one day; each is made once."""

    def __init__(self, rules: Rules, people: People, day: str) -> None:
        self._people = people
        self._day = day
        self._territories = Territories(rules)
        self._made: dict[tuple[str, str | None, str | None], Pool] = {}

    def pool(self, rule: Rule, facts: Facts) -> Pool | None:
        """Between whom the rule chooses for a lead with these facts; None where it goes by territory and none fits."""
        found = self._territories.of(facts) if rule.territory else None
        if rule.territory and found is None:
            return None
        name = found.territory.name if found else None
        skill = str(facts.get(rule.skill_field) or "") if rule.skill_field else None
        key = (rule.name, name, skill)
        if key not in self._made:
            self._made[key] = self._make(rule, name, found.ties if found else (), skill)
        return self._made[key]

    def _make(self, rule: Rule, territory: str | None, ties: tuple[str, ...], skill: str | None) -> Pool:
        if territory is None:
            return self._judged(rule, rule.name, self._named(rule), skill)
        made = None
        # Where nobody who works a territory is there, it falls to who works the one that it is a part of.
        for one in self._territories.line(territory):
            if one.users or one.teams:
                own = [place for place in self._named(rule) if _works(self._people.persons[place], one)]
                judged = self._judged(rule, f"{rule.name} / {one.name}", own, skill)
                made = made or Pool(judged.name, judged.available, judged.eligible, judged.left_out, one.name, ties)
                if judged.eligible:
                    return Pool(judged.name, judged.available, judged.eligible, judged.left_out, one.name, ties)
        return made or Pool(f"{rule.name} / {territory}", (), (), {}, territory, ties)

    def _named(self, rule: Rule) -> list[int]:
        if not (rule.users or rule.teams or rule.roles):
            if rule.territory:
                return list(range(len(self._people.persons)))
            return list(self._sellers)
        return [place for place, person in enumerate(self._people.persons) if _is_named(rule, person)]

    @cached_property
    def _sellers(self) -> tuple[int, ...]:
        return tuple(place for place, person in enumerate(self._people.persons) if person.sells)

    def _judged(self, rule: Rule, name: str, places: Sequence[int], skill: str | None) -> Pool:
        left_out: dict[int, str] = {}
        available = []
        weights = dict(rule.weights)
        for place in places:
            person = self._people.persons[place]
            problem = person.problem(self._day)
            if problem is None and not weights.get(person.id, 1):
                problem = "weight 0"
            if problem is None:
                available.append(place)
            else:
                left_out[place] = problem
        for place in available:
            lacking = [one for one in rule.skills if one not in self._people.persons[place].skills]
            if skill is not None and skill not in self._people.persons[place].skills:
                lacking.append(skill or f"any for an unknown {rule.skill_field}")
            if lacking:
                left_out[place] = f"lacks the skill {', '.join(lacking)}"
        eligible = tuple(place for place in available if place not in left_out)
        return Pool(name, tuple(available), eligible, left_out)


def _is_named(rule: Rule, person: Person) -> bool:
    return person.id in rule.users or person.role in rule.roles or any(team in rule.teams for team in person.teams)


def _works(person: Person, territory: Territory) -> bool:
    return person.id in territory.users or any(team in territory.teams for team in person.teams)
