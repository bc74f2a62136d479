"""A place in a rule file: its value, and how to read it as what is expected, with every problem noted where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from sales_operations.domain.errors import Problem
from sales_operations.settings.findings import shown
from sales_operations.settings.shape import Path, dotted
from sales_operations.settings.yaml_text import UNREADABLE, YamlText

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
LONGEST_TEXT = 2_000


@dataclass(frozen=True)
class Place:
    """Where something stands: file, key and line."""

    file: str
    key: str
    line: int | None

    def problem(self, message: str) -> Problem:
        """A finding about it."""
        return Problem(self.key, message, self.file, self.line)


@dataclass(frozen=True)
class Page:
    """One file, and what is wrong with it so far."""

    file: str
    text: YamlText
    problems: list[Problem] = field(default_factory=list)

    @property
    def top(self) -> Node:
        """The whole content."""
        return Node(self, self.text.value, ())


@dataclass(frozen=True)
class Node:
    """A value at a path. The readers give None, and note a problem, where it is not what they expect."""

    page: Page
    value: Any
    path: Path

    @property
    def place(self) -> Place:
        """Where it stands; for what is missing, where it is missing from."""
        for length in range(len(self.path), -1, -1):
            line = self.page.text.line(self.path[:length])
            if line is not None:
                return Place(self.page.file, dotted(self.path) if self.path else "rules", line)
        return Place(self.page.file, dotted(self.path) if self.path else "rules", 1)

    def problem(self, message: str) -> None:
        """Note what is wrong here. What could not be read at all was noted before."""
        if self.value is not UNREADABLE:
            self.page.problems.append(self.place.problem(message))

    def expected(self, what: str) -> None:
        """Note that something else should stand here."""
        self.problem(f"expected {what}; found {shown(self.value)}")

    def below(self, key: str) -> Node:
        """What stands under a key."""
        return Node(self.page, self.value.get(key), (*self.path, key))

    def mapping(self, known: Iterable[str], required: Iterable[str] = ()) -> dict[str, Node] | None:
        """The keys that stand here. Unknown and missing ones are noted."""
        words = list(known)
        if not isinstance(self.value, dict):
            self.expected(f"keys and values ({', '.join(words)})")
            return None
        found = {}
        for key in self.value:
            if key in words:
                found[key] = self.below(key)
                continue
            near = get_close_matches(str(key)[:60], words, n=1)
            advice = f"did you mean {near[0]}?" if near else f"known here: {', '.join(words)}"
            Node(self.page, self.value[key], (*self.path, str(key))).problem(f"unknown key; {advice}")
        for key in required:
            if key not in found:
                self.problem(f"{key} is missing; add it")
        return found

    def entries(self, what: str) -> list[Node]:
        """The entries of a list that holds at least one."""
        if not isinstance(self.value, list) or not self.value:
            self.expected(f"a list of {what}")
            return []
        return [Node(self.page, value, (*self.path, position)) for position, value in enumerate(self.value)]

    def text(self) -> str | None:
        """A text that is not empty."""
        if not isinstance(self.value, str) or not self.value.strip() or len(self.value) > LONGEST_TEXT:
            self.expected(f"a text of 1 to {LONGEST_TEXT:,} characters")
            return None
        return self.value

    def name(self) -> str | None:
        """A name in small letters, digits, ``-`` and ``_``."""
        if not isinstance(self.value, str) or not _NAME.fullmatch(self.value):
            self.expected("a name of up to 64 small letters, digits, - and _, such as stale-proposal")
            return None
        return self.value

    def word(self, words: Iterable[str]) -> str | None:
        """One of some words."""
        known = list(words)
        if self.value in known and isinstance(self.value, str):
            return self.value
        near = get_close_matches(self.value[:60].casefold(), known, n=1) if isinstance(self.value, str) else []
        advice = f"; did you mean {near[0]}?" if near else ""
        self.problem(f"expected one of {', '.join(known)}; found {shown(self.value)}{advice}")
        return None

    def whole(self, low: int, high: int) -> int | None:
        """A whole number within bounds."""
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not low <= self.value <= high:
            self.expected(f"a whole number from {low} to {high}")
            return None
        return self.value

    def number(self) -> Decimal | None:
        """A finite number."""
        if isinstance(self.value, int | float) and not isinstance(self.value, bool):
            number = Decimal(str(self.value))
            if number.is_finite() and abs(number) < Decimal(10) ** 15:
                return number
        self.expected("a number")
        return None

    def flag(self) -> bool | None:
        """True or false."""
        if not isinstance(self.value, bool):
            self.expected("true or false")
            return None
        return self.value

    def day(self) -> str | None:
        """A date, as ISO text."""
        if isinstance(self.value, date) and not isinstance(self.value, datetime):
            return self.value.isoformat()
        if isinstance(self.value, str):
            try:
                return date.fromisoformat(self.value).isoformat()
            except ValueError:
                pass
        self.expected("a date such as 2026-01-31")
        return None
