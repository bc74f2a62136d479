"""Rules and sequences as they were read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from sales_operations.process.rules.actions import Action
from sales_operations.process.rules.conditions import Condition
from sales_operations.process.rules.node import Place
from sales_operations.process.rules.vocabulary import DEAL_EVENTS, OnceFor, Subject, subject_of


@dataclass(frozen=True)
class Rule:
    """What to do (``actions``), when (``event`` or ``schedule``), if a condition holds.

    ``deals`` says which deals a schedule looks at. ``imports``: whether changes that an import brings count as events.
    """

    name: str
    description: str
    event: str | None
    schedule: str | None
    deals: Literal["open", "closed", "all"]
    once: OnceFor
    imports: bool
    condition: Condition
    actions: tuple[Action, ...]
    place: Place

    @property
    def subject(self) -> Subject:
        """Whether the rule is about deals or leads."""
        return subject_of(self.event)

    @property
    def trigger(self) -> str:
        """What the rule waits for, in words."""
        return self.event if self.event is not None else f"schedule {self.schedule}"


@dataclass(frozen=True)
class Step:
    """One step of a sequence: what to do, so many days after the step before (the first: after the start)."""

    wait_days: int
    action: Action


@dataclass(frozen=True)
class Stop:
    """What ends a sequence early: ``close``, ``stage_change``, ``activity`` (of ``types``; any where empty) or ``reply``."""

    word: Literal["close", "stage_change", "activity", "reply"]
    types: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sequence:
    """Follow-up steps with waits, until something stops them."""

    name: str
    description: str
    steps: tuple[Step, ...]
    stops: tuple[Stop, ...]
    place: Place

    @property
    def as_rule(self) -> str:
        """What firings of its steps name as their rule."""
        return f"sequence {self.name}"


@dataclass(frozen=True)
class RuleSet:
    """Everything that was read together, in the order of the files."""

    rules: tuple[Rule, ...] = ()
    sequences: tuple[Sequence, ...] = ()

    @cached_property
    def of_events(self) -> dict[str, tuple[Rule, ...]]:
        """Event to the rules that wait for it."""
        events = dict.fromkeys(rule.event for rule in self.rules if rule.event)
        return {event: tuple(rule for rule in self.rules if rule.event == event) for event in events}

    @cached_property
    def scheduled(self) -> tuple[Rule, ...]:
        """The rules that run on a schedule."""
        return tuple(rule for rule in self.rules if rule.schedule)

    @property
    def listens_to_deals(self) -> bool:
        """Whether a rule waits for a change of a deal."""
        return not self.of_events.keys().isdisjoint(DEAL_EVENTS)

    def sequence(self, name: str) -> Sequence | None:
        """The sequence of that name."""
        return next((one for one in self.sequences if one.name == name), None)
