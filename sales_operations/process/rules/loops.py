"""Rules that would set themselves off again, directly or through others: found before they are applied.

An action leads to events; where a rule waits for such an event, and what the action writes does not rule its condition
out, the one rule can set off the other. Rules that come back to where they began are a loop.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sales_operations.domain.errors import Problem
from sales_operations.domain.stages import STAGE_NAMES, OpportunityStage
from sales_operations.process.rules.actions import Action, DaysAhead
from sales_operations.process.rules.conditions import UNDETERMINED, Fact, holds
from sales_operations.process.rules.ruleset import Rule, RuleSet


@dataclass(frozen=True)
class _Written:
    """What is certain right after an action: new values of fields, and which fields alone may have changed."""

    values: dict[str, Any]
    changed: frozenset[str]

    def value(self, fact: Fact) -> Any:
        """The fact, as far as the action settles it."""
        if fact.source == "field":
            return self.values.get(fact.name, UNDETERMINED)
        if fact.source == "changed":
            return UNDETERMINED if fact.name in self.changed else False
        if fact.source == "days" and fact.name == "in_stage" and "pipeline_stage" in self.changed:
            return 0
        if fact.source == "days" and fact.name == "since_change":
            return 0
        return UNDETERMINED


def loops(rules: RuleSet) -> list[Problem]:
    """One problem for every way in which rules would set each other off for ever."""
    after = {rule.name: [other for other in rules.rules if _sets_off(rule, other, rules)] for rule in rules.rules}
    problems = []
    told: set[frozenset[str]] = set()
    for rule in rules.rules:
        ring = _way_back(rule, after)
        if ring is None or frozenset(ring) in told:
            continue
        told.add(frozenset(ring))
        if len(ring) == 1:
            message = f"{rule.name} sets itself off: what it does is what it waits for ({rule.trigger})"
        else:
            message = f"{' sets off '.join([*ring, rule.name])}: the rules would never come to rest"
        problems.append(rule.place.problem(f"{message}; add a condition that what it does makes untrue"))
    return problems


def _way_back(start: Rule, after: dict[str, list[Rule]]) -> list[str] | None:
    """The shortest way from a rule back to itself, without the return."""
    ways: list[list[str]] = [[start.name]]
    seen: set[str] = set()
    for way in ways:
        for following in after[way[-1]]:
            if following.name == start.name:
                return way
            if following.name not in seen:
                seen.add(following.name)
                ways.append([*way, following.name])
    return None


def _sets_off(rule: Rule, other: Rule, rules: RuleSet) -> bool:
    return any(
        event == other.event and holds(other.condition, written) is not False
        for action in rule.actions
        for event, written in _events(action, rules)
    )


def _events(action: Action, rules: RuleSet) -> Iterator[tuple[str, _Written]]:
    """The events that an action can lead to."""
    values = action.values
    if action.kind == "sequence":
        found = rules.sequence(values["name"])
        for step in found.steps if found else ():
            yield from _events(step.action, rules)
        return
    if action.kind in ("quote", "contract"):
        yield f"{action.kind}.created", _Written({}, frozenset())
        return
    written: dict[str, Any] = {}
    changed: frozenset[str] = frozenset()
    if action.kind == "move":
        changed = frozenset(("stage", "pipeline_stage", "status", "probability", "forecast_category", "close_date",
                             "loss_reason"))  # fmt: skip
        written = _reached(values["to"])
        yield "opportunity.stage_changed", _Written(written, changed)
        yield "opportunity.close_date_changed", _Written(written, changed)
        if written.get("status", "won") == "won":
            yield "opportunity.won", _Written({**written, "status": "won"}, changed)
        if written.get("status", "lost") == "lost":
            yield "opportunity.lost", _Written({**written, "status": "lost"}, changed)
        if written.get("stage", "proposal") == "proposal":
            yield "quote.created", _Written(written, frozenset())
        if written.get("stage", "negotiation") == "negotiation":
            yield "contract.created", _Written(written, frozenset())
    elif action.kind == "set":
        written = {name: value for name, value in values["fields"].items() if not isinstance(value, DaysAhead)}
        changed = frozenset(values["fields"])
        for name in ("amount", "close_date"):
            if name in changed:
                yield f"opportunity.{name}_changed", _Written(written, changed)
    elif action.kind == "assign":
        changed = frozenset(("owner",))
        yield "opportunity.owner_changed", _Written({}, changed)
    if changed:
        yield "opportunity.changed", _Written(written, changed)


def _reached(stage: str) -> dict[str, Any]:
    """What is known of a deal that was moved to a stage: all of it for one of the six, the name alone for an own stage."""
    if stage.casefold() in STAGE_NAMES:
        canonical = OpportunityStage(stage.casefold())
        return {"stage": canonical.value, "status": canonical.status.value}
    return {"pipeline_stage": stage}
