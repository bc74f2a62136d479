"""Rules on a schedule: at each time that is due, the deals that the rule looks at are asked its condition."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from sales_operations.domain.clock import to_micros
from sales_operations.process.rules import decide, progress
from sales_operations.process.rules.causes import Cause
from sales_operations.process.rules.conditions import UNDETERMINED, Fact, holds
from sales_operations.process.rules.facts import field_value
from sales_operations.process.rules.fire import fire
from sales_operations.process.rules.ruleset import Rule, RuleSet
from sales_operations.process.rules.ticks import Schedule
from sales_operations.process.rules.timeline import at as moment_at
from sales_operations.process.rules.timeline import timeline
from sales_operations.process.rules.versions import Version
from sales_operations.store import history, tables
from sales_operations.workspace import Workspace

BATCH = 1_000
"""Deals whose history is read together."""


def run_schedules(workspace: Workspace, version: Version, rules: RuleSet) -> int:
    """Run every rule whose time has come since it ran last, or since it was applied; gives the number of firings.

    Times that were missed are not made up for one by one: the last of them counts.
    """
    fired = 0
    for rule in rules.scheduled:
        name = progress.of_schedule(rule.name)
        tick = Schedule(str(rule.schedule), workspace.settings.company.timezone).latest(to_micros(workspace.clock()))
        with workspace.reading() as connection:
            ran = progress.reached(connection, name, version.applied_at)
        if tick is not None and tick > ran:
            fired += _run(workspace, version, rules, rule, tick)
            progress.move(workspace, name, tick)
    return fired


def _run(workspace: Workspace, version: Version, rules: RuleSet, rule: Rule, tick: int) -> int:
    fired = 0
    zone = workspace.settings.company.timezone
    with workspace.reading() as connection:
        deals = candidates(connection, rule)
        seq = connection.execute(select(tables.ledger.c.seq)).scalar_one()
    for start in range(0, len(deals), BATCH):
        with workspace.reading() as connection:
            events = history.of_deals(connection, deals[start : start + BATCH])
            due = []
            for deal in deals[start : start + BATCH]:
                moment = moment_at(timeline(events[deal]), tick)
                if moment is not None and moment.is_there and looked_at(rule, moment.after["status"]):
                    cause = Cause(seq, tick, "", None, deal)
                    found = decide.for_deal(connection, zone, rule, moment, tick, cause, tick)
                    due += [found] if found else []
        fired += fire(workspace, rules, version.id, [one.order for one in due])
    return fired


def looked_at(rule: Rule, status: str) -> bool:
    """Whether a scheduled rule looks at deals of that status."""
    return rule.deals == "all" or (rule.deals == "open") == (status == "open")


def candidates(connection: Any, rule: Rule) -> list[str]:
    """The ids of deals for which the rule's condition is not ruled out by what stands in their present row."""
    table = tables.opportunities
    statement = select(table).where(func.coalesce(table.c.is_deleted, 0) == 0).order_by(table.c.id)
    if rule.deals != "all":
        statement = statement.where((table.c.status == "open") == (rule.deals == "open"))
    found = []
    with connection.execute(statement, execution_options={"yield_per": BATCH}) as rows:
        for row in rows.mappings():
            if holds(rule.condition, _Present(row)) is not False:
                found.append(str(row["id"]))
    return found


class _Present:
    """What a deal's present row tells: its fields; ages and activities stay open."""

    def __init__(self, row: Any) -> None:
        self._row = row

    def value(self, fact: Fact) -> Any:
        """The field, or UNDETERMINED."""
        return field_value(self._row, fact.name) if fact.source == "field" else UNDETERMINED
