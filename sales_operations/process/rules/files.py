"""Rule files: found, read and checked as a whole, with every problem at once."""

from __future__ import annotations

import glob
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Literal, cast

from sales_operations.domain.errors import Problem, SettingsError
from sales_operations.process.rules.actions import Action
from sales_operations.process.rules.conditions import ALWAYS, Condition
from sales_operations.process.rules.loops import loops
from sales_operations.process.rules.node import Node, Page
from sales_operations.process.rules.read_actions import read_action
from sales_operations.process.rules.read_conditions import read_condition
from sales_operations.process.rules.ruleset import Rule, RuleSet, Sequence, Step, Stop
from sales_operations.process.rules.vocabulary import EVENTS, OnceFor, subject_of
from sales_operations.settings import Settings
from sales_operations.settings.schedule import check_schedule
from sales_operations.settings.yaml_text import YamlText

MAX_BYTES = 1_000_000
MAX_FILES = 200
_RULE = ("name", "description", "when", "schedule", "deals", "once", "imports", "if", "then")
_SEQUENCE = ("name", "description", "stop", "steps")
_STOPS = ("close", "stage_change", "activity", "reply")


@dataclass(frozen=True)
class Reading:
    """One look at rule files: their texts by name, what they say, and everything that is wrong."""

    texts: tuple[tuple[str, str], ...]
    rules: RuleSet
    problems: list[Problem]

    def checked(self) -> RuleSet:
        """The rules. Raises SettingsError with every problem."""
        if self.problems:
            raise SettingsError(self.problems)
        return self.rules


def read_files(names: list[str], settings: Settings) -> Reading:
    """Read the files, or those that ``automation.rules`` of the configuration means where none is named."""
    pattern = settings.automation.rules
    found = names or sorted(glob.glob(pattern))
    if not found:
        message = f"no file is there; write one (docs/rules.md), or name the files. Looked for {pattern}"
        return Reading((), RuleSet(), [Problem("automation.rules", message)])
    texts: list[tuple[str, str]] = []
    problems: list[Problem] = []
    for name in dict.fromkeys(found[:MAX_FILES]):
        try:
            with Path(name).open("rb") as stream:
                content = stream.read(MAX_BYTES + 1)
            if len(content) > MAX_BYTES:
                problems.append(Problem("rules", f"the file is larger than {MAX_BYTES:,} bytes; split it", name))
                continue
            texts.append((name, content.decode("utf-8-sig")))
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            problems.append(Problem("rules", "the file is not UTF-8; save it in that encoding", name, line))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            problems.append(Problem("rules", f"cannot be read ({reason}); name a readable file", name))
    if len(found) > MAX_FILES:
        problems.append(Problem("rules", f"{len(found)} files are too many; at most {MAX_FILES} are read"))
    reading = read_texts(tuple(texts), settings)
    return Reading(reading.texts, reading.rules, [*problems, *reading.problems])


def read_texts(texts: tuple[tuple[str, str], ...], settings: Settings) -> Reading:
    """Read the texts of files, given with their names."""
    rules: list[Rule] = []
    sequences: list[Sequence] = []
    problems: list[Problem] = []
    for name, text in texts:
        page = Page(name, YamlText(text, name))
        page.problems.extend(page.text.problems)
        found = page.top.mapping(("rules", "sequences"))
        if found == {}:
            page.top.problem("nothing stands here; write rules or sequences below these keys")
        for key, below in (found or {}).items():
            for entry in below.entries(key):
                if key == "rules":
                    rules.extend(filter(None, [_rule(entry, settings)]))
                else:
                    sequences.extend(filter(None, [_sequence(entry, settings)]))
        problems += sorted(page.problems, key=lambda problem: problem.line or 0)
    made = RuleSet(tuple(rules), tuple(sequences))
    problems += [*_repeated(made), *_unknown_sequences(made)]
    return Reading(texts, made, problems or loops(made))


