"""What conditions find: a deal at one moment, or a lead."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import orjson

from sales_operations.domain.clock import day_of
from sales_operations.domain.errors import InvalidInput
from sales_operations.domain.money import exponent
from sales_operations.process.rules.conditions import Fact
from sales_operations.process.rules.read_conditions import ATTRIBUTE
from sales_operations.process.rules.timeline import Moment
from sales_operations.process.rules.vocabulary import DEAL_FIELDS, LEAD_FIELDS, known_value

DAY = 86_400_000_000
"""Microseconds."""


@dataclass(frozen=True, slots=True)
class Activity:
    """An activity of a deal: when it was known to have happened, in microseconds, and its type in small letters."""

    at: int
    type: str


@dataclass(frozen=True)
class DealFacts:
    """A deal as it stood right after ``moment``, looked at ``now`` (microseconds). ``activities`` are in order of time."""

    moment: Moment
    now: int
    zone: str
    activities: Sequence[Activity] = ()

    def value(self, fact: Fact) -> Any:
        """The fact; None where it is unknown."""
        state = self.moment.after
        if fact.source == "field":
            return field_value(state, fact.name)
        if fact.source == "previous":
            return field_value(self.moment.before, fact.name)
        if fact.source == "changed":
            return fact.name in self.moment.changed
        if fact.source == "change":
            old, new = field_value(self.moment.before, fact.name), field_value(state, fact.name)
            same = fact.type != "money" or state.get("currency") == self.moment.before.get("currency")
            return _decimal(new) - _decimal(old) if old is not None and new is not None and same else None
        if fact.source == "days":
            return self._days(fact.name)
        return self._activities(fact)

    def _days(self, name: str) -> int | None:
        state = self.moment.after
        if name == "to_close":
            due = state.get("close_date")
            return None if due is None else (date.fromisoformat(due) - day_of(self.now, self.zone)).days
        if name == "in_stage":
            since = self.moment.staged_at
        elif name == "since_created":
            since = state["created_at"]
        elif name == "since_change":
            since = self.moment.event.occurred_at
        else:  # a deal without an activity has had none since it began
            place = bisect_right(self.activities, self.now, key=lambda one: one.at)
            since = self.activities[place - 1].at if place else state["created_at"]
        return int((self.now - since) // DAY)

    def _activities(self, fact: Fact) -> int:
        last = bisect_right(self.activities, self.now, key=lambda one: one.at)
        begin = 0 if fact.within_days is None else self.now - fact.within_days * DAY
        first = bisect_left(self.activities, begin, key=lambda one: one.at)
        wanted = {one.casefold() for one in fact.types}
        return sum(not wanted or one.type in wanted for one in self.activities[first:last])


@dataclass(frozen=True)
class LeadFacts:
    """A lead as it is."""

    row: Mapping[str, Any]

    def value(self, fact: Fact) -> Any:
        """The fact; None where it is unknown."""
        return known_value(LEAD_FIELDS[fact.name], self.row)


def field_value(state: Mapping[str, Any], name: str) -> Any:
    """A field of a deal's state or row, by its word; None where it is unknown."""
    if name.startswith(ATTRIBUTE):
        held = orjson.loads(state["attributes"]) if state.get("attributes") else {}
        found = held.get(name.removeprefix(ATTRIBUTE))
        return found if isinstance(found, str | int | float | None) else orjson.dumps(found).decode()
    word = DEAL_FIELDS[name]
    value = known_value(word, state)
    if word.type == "money" and value is not None:
        return _major(value, state.get("currency"))
    return value


def _major(minor: int, currency: str | None) -> Decimal | None:
    """The amount in major units; unknown where the currency is."""
    try:
        return Decimal(minor).scaleb(-exponent(currency or ""))
    except InvalidInput:
        return None


def _decimal(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))
