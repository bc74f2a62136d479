"""Whom and what rules reach outside of their files: people in the store, webhooks among the channels."""

from __future__ import annotations

import os
from collections.abc import Iterator

from sqlalchemy import Connection

from sales_operations.domain.errors import Problem
from sales_operations.effects.routing import WEBHOOK, kinds
from sales_operations.process.rules.actions import Action, event_of
from sales_operations.process.rules.read_actions import BY_RULES
from sales_operations.process.rules.ruleset import RuleSet
from sales_operations.settings import Settings
from sales_operations.store import identity

_WORDS = ("owner", "manager", BY_RULES)


def check_people(connection: Connection, rules: RuleSet) -> list[Problem]:
    """A problem for every person that a rule names and the store does not know."""
    named = [
        (action, action.values["to"]) for _, action in _actions(rules) if action.kind in ("assign", "task", "notify")
    ]
    asked = {to for _, to in named}.difference(_WORDS)
    known = identity.resolve(connection, "users", "", asked)
    return [
        action.place.problem(f"there is no user {to!r}; name one by record id, e-mail or name")
        for action, to in named
        if to in asked and to not in known and action.place is not None
    ]


def check_webhooks(settings: Settings, rules: RuleSet) -> list[Problem]:
    """A problem for every webhook that no route of the configuration leads to a channel of that kind."""
    given = settings.notifications
    webhooks = {name for name, kind in kinds(given.channels or {}, os.environ).items() if kind == WEBHOOK}
    problems = []
    for rule, action in _actions(rules):
        event = event_of("webhook", rule)
        routed = given.routes is None or any(
            route.matches(event) and not webhooks.isdisjoint(route.channels) for route in given.routes
        )
        if action.kind == "webhook" and action.place is not None and not (webhooks and routed):
            message = (
                f"the event {event} goes to no webhook; add a channel with an https:// address, and a route that leads the "
                "event there, below notifications of the configuration"
            )
            problems.append(action.place.problem(message))
    return problems


def _actions(rules: RuleSet) -> Iterator[tuple[str, Action]]:
    """Every action, with the name of the rule or sequence as firings have it."""
    for rule in rules.rules:
        yield from ((rule.name, action) for action in rule.actions)
    for sequence in rules.sequences:
        yield from ((sequence.as_rule, step.action) for step in sequence.steps)
