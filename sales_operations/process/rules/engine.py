"""The rules at work: what happened since they were applied, and what is due by schedule, each cause once.

Events are taken in the order of their numbers, under the version of the rules that was in force when they were written.
A firing is one transaction: its record, with what was found and done, and the actions themselves. Whoever comes to the same
cause again, after a crash or beside another worker, finds the firing and leaves it.
"""

from __future__ import annotations

from itertools import chain

from sqlalchemy import Connection, select

from sales_operations.domain.events import Event
from sales_operations.process.rules import causes, decide, progress, versions
from sales_operations.process.rules.causes import Cause
from sales_operations.process.rules.decide import Due
from sales_operations.process.rules.fire import TOGETHER, fire
from sales_operations.process.rules.follow_up import work_off
from sales_operations.process.rules.ruleset import Rule, RuleSet
from sales_operations.process.rules.scheduled import run_schedules
from sales_operations.process.rules.timeline import timeline
from sales_operations.process.rules.versions import Version
from sales_operations.store import history, tables
from sales_operations.workspace import Workspace

PAGE = 1_000
"""Events of deals that are looked at together."""


def work(workspace: Workspace) -> int:
    """Do all that the rules in force ask for by now; gives the number of firings. Without rules it only looks.

    Raises SettingsError where the configuration no longer has what the rules name, StoreError.
    """
    with workspace.reading() as connection:
        known = versions.history(connection)
    if not known:
        return 0
    engine = _Engine(workspace, known)
    fired = engine.events()
    fired += run_schedules(workspace, known[-1], engine.rules_of(known[-1].id))
    fired += work_off(workspace, engine.rules_of)
    return fired + engine.events()  # what the schedules and sequences led to


class _Engine:
    """The versions of one workspace's rules, each read once."""

    def __init__(self, workspace: Workspace, known: list[Version]) -> None:
        self._workspace = workspace
        self._zone = workspace.settings.company.timezone
        self._versions = known
        self._rules: dict[str, RuleSet] = {}

    def rules_of(self, version_id: str) -> RuleSet:
        """The rules of a version."""
        if version_id not in self._rules:
            version = next(one for one in self._versions if one.id == version_id)
            self._rules[version_id] = version.rules(self._workspace.settings)
        return self._rules[version_id]

    def events(self) -> int:
        """Work off every event up to now, those that the rules lead to included."""
        fired = 0
        while (page := self._page()) is not None:
            fired += page
        return fired

    def _page(self) -> int | None:
        """The firings of the next events; None where there are no events left."""
        with self._workspace.reading() as connection:
            begin = progress.reached(connection, progress.EVENTS, self._versions[0].after_seq)
            last = connection.execute(select(tables.ledger.c.seq)).scalar_one()
            # What was written while a version was in force is judged by it alone.
            end = min([last, *(one.after_seq for one in self._versions if one.after_seq > begin)])
            if begin >= end:
                return None
            version = [one for one in self._versions if one.after_seq <= begin][-1]
            rules = self.rules_of(version.id)
            found: list[Cause] = []
            if rules.listens_to_deals:
                found = causes.deal_causes(connection, begin, end, PAGE)
                end = found[-1].seq if len(found) == PAGE else end
            found += causes.record_causes(connection, rules.of_events, begin, end)
            found = [one for one in found if not one.imported or any(rule.imports for rule in rules.rules)]
            events = history.of_deals(connection, {one.opportunity_id for one in found if one.opportunity_id})
        fired = 0
        found.sort(key=lambda one: (one.seq, one.event or ""))
        for start in range(0, len(found), TOGETHER):
            with self._workspace.reading() as connection:
                due = [self._due(connection, rules, cause, events) for cause in found[start : start + TOGETHER]]
            orders = [one.order for one in chain.from_iterable(due)]
            fired += fire(self._workspace, rules, version.id, orders)
        progress.move(self._workspace, progress.EVENTS, end)
        return fired

    def _due(self, connection: Connection, rules: RuleSet, cause: Cause, events: dict[str, list[Event]]) -> list[Due]:
        if cause.lead_id is not None:
            table = tables.leads
            row = connection.execute(select(table).where(table.c.id == cause.lead_id)).one()._asdict()
            waiting = rules.of_events.get(str(cause.event), ())
            found = [decide.for_lead(connection, rule, row, cause) for rule in waiting if _wanted(rule, cause)]
            return [one for one in found if one is not None]
        moments = timeline(event for event in events.get(str(cause.opportunity_id), ()) if event.seq <= cause.seq)
        if cause.event is None:
            moment = next(one for one in moments if one.event.seq == cause.seq)
            names, at = causes.events_of(moment), moment.event.occurred_at
        elif moments:
            moment, names, at = moments[-1], (cause.event,), cause.at
        else:
            return []
        if not moment.is_there:
            return []
        waiting = tuple(rule for rule in rules.rules if rule.event in names and _wanted(rule, cause))
        found = [decide.for_deal(connection, self._zone, rule, moment, at, cause) for rule in waiting]
        return [one for one in found if one is not None]


def _wanted(rule: Rule, cause: Cause) -> bool:
    return rule.imports or not cause.imported
