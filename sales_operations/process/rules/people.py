"""The people that rules name, looked for in the store."""

from __future__ import annotations

from sqlalchemy import Connection

from sales_operations.domain.errors import Problem
from sales_operations.process.rules.read_actions import BY_RULES
from sales_operations.process.rules.ruleset import RuleSet
from sales_operations.store import identity


def check_people(connection: Connection, rules: RuleSet) -> list[Problem]:
    """A problem for every person that a rule names and the store does not know."""
    words = ("owner", "manager", BY_RULES)
    named = [action for rule in rules.rules for action in rule.actions]
    named += [step.action for sequence in rules.sequences for step in sequence.steps]
    asked = {action.values["to"] for action in named if action.kind in ("assign", "task", "notify")}
    known = identity.resolve(connection, "users", "", asked.difference(words))
    problems = []
    for action in named:
        to = action.values.get("to") if action.kind in ("assign", "task", "notify") else None
        if to is not None and to not in words and to not in known and action.place is not None:
            problems.append(action.place.problem(f"there is no user {to!r}; name one by record id, e-mail or name"))
    return problems
