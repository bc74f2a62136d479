"""Actions from a rule file, each checked as far as the file and the configuration tell."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.domain.stages import PipelineStage
from sales_operations.process.rules.actions import KINDS, Action, DaysAhead
from sales_operations.process.rules.node import Node
from sales_operations.process.rules.vocabulary import DEAL_FIELDS, LEAD_FIELDS, SETTABLE, Subject
from sales_operations.render.text import rendered
from sales_operations.settings import Settings

BY_RULES = "by_rules"
"""In place of a rep: whoever the assignment chooses."""
_PEOPLE = "owner, manager, or a person's record id, e-mail or name"
DEAL_WORDS = ("id", "stage", "pipeline_stage", "pipeline", "status", "amount", "currency", "probability", "close_date",
              "name", "product", "next_step", "lead_source", "opportunity_type", "loss_reason", "owner", "account",
              "days_in_stage")  # fmt: skip
LEAD_WORDS = ("id", *(name for name in LEAD_FIELDS if name != "owner"), "owner")
WORDS: dict[Subject, tuple[str, ...]] = {"deal": DEAL_WORDS, "lead": LEAD_WORDS}
"""What stands below ``deal`` or ``lead`` in a template."""


def read_action(node: Node, subject: Subject, settings: Settings) -> Action | None:
    """The action at a place: one key, and what belongs to it."""
    if isinstance(node.value, str) and node.value in ("quote", "contract"):
        node = Node(node.page, {node.value: {}}, node.path)
    if not isinstance(node.value, dict) or len(node.value) != 1:
        node.expected(f"one action: a key of {', '.join(KINDS)}, and what belongs to it")
        return None
    found = node.mapping(KINDS)
    if not found:
        return None
    [(kind, below)] = found.items()
    if subject not in KINDS[kind]:
        able = [name for name, subjects in KINDS.items() if subject in subjects]
        below.problem(f"{kind} cannot be done with a {subject}; use one of {', '.join(able)}")
        return None
    problems = len(node.page.problems)
    values = _READERS[kind](below, subject, settings)
    return Action(kind, values, below.place) if values is not None and len(node.page.problems) == problems else None


def _move(node: Node, _subject: Subject, settings: Settings) -> dict[str, Any] | None:
    if isinstance(node.value, str):
        node = Node(node.page, {"to": node.value}, node.path)
    found = node.mapping(("to", "reason"), ("to",))
    if not found or "to" not in found:
        return None
    stage = found["to"].text()
    reason = found["reason"].text() if "reason" in found else None
    if stage:
        meant = [one for pipeline in settings.pipelines if (one := _stage(settings, pipeline, stage))]
        if not meant:
            known = [one.name for name in settings.pipelines for one in settings.pipeline(name).stages]
            found["to"].problem(f"no pipeline has the stage {stage!r}; use one of {', '.join(dict.fromkeys(known))}")
        elif reason and not any(one.canonical.is_closed for one in meant):
            found["reason"].problem(
                f"a reason belongs to a move that closes the deal, and {stage} is open; leave it out"
            )
    return {"to": stage, "reason": reason}


def _stage(settings: Settings, pipeline: str, stage: str) -> PipelineStage | None:
    try:
        return settings.pipeline(pipeline).find(stage)
    except NotFound:
        return None


def _assign(node: Node, _subject: Subject, _settings: Settings) -> dict[str, Any] | None:
    if isinstance(node.value, str):
        node = Node(node.page, {"to": node.value}, node.path)
    found = node.mapping(("to",), ("to",))
    if not found:
        return None
    to = found["to"].text()
    if to in ("owner",):
        found["to"].problem(f"the owner is who the deal has already; name {BY_RULES}, manager, or a person")
    return {"to": to}


def _task(node: Node, subject: Subject, _settings: Settings) -> dict[str, Any] | None:
    found = node.mapping(("title", "to", "due_in_days"), ("title",))
    if not found or "title" not in found:
        return None
    title = _template(found["title"], subject)
    to = found["to"].text() if "to" in found else "owner"
    days = found["due_in_days"].whole(0, 3650) if "due_in_days" in found else 0
    return {"title": title, "to": to, "due_in_days": days}


def _notify(node: Node, subject: Subject, _settings: Settings) -> dict[str, Any] | None:
    found = node.mapping(("to", "subject", "message"), ("subject", "message"))
    if not found or not {"subject", "message"} <= found.keys():
        return None
    to = found["to"].text() if "to" in found else "owner"
    title, message = _template(found["subject"], subject), _template(found["message"], subject)
    return {"to": to, "subject": title, "message": message}


def _set(node: Node, _subject: Subject, _settings: Settings) -> dict[str, Any] | None:
    found = node.mapping(SETTABLE)
    if not found:
        if found is not None:
            node.problem(f"nothing is set; give one of {', '.join(SETTABLE)} and its value")
        return None
    return {"fields": {name: _setting(below, name) for name, below in found.items()}}


def _setting(node: Node, name: str) -> Any:
    word = DEAL_FIELDS[name]
    if word.type == "date":
        if isinstance(node.value, dict):
            found = node.mapping(("in_days",), ("in_days",)) or {}
            days = found["in_days"].whole(-3650, 3650) if "in_days" in found else None
            return None if days is None else DaysAhead(days)
        return node.day()
    if word.type in ("money", "number"):
        number = node.number()
        bounds = (Decimal(0), Decimal(1) if name == "probability" else None)
        if number is not None and (number < bounds[0] or (bounds[1] is not None and number > bounds[1])):
            node.expected("a number from 0 to 1" if bounds[1] is not None else "a number that is not negative")
        return number
    return node.word(word.choices) if word.choices else node.text()


def _nothing(node: Node, _subject: Subject, _settings: Settings) -> dict[str, Any] | None:
    if node.value is not None and node.value != {}:
        node.problem("nothing belongs here; leave it empty: {}")
        return None
    return {}


def _webhook(node: Node, subject: Subject, _settings: Settings) -> dict[str, Any] | None:
    found = node.mapping(("message",), ("message",))
    if not found or "message" not in found:
        return None
    return {"message": _template(found["message"], subject)}


def _sequence(node: Node, _subject: Subject, _settings: Settings) -> dict[str, Any] | None:
    if isinstance(node.value, dict):
        found = node.mapping(("start",), ("start",))
        if not found:
            return None
        node = found["start"]
    name = node.name()
    return {"name": name} if name else None


def _template(node: Node, subject: Subject) -> str | None:
    """A template's text, once it was tried on a deal or lead that has a text for every name."""
    text = node.text()
    if text is None:
        return None
    try:
        rendered(text, {subject: {**dict.fromkeys(WORDS[subject], "x"), **_NUMBERS}}, "template")
    except InvalidInput as error:
        node.problem(f"{error}; known here: {', '.join(f'{subject}.{word}' for word in WORDS[subject])}")
        return None
    return text


_NUMBERS = {"amount": 1.0, "probability": 0.5, "days_in_stage": 1, "employees": 1}
_READERS: dict[str, Callable[[Node, Subject, Settings], dict[str, Any] | None]] = {
    "move": _move,
    "assign": _assign,
    "task": _task,
    "notify": _notify,
    "set": _set,
    "quote": _nothing,
    "contract": _nothing,
    "sequence": _sequence,
    "webhook": _webhook,
}
