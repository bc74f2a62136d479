"""Actions: what a rule does, as read from its file, and which events that can lead to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sales_operations.process.rules.node import Place
from sales_operations.process.rules.vocabulary import Subject

KINDS: dict[str, tuple[Subject, ...]] = {
    "move": ("deal",),
    "assign": ("deal", "lead"),
    "task": ("deal", "lead"),
    "notify": ("deal", "lead"),
    "set": ("deal",),
    "quote": ("deal",),
    "contract": ("deal",),
    "sequence": ("deal",),
    "webhook": ("deal", "lead"),
}
"""Action to what it can be done with."""


@dataclass(frozen=True)
class Action:
    """One thing to do. ``values`` are its checked keys.

    move: to, reason. assign: to (owner's record id, e-mail or name, or ``by_rules``). task: title, to, due_in_days.
    notify: to, subject, message. set: fields (field to value; a close date also as whole days from the day of firing).
    sequence: name. webhook: message. quote, contract: nothing.
    """

    kind: str
    values: dict[str, Any] = field(default_factory=dict)
    place: Place | None = field(default=None, compare=False)

    def __str__(self) -> str:
        values = self.values
        if self.kind == "set":
            return "set " + ", ".join(f"{name} to {_shown(value)}" for name, value in values["fields"].items())
        if self.kind in ("move", "assign"):
            return f"{self.kind} to {str(values['to']).replace('_', ' ') if self.kind == 'assign' else values['to']}"
        if self.kind == "task":
            return f"task {values['title']!r} for {values['to']}"
        if self.kind == "notify":
            return f"notify {values['to']}: {values['subject']}"
        return f"sequence {values['name']}" if self.kind == "sequence" else self.kind


@dataclass(frozen=True)
class DaysAhead:
    """A date given as days after the day on which a rule fires."""

    days: int


def event_of(action: str, rule: str) -> str:
    """The event by which what a rule tells is routed: ``rule.NAME`` for a notification, ``webhook.NAME`` for a webhook."""
    return f"{'webhook' if action == 'webhook' else 'rule'}.{rule.replace(' ', '.')}"


def _shown(value: Any) -> str:
    return f"{value.days} days ahead" if isinstance(value, DaysAhead) else str(value)
