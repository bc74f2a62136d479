"""Conditions: comparisons of facts, in groups. Pure: facts in, an answer out, with what was found on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal, Protocol

from sales_operations.process.rules.vocabulary import Type


class _Undetermined:
    """The one value of its kind."""

    def __repr__(self) -> str:
        return "UNDETERMINED"


UNDETERMINED: Final = _Undetermined()
"""What a fact is where nothing says what it will be: neither known nor unknown."""


@dataclass(frozen=True)
class Fact:
    """What a comparison asks for.

    ``field``, ``previous``, ``changed``, ``change`` name a field: its value, the one before the event, whether the event
    changed it, by how much. ``days`` names an age. ``activities`` counts those of ``types`` (all where empty) of the last
    ``within_days``.
    """

    source: Literal["field", "previous", "changed", "change", "days", "activities"]
    name: str
    type: Type
    types: tuple[str, ...] = ()
    within_days: int | None = None

    def __str__(self) -> str:
        if self.source == "field":
            return self.name
        if self.source == "activities":
            kinds = f"activities ({', '.join(self.types)})" if self.types else "activities"
            return kinds if self.within_days is None else f"{kinds} within {self.within_days} days"
        return f"{self.source} {self.name}".replace("_", " ") if self.source == "days" else f"{self.source} {self.name}"


class Facts(Protocol):
    """What is known at one moment."""

    def value(self, fact: Fact) -> Any:
        """The fact: text, number, ISO date; None where it is unknown. Money is a ``Decimal`` in major units."""
        ...


@dataclass(frozen=True)
class Comparison:
    """A fact against a value."""

    fact: Fact
    operator: str
    value: Any

    def __str__(self) -> str:
        if self.fact.source == "changed":
            return f"{self.fact.name} changed"
        if self.operator == "known":
            return f"{self.fact} {'is known' if self.value else 'is unknown'}"
        shown = ", ".join(map(str, self.value)) if isinstance(self.value, tuple) else self.value
        return f"{self.fact} {self.operator.replace('_', ' ')} {shown}"


@dataclass(frozen=True)
class Group:
    """Conditions of which all or any must hold; ``not`` has one member, which must not."""

    kind: Literal["all", "any", "not"]
    members: tuple[Condition, ...]


Condition = Comparison | Group
ALWAYS = Group("all", ())
"""Holds whatever is known."""


def holds(condition: Condition, facts: Facts) -> bool | None:
    """Whether a condition holds; None where undetermined facts leave it open.

    An unknown value is not equal to any, and neither above nor below one.
    """
    if isinstance(condition, Comparison):
        found = facts.value(condition.fact)
        return None if found is UNDETERMINED else _compare(condition, found)
    answers = [holds(member, facts) for member in condition.members]
    if condition.kind == "any":
        return True if True in answers else None if None in answers else False
    together = False if False in answers else None if None in answers else True
    if condition.kind == "not":
        return None if together is None else not together
    return together


def comparisons(condition: Condition) -> Iterator[Comparison]:
    """Every comparison of a condition, in the order of the file."""
    if isinstance(condition, Comparison):
        yield condition
        return
    for member in condition.members:
        yield from comparisons(member)


def grounds(condition: Condition, facts: Facts) -> list[dict[str, Any]]:
    """What every comparison found: ``condition`` in words, ``found`` (null where unknown), ``held``."""
    told = []
    for comparison in comparisons(condition):
        found = facts.value(comparison.fact)
        shown = float(found) if isinstance(found, Decimal) else found
        told.append({"condition": str(comparison), "found": shown, "held": _compare(comparison, found)})
    return told


_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "above": lambda found, value: found > value,
    "at_least": lambda found, value: found >= value,
    "below": lambda found, value: found < value,
    "at_most": lambda found, value: found <= value,
}


def _compare(comparison: Comparison, found: Any) -> bool:
    operator, value = comparison.operator, comparison.value
    if comparison.fact.source == "changed":
        return bool(found)
    if operator == "known":
        return (found is not None) is value
    if operator in ("is_not", "none_of"):
        return found is None or not _equal(found, value)
    if found is None:
        return False
    if operator in ("is", "one_of"):
        return _equal(found, value)
    if operator == "contains":
        return str(value).casefold() in str(found).casefold()
    return _ORDER[operator](_number(found), value)


def _equal(found: Any, value: Any) -> bool:
    if isinstance(value, tuple):
        return any(_equal(found, one) for one in value)
    if isinstance(value, str):
        return str(found).casefold() == value.casefold()
    return bool(_number(found) == value)


def _number(found: Any) -> Any:
    """A number of the store as the decimal that it is written as: 0.1 is 0.1."""
    return Decimal(str(found)) if isinstance(found, int | float) else found
