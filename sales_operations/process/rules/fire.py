"""Firings carried out: the record of each and all of its actions, or its record and the reason why none was done.

Several firings share a transaction, because a commit costs more than a firing. Where one of them is refused, all are taken
back and done again, each in a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sales_operations.domain.errors import SalesOperationsError, StoreError
from sales_operations.process.rules.actions import Action
from sales_operations.process.rules.firings import Firing
from sales_operations.process.rules.perform import Performer
from sales_operations.process.rules.ruleset import RuleSet
from sales_operations.store.unit import Unit
from sales_operations.workspace import Workspace

ACTOR = "rules"
"""Who does what rules do."""
TOGETHER = 50
"""Firings in one transaction."""


def _nothing(_unit: Unit) -> None: ...


def _ignored(_unit: Unit, _reason: str) -> None: ...


@dataclass(frozen=True)
class Order:
    """A firing and its actions.

    ``outdated`` says in the transaction why the record no longer fits, ``after`` writes more where all actions were done,
    ``refused`` where one was refused, or the rule was cut off, with the reason.
    """

    firing: Firing
    actions: Sequence[Action]
    outdated: Callable[[Unit], str | None] = _nothing
    after: Callable[[Unit], object] = _nothing
    refused: Callable[[Unit, str], object] = _ignored


def fire(workspace: Workspace, rules: RuleSet, version: str, orders: Sequence[Order]) -> int:
    """Carry out firings in their order, those left out that were carried out before; gives how many were now."""
    fired = 0
    for start in range(0, len(orders), TOGETHER):
        some = orders[start : start + TOGETHER]
        try:
            fired += _together(workspace, rules, version, some)
        except StoreError:
            raise
        except SalesOperationsError:
            fired += sum(_alone(workspace, rules, version, order) for order in some)
    return fired


def _together(workspace: Workspace, rules: RuleSet, version: str, orders: Sequence[Order]) -> int:
    with workspace.unit(orders[0].firing.unit_cause, ACTOR) as unit:
        unit.hold()
        return sum(_carry_out(unit, workspace, rules, version, order) for order in orders)


def _alone(workspace: Workspace, rules: RuleSet, version: str, order: Order) -> bool:
    try:
        return bool(_together(workspace, rules, version, [order]))
    except StoreError:
        raise
    except SalesOperationsError as error:
        firing = order.firing
        with workspace.unit(firing.unit_cause, ACTOR) as unit:
            unit.hold()
            if unit.find("rule_firings", firing.id) is not None:
                return False
            unit.create("rule_firings", firing.row(version, "blocked", [], unit.now, str(error)))
            order.refused(unit, str(error))
        return True


def _carry_out(unit: Unit, workspace: Workspace, rules: RuleSet, version: str, order: Order) -> bool:
    firing = order.firing
    unit.cause = firing.unit_cause  # what is written names its own firing, whoever shares the transaction
    if unit.find("rule_firings", firing.id) is not None:
        return False
    if firing.rule in firing.chain:
        way = " → ".join((*firing.chain, firing.rule))
        reason = f"the rule set off this event itself ({way}); it does not act on it again"
        unit.create("rule_firings", firing.row(version, "cut", [], unit.now, reason))
        order.refused(unit, reason)
    elif late := order.outdated(unit):
        unit.create("rule_firings", firing.row(version, "outdated", [], unit.now, late))
    else:
        performer = Performer(unit, workspace.settings, rules, version, firing)
        told = [performer.do(action) for action in order.actions]
        unit.create("rule_firings", firing.row(version, "done", told, unit.now))
        order.after(unit)
    unit.flush()
    return True
