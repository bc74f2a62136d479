"""One firing, as one transaction: its record and all of its actions, or its record and the reason why none was done."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sales_operations.domain.errors import SalesOperationsError, StoreError
from sales_operations.process.rules.actions import Action
from sales_operations.process.rules.firings import Firing
from sales_operations.process.rules.perform import Performer
from sales_operations.process.rules.ruleset import RuleSet
from sales_operations.store.unit import Unit
from sales_operations.workspace import Workspace

ACTOR = "rules"
"""Who does what rules do."""


def _nothing(_unit: Unit) -> None: ...


def _ignored(_unit: Unit, _reason: str) -> None: ...


def fire(
    workspace: Workspace,
    rules: RuleSet,
    version: str,
    firing: Firing,
    actions: Sequence[Action],
    *,
    outdated: Callable[[Unit], str | None] = _nothing,
    after: Callable[[Unit], object] = _nothing,
    refused: Callable[[Unit, str], object] = _ignored,
) -> bool:
    """Carry out a firing unless it was before; gives whether it was now.

    ``outdated`` says in the transaction why the record no longer fits, ``after`` writes more where all actions were done,
    ``refused`` where one was refused, or the rule was cut off, with the reason.
    """
    try:
        with workspace.unit(firing.unit_cause, ACTOR) as unit:
            unit.hold()
            if unit.find("rule_firings", firing.id) is not None:
                return False
            if firing.rule in firing.chain:
                way = " → ".join((*firing.chain, firing.rule))
                reason = f"the rule set off this event itself ({way}); it does not act on it again"
                unit.create("rule_firings", firing.row(version, "cut", [], unit.now, reason))
                refused(unit, reason)
            elif late := outdated(unit):
                unit.create("rule_firings", firing.row(version, "outdated", [], unit.now, late))
            else:
                performer = Performer(unit, workspace.settings, rules, version, firing)
                told = [performer.do(action) for action in actions]
                unit.create("rule_firings", firing.row(version, "done", told, unit.now))
                after(unit)
    except StoreError:
        raise
    except SalesOperationsError as error:
        with workspace.unit(firing.unit_cause, ACTOR) as unit:
            unit.hold()
            if unit.find("rule_firings", firing.id) is not None:
                return False
            unit.create("rule_firings", firing.row(version, "blocked", [], unit.now, str(error)))
            refused(unit, str(error))
    return True
