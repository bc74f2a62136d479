"""A log of activities, case by case, told as deals and their stage history."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from sales_operations.connectors.batch import Problems
from sales_operations.connectors.context import Context
from sales_operations.connectors.mapping import EventLog
from sales_operations.connectors.parse import Parsed, ids
from sales_operations.connectors.source import Record

_OPEN = 2**63


class Log:
    """Follows every case through the log: what opens it, how its stage changes, when it is closed.

    What comes at or after the closing of a case is left out. Cases may lie mingled; within one, time should not run
    backwards, and where it does, ``out_of_order`` counts it.
    """

    def __init__(self, context: Context, log: EventLog) -> None:
        self._context = context
        columns = context.bound.columns
        self._places = tuple(columns.find(name) or 0 for name in (log.case, log.activity, log.at))
        self._creates = frozenset(log.creates)
        self._ignored = log.ignore
        self._activity = Parsed(self._resolve)
        self._case = ids()
        self._instant = context.instants(self._places[2])
        self._stage: dict[str, str] = {}
        self._latest: dict[str, int] = {}
        self._closed: dict[str, int] = {}
        self.out_of_order = 0

    def told(self, rows: list[Record], problems: Problems) -> tuple[dict[str, list[Any]], list[int]]:
        """The history in some rows, and the place of each of its entries among them. ``opens`` marks a deal's first.

        Rows that change nothing are skipped.
        """
        shown = [self._context.source.columns[place] for place in self._places]
        texts = [[row[place] for row in rows] for place in self._places]
        cases, case_errors = self._case(texts[0])
        activities, activity_errors = self._activity(texts[1])
        instants, instant_errors = self._instant(texts[2])
        instant_errors |= {
            row: "is missing" for row, at in enumerate(instants) if at is None and row not in instant_errors
        }
        for place, errors in enumerate((case_errors, activity_errors, instant_errors)):
            problems.add(shown[place], texts[place], errors)
        bad = problems.rows
        entries: list[tuple[str, int, bool, str, str]] = []
        chosen: list[int] = []
        for row, (case, activity, at) in enumerate(zip(cases, activities, instants, strict=True)):
            if row in bad:
                continue
            if activity is None:
                problems.skipped.add(row)
                continue
            name, own, canonical = activity
            before = self._stage.get(case)
            opens = before is None
            if opens and self._creates and name not in self._creates:
                reason = f"comes before the case {case} is opened by {' or '.join(sorted(self._creates))}"
                problems.add(shown[1], texts[1], {row: reason})
                continue
            if at < self._latest.get(case, at):
                self.out_of_order += 1
            if before == own or at >= self._closed.get(case, _OPEN):
                problems.skipped.add(row)
                continue
            self._stage[case] = own
            self._latest[case] = max(at, self._latest.get(case, at))
            if canonical.startswith("closed"):
                self._closed[case] = at
            entries.append((case, at, opens, own, canonical))
            chosen.append(row)
        names = ("opportunity", "changed_at", "opens", "stage", "canonical_stage")
        return {name: [entry[place] for entry in entries] for place, name in enumerate(names)}, chosen

    def _resolve(self, text: str) -> tuple[str, str, str] | None:
        found = self._context.stages.known(text)
        if found is not None:
            return (text, *found)
        if any(fnmatchcase(text, pattern) for pattern in self._ignored):
            return None
        raise ValueError(f"{self._context.stages.advice(text)}; or leave it out with `ignore:` of the log")