def _rule(node: Node, settings: Settings) -> Rule | None:
    before = len(node.page.problems)
    found = node.mapping(_RULE, ("name", "then"))
    if found is None:
        return None
    name = found["name"].name() if "name" in found else None
    event = found["when"].word(EVENTS) if "when" in found else None
    schedule = _schedule(found["schedule"]) if "schedule" in found else None
    if ("when" in found) == ("schedule" in found):
        node.problem("a rule has either when (an event) or schedule (a time); write one of them")
    subject = subject_of(event)
    of_event = event is not None and event.startswith("opportunity.")
    condition: Condition = ALWAYS
    if "if" in found:
        condition = read_condition(found["if"], subject, of_event=of_event)
    actions = _actions(found["then"], subject == "lead", settings) if "then" in found else ()
    description = found["description"].text() if "description" in found else ""
    deals = found["deals"].word(("open", "closed", "all")) if "deals" in found else "open"
    if "deals" in found and schedule is None:
        found["deals"].problem("deals says which deals a schedule looks at; this rule waits for an event")
    imports = found["imports"].flag() if "imports" in found else False
    if "imports" in found and event is None:
        found["imports"].problem("imports says whether imported changes are events; this rule runs on a schedule")
    once = _once(found.get("once"), scheduled="schedule" in found, of_deal=subject == "deal")
    if len(node.page.problems) > before or name is None:
        return None
    return Rule(
        name,
        description or "",
        event,
        schedule,
        cast(Literal["open", "closed", "all"], deals),
        once,
        bool(imports),
        condition,
        actions,
        node.place,
    )


def _once(node: Node | None, *, scheduled: bool, of_deal: bool) -> OnceFor:
    usual: OnceFor = "stage" if scheduled else "cause"
    if node is None:
        return usual
    known = ("stage", "deal", "run") if scheduled else ("cause", "stage", "deal") if of_deal else ("cause",)
    return cast(OnceFor, node.word(known) or usual)


def _schedule(node: Node) -> str | None:
    text = node.text()
    if text is None:
        return None
    try:
        return check_schedule(text)
    except ValueError as error:
        node.problem(str(error))
        return None


def _actions(node: Node, of_lead: bool, settings: Settings) -> tuple[Action, ...]:
    entries = [node] if isinstance(node.value, dict) else node.entries("actions")
    return tuple(filter(None, [read_action(one, "lead" if of_lead else "deal", settings) for one in entries]))


def _sequence(node: Node, settings: Settings) -> Sequence | None:
    before = len(node.page.problems)
    found = node.mapping(_SEQUENCE, ("name", "steps"))
    if found is None:
        return None
    name = found["name"].name() if "name" in found else None
    description = found["description"].text() if "description" in found else ""
    steps = [_step(entry, settings) for entry in found["steps"].entries("steps")] if "steps" in found else []
    stops = tuple(filter(None, map(_stop, found["stop"].entries("stops")))) if "stop" in found else (Stop("close"),)
    if len(node.page.problems) > before or name is None:
        return None
    return Sequence(name, description or "", tuple(filter(None, steps)), stops, node.place)


def _step(node: Node, settings: Settings) -> Step | None:
    found = node.mapping(("wait_days", "do"), ("wait_days", "do"))
    if not found or len(found) < 2:
        return None
    days, action = found["wait_days"].whole(0, 3650), read_action(found["do"], "deal", settings)
    if action is not None and action.kind == "sequence":
        found["do"].problem("a sequence starts no other one; let a rule do that")
        return None
    return Step(days, action) if days is not None and action is not None else None


def _stop(node: Node) -> Stop | None:
    if isinstance(node.value, dict):
        found = node.mapping(("activity",), ("activity",))
        if not found:
            return None
        below = found["activity"]
        types = below.entries("types of activity") if isinstance(below.value, list) else [below]
        read = [one.text() for one in types]
        return None if None in read or not read else Stop("activity", tuple(one for one in read if one))
    word = node.word(_STOPS)
    return Stop(cast(Literal["close", "stage_change", "activity", "reply"], word)) if word else None


def _repeated(made: RuleSet) -> list[Problem]:
    problems = []
    for entries in (made.rules, made.sequences):
        first: dict[str, Rule | Sequence] = {}
        for one in entries:
            other = first.setdefault(one.name, one)
            if other is not one:
                at = f"{other.place.file}:{other.place.line}"
                problems.append(one.place.problem(f"the name {one.name!r} stands already at {at}; rename one"))
    return problems


def _unknown_sequences(made: RuleSet) -> list[Problem]:
    known = {one.name for one in made.sequences}
    problems = []
    for action in chain.from_iterable(rule.actions for rule in made.rules):
        if action.kind == "sequence" and action.values["name"] not in known and action.place is not None:
            listed = f"use one of {', '.join(sorted(known))}" if known else "write it below sequences"
            problems.append(action.place.problem(f"there is no sequence {action.values['name']!r}; {listed}"))
    return problems
