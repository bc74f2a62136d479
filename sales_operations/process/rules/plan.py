"""Rules tried on the history: which deals they would have touched, when, and how those ended. Nothing is written.

Every rule is asked at every event and at every time of its schedule within the window, of what was known at that moment.
Its actions are not played on: what they would have led to is not in the history. The same history gives the same plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from sales_operations.domain.clock import parse_as_of, to_micros
from sales_operations.domain.errors import InvalidInput
from sales_operations.process.rules import causes
from sales_operations.process.rules.causes import Cause
from sales_operations.process.rules.comparison import Ended, compare
from sales_operations.process.rules.conditions import comparisons
from sales_operations.process.rules.replay import Known, Touch, Window, ended, touches, was_there
from sales_operations.process.rules.ruleset import Rule, RuleSet
from sales_operations.process.rules.ticks import Schedule
from sales_operations.process.rules.timeline import timeline
from sales_operations.process.rules.vocabulary import RECORD_EVENTS
from sales_operations.store import history, tables
from sales_operations.workspace import Workspace

BATCH = 1_000
"""Deals whose history is read together."""


def plan(
    workspace: Workspace,
    rules: RuleSet,
    since: str,
    until: str,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> dict[str, Any]:
    """What the rules would have done from ``since`` to ``until``, dates or instants, both included.

    Gives ``from``, ``to``, ``store`` (identity and last number), and for each of ``rules``: rule, trigger, replayed (with a
    reason where it is not), firings, deals (opportunity_id and times) and outcome (touched, untouched). ``progress`` is told
    how many deals are done, of how many. Raises InvalidInput for a window that ends before it begins.
    """
    zone = workspace.settings.company.timezone
    first, last = begin_of(since, zone), parse_as_of(until, zone)
    if first > last.micros:
        raise InvalidInput(f"the window ends ({until}) before it begins ({since}); exchange --from and --to")
    window = Window(first, last.micros, zone)
    asked = {rule.name: _Asked(rule, window) for rule in rules.rules}
    with workspace.reading() as connection:
        store = connection.execute(select(tables.ledger.c.store_id, tables.ledger.c.seq)).one()
        deals = _deals(connection, window.last)
        events = dict.fromkeys(rule.event for rule in rules.rules if rule.event in RECORD_EVENTS)
        records = _records(connection, events, store.seq)
        activities = _asks_for_activities(rules)
        for start in range(0, len(deals), BATCH):
            some = deals[start : start + BATCH]
            found = history.of_deals(connection, some)
            acted = causes.activities_of(connection, some) if activities else {}
            for deal in some:
                known = Known(timeline(found[deal]), acted.get(deal, ()), records.get(deal, ()))
                for one in asked.values():
                    one.take(deal, known)
            progress(start + len(some), len(deals))
    return {
        "from": since,
        "to": until,
        "store": {"id": store.store_id, "seq": store.seq},
        "deals": len(deals),
        "rules": [one.told() for one in asked.values()],
    }


def begin_of(text: str, zone: str) -> int:
    """The first microsecond of a date, or an instant itself. Raises InvalidInput."""
    end = parse_as_of(text, zone)
    if len(text) > 10:
        return end.micros
    return to_micros(datetime.combine(end.day, time.min, ZoneInfo(zone)).astimezone(UTC))


class _Asked:
    """One rule, and what it would have done with the deals so far."""

    def __init__(self, rule: Rule, window: Window) -> None:
        self._rule = rule
        self._window = window
        self._ticks = Schedule(rule.schedule, window.zone).between(window.first, window.last) if rule.schedule else []
        self._touched: list[tuple[str, list[Touch]]] = []
        self._ended: dict[bool, list[Ended]] = {True: [], False: []}

    def take(self, deal: str, known: Known) -> None:
        """Ask the rule about a deal."""
        if self._rule.subject == "lead":
            return
        found = touches(self._rule, known, self._window, self._ticks)
        if found:
            self._touched.append((deal, found))
        if found or was_there(self._rule, known, self._window):
            self._ended[bool(found)].append(ended(known))

    def told(self) -> dict[str, Any]:
        """What came of it."""
        rule = self._rule
        told = {"rule": rule.name, "trigger": rule.trigger, "actions": [str(action) for action in rule.actions]}
        if rule.subject == "lead":
            return {
                **told,
                "replayed": False,
                "reason": "leads keep no history of their values, so nothing is replayed",
            }
        return {
            **told,
            "replayed": True,
            "firings": sum(len(found) for _, found in self._touched),
            "deals": [
                {"opportunity_id": deal, "times": [touch.shown() for touch in found]} for deal, found in self._touched
            ],
            "outcome": compare(self._ended[True], self._ended[False]),
        }


def _asks_for_activities(rules: RuleSet) -> bool:
    asked = (comparison for rule in rules.rules for comparison in comparisons(rule.condition))
    return causes.asks_for_activities(asked) or "activity.created" in rules.of_events


def _deals(connection: Connection, until: int) -> list[str]:
    """Every deal that was there by then, in one order on every database."""
    events = tables.events.c
    return sorted(
        connection.execute(select(events.opportunity_id).where(events.occurred_at <= until).distinct()).scalars()
    )


def _records(connection: Connection, events: Iterable[str | None], last: int) -> dict[str, list[Cause]]:
    """Deal to what became of its quotes, contracts and tasks."""
    found: dict[str, list[Cause]] = {}
    names = [name for name in events if name is not None and name != "activity.created"]
    for cause in causes.record_causes(connection, names, 0, last):
        if cause.opportunity_id is not None:
            found.setdefault(cause.opportunity_id, []).append(cause)
    return found
