"""Whether a rule is due for a deal or a lead, and whether the deal still fits when its turn comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from sales_operations.process.rules import causes, firings
from sales_operations.process.rules.causes import Cause
from sales_operations.process.rules.conditions import comparisons, grounds, holds
from sales_operations.process.rules.facts import Activity, DealFacts, LeadFacts
from sales_operations.process.rules.fire import Order
from sales_operations.process.rules.firings import Firing
from sales_operations.process.rules.ruleset import Rule
from sales_operations.process.rules.timeline import Moment
from sales_operations.store.unit import Unit

_CHANGING = frozenset(("move", "set", "assign", "quote", "contract", "sequence"))
"""Actions that only make sense on a deal which is still as the rule wants it."""


@dataclass(frozen=True)
class Due:
    """A rule that is due. ``outdated`` says, in the transaction of its actions, why the deal no longer fits."""

    rule: Rule
    firing: Firing
    outdated: Callable[[Unit], str | None]

    @property
    def order(self) -> Order:
        """What is to be carried out."""
        return Order(self.firing, self.rule.actions, self.outdated)


def for_deal(
    connection: Connection, zone: str, rule: Rule, moment: Moment, at: int, cause: Cause, tick: int | None = None
) -> Due | None:
    """The rule's firing for a deal as it stood after ``moment``, looked at ``at`` (microseconds), with its ``cause``.

    None where its condition does not hold, or where it fired for this cause before.
    """
    activities: Sequence[Activity] = ()
    deal = moment.event.opportunity_id
    if causes.asks_for_activities(comparisons(rule.condition)):
        activities = causes.activities_of(connection, [deal], cause.seq).get(deal, ())
    facts = DealFacts(moment, at, zone, activities)
    if not holds(rule.condition, facts):
        return None
    named = firings.cause_of(rule, moment, cause.seq, tick)
    chain = firings.chain_of(connection, cause.cause)
    firing = Firing(rule.name, named, cause.seq, deal, None, grounds(rule.condition, facts), chain)
    if firings.known(connection, [firing.id]):
        return None
    return Due(rule, firing, lambda unit: _outdated(unit, rule, facts))


def for_lead(connection: Connection, rule: Rule, row: Mapping[str, Any], cause: Cause) -> Due | None:
    """The same for a lead, as it is now."""
    facts = LeadFacts(row)
    if row["is_deleted"] or not holds(rule.condition, facts):
        return None
    chain = firings.chain_of(connection, cause.cause)
    told = grounds(rule.condition, facts)
    firing = Firing(rule.name, f"event {cause.seq}", cause.seq, None, row["id"], told, chain)
    return None if firings.known(connection, [firing.id]) else Due(rule, firing, lambda unit: None)


def _outdated(unit: Unit, rule: Rule, facts: DealFacts) -> str | None:
    """A rule that only tells, tells of what was; one that changes the deal looks at what is."""
    if not any(action.kind in _CHANGING for action in rule.actions):
        return None
    row = unit.find("opportunities", facts.moment.event.opportunity_id)
    if row is None or row["is_deleted"]:
        return "the deal was deleted"
    present = replace(facts, moment=replace(facts.moment, after=row))
    if holds(rule.condition, present):
        return None
    failed = [one["condition"] for one in grounds(rule.condition, present) if not one["held"]]
    return f"the deal has changed since: no longer true that {' and '.join(failed)}"
