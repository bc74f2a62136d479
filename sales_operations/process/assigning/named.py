"""From the configuration to rules: every user and team that it names is looked up, priorities put in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from sales_operations.domain.errors import InvalidInput, Problem, SettingsError
from sales_operations.process.assigning.rules import Groups, Method, Row, Rule, Rules, Territory
from sales_operations.settings import assignment as keys
from sales_operations.settings.schema import ROOT
from sales_operations.store import identity

CATCH_ALL: dict[str, tuple[str, Method]] = {
    "least_loaded": ("least loaded", "least_loaded"),
    "round_robin": ("round robin", "round_robin"),
}
"""The name and method of the rule for leads that no other one gave to anybody."""
_KEY = f"{ROOT}.assignment"


class _Names:
    """Looks up what a configuration calls users and teams; what is not known becomes a problem."""

    def __init__(self, connection: Connection, kind: str, texts: Iterable[str]) -> None:
        self._kind = kind
        wanted = set(texts)
        self._ids = identity.resolve(connection, kind, "", wanted) if wanted else {}
        self._ambiguous: dict[str, str] = {}
        for text in sorted(wanted.difference(self._ids)):
            try:
                found = identity.find(connection, kind, text)
            except InvalidInput as error:
                self._ambiguous[text] = str(error)
                continue
            if found is not None:
                self._ids[text] = found
        self.problems: list[Problem] = []

    def ids(self, key: str, texts: Iterable[str]) -> tuple[str, ...]:
        """The record ids, in the order of the texts."""
        return tuple(found for place, text in enumerate(texts) if (found := self.id(f"{key}[{place}]", text)))

    def id(self, key: str, text: str) -> str:
        """The record id; empty where there is none."""
        if text not in self._ids:
            one = self._kind.removesuffix("s")
            message = self._ambiguous.get(text) or (
                f"there is no {one} {text[:60]!r}, or several of that name; give an id, an e-mail address or a name of "
                f"the store's {self._kind}"
            )
            self.problems.append(Problem(key, message))
        return self._ids.get(text, "")


def rules_of(connection: Connection, given: keys.Assignment) -> tuple[Rules, dict[str, tuple[str, ...]]]:
    """The rules, and user id to the skills that the configuration gives.

    Raises SettingsError that names every key with a user or team that the store does not know.
    """
    bearers: tuple[keys.Rule | keys.Territory, ...] = (*given.rules, *given.territories)
    named = [text for one in bearers for text in one.users]
    named += [*given.skills, *(text for rule in given.rules for text in rule.weights)]
    users = _Names(connection, "users", named)
    teams = _Names(connection, "teams", (text for one in bearers for text in one.teams))
    found = []
    for place, rule in enumerate(given.rules):
        key = f"{_KEY}.rules[{place}]"
        made = Rule(
            name=rule.name,
            method=rule.method,
            when=_groups(rule.when),
            keep=rule.keep,
            users=users.ids(f"{key}.users", rule.users),
            teams=teams.ids(f"{key}.teams", rule.teams),
            roles=_folded(rule.roles),
            territory=rule.territory,
            skills=_folded(rule.skills),
            skill_field=rule.skill_field,
            weights=_weights(users, f"{key}.weights", rule.weights),
            stop_at_capacity=rule.stop_at_capacity,
            respond_within_hours=rule.respond_within_hours,
        )
        found.append((rule.priority, place, made))
    territories = tuple(
        Territory(
            name=one.name,
            parent=one.parent,
            when=_groups(one.when),
            users=users.ids(f"{_KEY}.territories[{place}].users", one.users),
            teams=teams.ids(f"{_KEY}.territories[{place}].teams", one.teams),
        )
        for place, one in enumerate(given.territories)
    )
    skills = {users.id(f"{_KEY}.skills.{text}", text): _folded(words) for text, words in given.skills.items()}
    if problems := [*users.problems, *teams.problems]:
        raise SettingsError(problems)
    ordered = [rule for _, _, rule in sorted(found, key=lambda one: one[:2])]
    if given.catch_all in CATCH_ALL:
        name, method = CATCH_ALL[given.catch_all]
        ordered.append(Rule(name, method))
    return Rules(given.keep, tuple(ordered), territories), skills


def _weights(users: _Names, key: str, weights: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple((users.id(f"{key}.{text}", text), weight) for text, weight in weights.items())


def _groups(groups: Iterable[keys.Group]) -> Groups:
    return tuple(
        tuple(
            Row(
                row.field,
                _folded(row.one_of or ()),
                _folded(row.none_of or ()),
                _folded(row.starts_with or ()),
                row.at_least,
                row.at_most,
                row.known,
            )
            for row in group.all
        )
        for group in groups
    )


def _folded(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(text.strip().casefold() for text in texts)
