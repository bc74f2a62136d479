"""What a rule would have done with one deal within a window of time: a pure function of what is known of the deal."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sales_operations.domain.clock import iso
from sales_operations.process.rules.causes import Cause, events_of
from sales_operations.process.rules.comparison import Ended
from sales_operations.process.rules.conditions import grounds, holds
from sales_operations.process.rules.facts import DAY, Activity, DealFacts
from sales_operations.process.rules.firings import cause_of
from sales_operations.process.rules.ruleset import Rule
from sales_operations.process.rules.scheduled import looked_at
from sales_operations.process.rules.timeline import Moment, at


@dataclass(frozen=True)
class Window:
    """From one instant to another, both included, in microseconds; ``zone`` says when days begin."""

    first: int
    last: int
    zone: str

    def __contains__(self, instant: int) -> bool:
        return self.first <= instant <= self.last


@dataclass(frozen=True)
class Known:
    """Everything that is known of a deal: its moments, its activities, what became of its quotes, contracts and tasks."""

    moments: Sequence[Moment]
    activities: Sequence[Activity] = ()
    records: Sequence[Cause] = ()


@dataclass(frozen=True)
class Touch:
    """A rule would have fired: when (microseconds), for which cause, with what it found."""

    at: int
    cause: str
    found: list[dict[str, Any]]

    def shown(self) -> dict[str, Any]:
        """The same as callers see it."""
        return {"at": iso(self.at), "cause": self.cause, "found": self.found}


def touches(rule: Rule, known: Known, window: Window, ticks: Sequence[int]) -> list[Touch]:
    """Every time at which the rule would have fired for the deal; ``ticks`` are the times of its schedule."""
    seen: set[str] = set()
    found: list[Touch] = []
    for moment, instant, cause in _occasions(rule, known, window, ticks, seen):
        if cause in seen:
            continue
        facts = DealFacts(moment, instant, window.zone, known.activities)
        if holds(rule.condition, facts):
            seen.add(cause)
            found.append(Touch(instant, cause, grounds(rule.condition, facts)))
    return found


def _occasions(
    rule: Rule, known: Known, window: Window, ticks: Sequence[int], seen: set[str]
) -> Iterator[tuple[Moment, int, str]]:
    """When the rule would have been asked: the deal as it stood, the instant, and what it would have fired for.

    A cause that is ``seen`` meanwhile need not come up again.
    """
    if rule.schedule is not None:
        yield from _at_ticks(rule, known, ticks, seen)
    elif rule.event is not None and rule.event.startswith("opportunity."):
        for moment in known.moments:
            instant = moment.event.occurred_at
            if instant in window and moment.is_there and rule.event in events_of(moment):
                yield moment, instant, cause_of(rule, moment, moment.event.seq)
    else:
        for instant, name in _of_records(rule, known):
            found = at(known.moments, instant)
            if instant in window and found is not None and found.is_there:
                named = cause_of(rule, found, 0)
                yield found, instant, name if rule.once == "cause" else named


def _at_ticks(rule: Rule, known: Known, ticks: Sequence[int], seen: set[str]) -> Iterator[tuple[Moment, int, str]]:
    for position, moment in enumerate(known.moments):
        if not (moment.is_there and looked_at(rule, moment.after["status"])):
            continue
        last = position + 1 == len(known.moments)
        first = bisect_left(ticks, moment.event.occurred_at)
        end = len(ticks) if last else bisect_left(ticks, known.moments[position + 1].event.occurred_at)
        for tick in ticks[first:end]:
            cause = cause_of(rule, moment, 0, tick)
            if cause in seen:
                break  # it lasts as long as the moment, but for a cause that is the tick itself and is never seen before
            yield moment, tick, cause


def _of_records(rule: Rule, known: Known) -> list[tuple[int, str]]:
    if rule.event == "activity.created":
        return [(one.at, f"activity {iso(one.at)}") for one in known.activities]
    return [(one.at, f"event {one.seq}") for one in known.records if one.event == rule.event]


def was_there(rule: Rule, known: Known, window: Window) -> bool:
    """Whether the deal was one that the rule could have touched: there, and open unless the rule looks at closed ones."""
    needed = "open" if rule.schedule is None else rule.deals
    for position, moment in enumerate(known.moments):
        begins = moment.event.occurred_at
        last = position + 1 == len(known.moments)
        ends = window.last + 1 if last else known.moments[position + 1].event.occurred_at
        if begins > window.last or (ends <= window.first and not last) or not moment.is_there:
            continue
        status = moment.after["status"]
        if needed == "all" or (needed == "open") == (status == "open"):
            return True
    return False


def ended(known: Known) -> Ended:
    """How the deal stands by now."""
    last = known.moments[-1]
    state = last.after
    days = None if state["status"] == "open" else round((last.staged_at - state["created_at"]) / DAY, 6)
    return Ended(state["status"], state.get("amount_minor"), state.get("currency"), days)
