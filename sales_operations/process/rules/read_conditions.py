"""Conditions from a rule file: ``all``, ``any``, ``not``, and comparisons of a fact with a value."""

from __future__ import annotations

from typing import Any

from sales_operations.process.rules.conditions import ALWAYS, Comparison, Condition, Fact, Group
from sales_operations.process.rules.node import Node
from sales_operations.process.rules.vocabulary import AGES, FIELDS, OPERATORS, FieldWord, Subject, Type

_GROUPS = ("all", "any", "not")
_SOURCES = ("field", "previous", "change", "changed", "days", "activities")
ATTRIBUTE = "attributes."
"""What the name of a deal's own attribute begins with."""


def read_condition(node: Node, subject: Subject, *, of_event: bool) -> Condition:
    """The condition at a place; a list means that all must hold. What is wrong is noted; ALWAYS stands for it."""
    if isinstance(node.value, list):
        return _group("all", node, subject, of_event)
    if not isinstance(node.value, dict):
        node.expected("conditions: a list of them, or one with a key of " + ", ".join((*_GROUPS, *_SOURCES)))
        return ALWAYS
    groups = [key for key in _GROUPS if key in node.value]
    if groups:
        found = node.mapping(groups[:1])
        return _group(groups[0], found[groups[0]], subject, of_event) if found else ALWAYS
    return _comparison(node, subject, of_event) or ALWAYS


def _group(kind: str, node: Node, subject: Subject, of_event: bool) -> Condition:
    if kind == "not":
        if isinstance(node.value, list):
            node.problem("not takes one condition; write not: {any: [...]} or not: {all: [...]}")
            return ALWAYS
        return Group("not", (read_condition(node, subject, of_event=of_event),))
    members = tuple(read_condition(member, subject, of_event=of_event) for member in node.entries("conditions"))
    return Group("any" if kind == "any" else "all", members)


def _comparison(node: Node, subject: Subject, of_event: bool) -> Comparison | None:
    sources = [key for key in _SOURCES if key in node.value]
    if len(sources) != 1:
        said = "more than one of" if sources else "none of"
        node.problem(f"{said} {', '.join((*_GROUPS, *_SOURCES))} stands here; write one")
        return None
    source = sources[0]
    extra = ("within_days",) if source == "activities" else ()
    operators = () if source == "changed" else tuple(OPERATORS)
    found = node.mapping((source, *extra, *operators))
    if found is None:
        return None
    fact, word = _fact(source, found, subject, of_event)
    if fact is None:
        return None
    if source == "changed":
        return Comparison(fact, "is", True)
    used = [key for key in operators if key in found]
    if len(used) != 1:
        fitting = [name for name, types in OPERATORS.items() if fact.type in types]
        node.problem(f"{'one comparison too many' if used else 'no comparison'}; write one of {', '.join(fitting)}")
        return None
    operator = used[0]
    if fact.type not in OPERATORS[operator]:
        fitting = [name for name, types in OPERATORS.items() if fact.type in types]
        found[operator].problem(f"a {fact.type} cannot be compared so; use one of {', '.join(fitting)}")
        return None
    value = _value(found[operator], operator, fact.type, word)
    return None if value is None else Comparison(fact, operator, value)


def _fact(
    source: str, found: dict[str, Node], subject: Subject, of_event: bool
) -> tuple[Fact | None, FieldWord | None]:
    node = found[source]
    if source == "days":
        if subject == "lead":
            node.problem("leads have no ages here; compare a field")
            return None, None
        name = node.word(AGES)
        return (Fact("days", name, "number") if name else None), None
    if source == "activities":
        return _activities(node, found.get("within_days"), subject), None
    if source != "field" and (not of_event or subject == "lead"):
        node.problem(f"{source} asks what an event changed, and this rule waits for none of a deal; use field")
        return None, None
    name = node.value if isinstance(node.value, str) and node.value.startswith(ATTRIBUTE) else None
    if name is not None and subject == "deal" and source in ("field", "previous"):
        return Fact("field" if source == "field" else "previous", name, "text"), None
    name = node.word(FIELDS[subject])
    if name is None:
        return None, None
    word = FIELDS[subject][name]
    if source == "change":
        if word.type not in ("money", "number"):
            node.problem(f"the change of a {word.type} is no number; use changed, or previous")
            return None, None
        return Fact("change", name, word.type), None
    if source == "changed":
        return Fact("changed", name, "text"), word
    return Fact("field" if source == "field" else "previous", name, word.type), word


def _activities(node: Node, within: Node | None, subject: Subject) -> Fact | None:
    if subject == "lead":
        node.problem("activities of leads cannot be counted here; compare a field")
        return None
    days = within.whole(1, 3650) if within else None
    if isinstance(node.value, list):
        types = [entry.text() for entry in node.entries("types of activity")]
    else:
        types = [] if node.value == "any" else [node.text()]
    if None in types or (within and days is None):
        return None
    return Fact("activities", "activities", "number", tuple(one for one in types if one), days)


def _value(node: Node, operator: str, kind: Type, word: FieldWord | None) -> Any:
    if operator == "known":
        return node.flag()
    if operator in ("one_of", "none_of"):
        values = [_single(entry, kind, word) for entry in node.entries("values")]
        return tuple(values) if values and None not in values else None
    return _single(node, kind, word)


def _single(node: Node, kind: Type, word: FieldWord | None) -> Any:
    if kind == "date":
        return node.day()
    if kind in ("number", "money"):
        return node.number()
    return node.word(word.choices) if word and word.choices else node.text()
