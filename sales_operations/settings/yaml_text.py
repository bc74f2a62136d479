"""YAML text to plain values, with the line of every key: strict, and bounded whatever the text says."""

from __future__ import annotations

import re
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

from sales_operations.domain.errors import Problem
from sales_operations.settings.shape import Path, dotted

MAX_VALUES = 20_000
MAX_DEPTH = 32
TOO_DEEP = f"values are nested more than {MAX_DEPTH} deep"
UNREADABLE: Any = object()
"""Stands for a value that could not be made out; a problem tells of it already."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_COLLECTIONS: dict[type[yaml.Node], str] = {
    yaml.MappingNode: "tag:yaml.org,2002:map",
    yaml.SequenceNode: "tag:yaml.org,2002:seq",
}
_UNFINISHED = object()


class YamlText:
    """What one text says.

    ``value`` is what it holds: None for an empty text, UNREADABLE where nothing could be made of it. ``problems`` is
    what is wrong with it; each carries ``source`` as its file, and its line where ``lined``. ``at`` is the path that
    the value will stand at.
    """

    def __init__(self, text: str, source: str, *, at: Path = (), lined: bool = True) -> None:
        self.problems: list[Problem] = []
        self.value: Any = UNREADABLE
        self._source, self._lined = source, lined
        self._done: dict[int, Any] = {}
        self._construct = SafeConstructor()
        self._node: yaml.Node | None = None
        line, reason = 1, ""
        try:
            line, reason = _refused(text)
            self._node = None if reason else yaml.compose(text, Loader=_LOADER)
        except yaml.YAMLError as error:
            line, reason = _explained(error, text)
        value = self._convert(self._node, at) if self._node else None
        reason = reason or too_big(value)
        if reason:
            self._add(at, line, reason)
        else:
            self.value = value

    def line(self, path: Path) -> int | None:
        """The line, from 1, where the value at a path stands; None if it does not."""
        node, line = self._node, 1
        for part in path:
            if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
                line = _line(node)
            elif isinstance(node, yaml.MappingNode):
                found = [pair for pair in node.value if pair[0].value == str(part)]
                if not found:
                    return None
                line, node = _line(found[-1][0]), found[-1][1]
            else:
                return None
        return line if self._node else None

    def _add(self, path: Path, line: int, message: str) -> None:
        self.problems.append(Problem(dotted(path), message, self._source, line if self._lined else None))

    def _convert(self, node: yaml.Node, path: Path) -> Any:
        # One value for each node, however many aliases point at it: nothing is expanded.
        if self._done.get(id(node)) is _UNFINISHED:
            self._add(path, _line(node), "contains itself, by an alias; write the value out")
            return UNREADABLE
        if id(node) not in self._done:
            self._done[id(node)] = _UNFINISHED
            self._done[id(node)] = self._plain(node, path)
        return self._done[id(node)]

    def _plain(self, node: yaml.Node, path: Path) -> Any:
        message = f"the tag {node.tag[:60]} is not supported; write the plain value"
        if node.tag == _COLLECTIONS.get(type(node)):
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, path)
            return [self._convert(entry, (*path, position)) for position, entry in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            try:
                value = self._construct.construct_object(node)
                if not isinstance(value, dict | list | set):
                    return value
            except yaml.YAMLError:
                pass
            except (ValueError, LookupError, AttributeError, TypeError, ArithmeticError):
                message = f"{node.value[:60]!r} looks like a number or a date, but is none; put text in quotes"
        self._add(path, _line(node), message)
        return UNREADABLE

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[Any, Any]:
        values: dict[Any, Any] = {}
        first: dict[Any, int] = {}
        for key_node, value_node in node.value:
            line = _line(key_node)
            if key_node.tag == "tag:yaml.org,2002:merge":
                self._add(path, line, "merge keys (<<) are not supported; write the keys out")
            elif not isinstance(key_node, yaml.ScalarNode):
                self._add(path, line, "a key must be a single word")
            else:
                key = self._convert(key_node, path)
                if key is UNREADABLE:
                    continue
                below = (*path, key_node.value)
                if key in first:
                    self._add(below, line, f"stands here again, first on line {first[key]}; keep one of them")
                first.setdefault(key, line)
                values[key] = self._convert(value_node, below)
        return values


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _refused(text: str) -> tuple[int, str]:
    control = _CONTROL.search(text)
    if control:
        line = text.count("\n", 0, control.start()) + 1
        return line, f"the character {control[0]!r} cannot stand in YAML; save the file as UTF-8 text"
    # libyaml composes by recursion in C: before that, a text of nothing but brackets must be found out.
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=_LOADER)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH and event.start_mark:
            return event.start_mark.line + 1, TOO_DEEP
        if count > 4 * MAX_VALUES:
            return 1, f"there are more than {MAX_VALUES} values"
    return 1, ""


def _explained(error: yaml.YAMLError, text: str) -> tuple[int, str]:
    context, problem = getattr(error, "context", None) or "", getattr(error, "problem", None) or str(error)
    if "maximum nesting depth" in problem:  # the parser's own limit, met within one flow value before ours
        return _mark_line(error), TOO_DEEP
    # Where a part was left open, its beginning helps; else the place where reading stopped.
    left_open = "quoted scalar" in context or "simple key" in context
    line = _mark_line(error, "context_mark" if left_open else "problem_mark")
    at = text.splitlines()[line - 1 : line]
    if at and "\t" in at[0][: len(at[0]) - len(at[0].lstrip())]:
        return line, "not YAML: a tab stands in the indentation; use spaces"
    if "another document" in problem:
        return line, "a second document begins here (---); keep one"
    reason = f"{context} {problem}".strip()
    return line, f"not YAML: {reason}; look here for a missing colon, quote or bracket, or a wrong indentation"


def _mark_line(error: yaml.YAMLError, name: str = "problem_mark") -> int:
    mark = getattr(error, name, None)
    return mark.line + 1 if mark else 1


def too_big(value: Any) -> str:
    """Why a value is too big to be a configuration once its shared parts are counted each time; empty if it is not."""
    sizes: dict[int, int] = {}

    def size(part: Any, depth: int) -> int:
        if depth > MAX_DEPTH:
            raise RecursionError
        if isinstance(part, dict | list | tuple) and id(part) not in sizes:
            sizes[id(part)] = 1 + sum(
                size(entry, depth + 1) for entry in (part.values() if isinstance(part, dict) else part)
            )
        return sizes.get(id(part), 1)

    try:
        return f"the values expand to more than {MAX_VALUES}" if size(value, 0) > MAX_VALUES else ""
    except RecursionError:
        return f"{TOO_DEEP}, or contain themselves"
