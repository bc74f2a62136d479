"""What an import tells at its end: what became of every row, and how the amounts of file and store compare."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sales_operations.connectors.batch import Reject
from sales_operations.domain.money import to_major

_KEPT_REASONS = 200
"""How many different reasons of rejects are told; all of them stand in the file of rejects."""
_KEPT_UNRESOLVED = 1_000
"""How many different unknown references an interrupted run remembers, the most frequent first."""


@dataclass
class Summary:
    """What became of a file's rows: ``read`` is the sum of created, updated, unchanged, repeated, erased, skipped, rejected.

    Not so where a row tells more or less than one record: of a log of activities ``read`` counts activities, and a row
    of history with several dated columns gives several changes.
    ``in_file``, ``in_store``: currency to minor units in the file, rejected rows included where their amount could be
    read, and in the store for the records that came in. ``unresolved``: (field, text) of unknown references to
    rows. ``reasons``: (column, reason) of rejects to how many there are, and the first of them.
    """

    file: str
    kind: str
    source: str
    recognised: str
    dry_run: bool
    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    repeated: int = 0
    erased: int = 0
    skipped: int = 0
    rejected: int = 0
    history_rows: int = 0
    amount_unknown: int = 0
    resumed_at: int = 0
    in_file: Counter[str] = field(default_factory=Counter)
    in_store: Counter[str] = field(default_factory=Counter)
    unresolved: Counter[tuple[str, str]] = field(default_factory=Counter)
    reasons: dict[tuple[str, str], tuple[int, Reject]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    rejects_file: str | None = None

    _COUNTS = ("read", "created", "updated", "unchanged", "repeated", "erased", "skipped", "rejected", "history_rows",
               "amount_unknown")  # fmt: skip

    def note(self, rejects: list[Reject]) -> None:
        """Count the reasons of rejects."""
        for reject in rejects:
            key = (reject.column, reject.reason)
            if key in self.reasons or len(self.reasons) < _KEPT_REASONS:
                count, first = self.reasons.get(key, (0, reject))
                self.reasons[key] = (count + 1, first)

    def counts(self) -> dict[str, Any]:
        """The figures, for the record of the run."""
        plain: dict[str, Any] = {name: getattr(self, name) for name in self._COUNTS}
        unresolved = [[name, text, rows] for name, text, rows in self._unresolved()[:_KEPT_UNRESOLVED]]
        return {**plain, "in_file": self.in_file, "in_store": self.in_store, "unresolved": unresolved}

    def take(self, counts: dict[str, Any]) -> None:
        """Go on from the figures of an interrupted run."""
        for name in self._COUNTS:
            setattr(self, name, counts[name])
        self.in_file.update(counts["in_file"])
        self.in_store.update(counts["in_store"])
        self.unresolved.update({(name, text): rows for name, text, rows in counts["unresolved"]})

    def _unresolved(self) -> list[tuple[str, str, int]]:
        """Field, text and number of rows, the most frequent first."""
        return sorted(((*key, rows) for key, rows in self.unresolved.items()), key=lambda one: (-one[2], *one[:2]))

    def as_json(self) -> dict[str, Any]:
        """The summary as one JSON object, amounts in major units."""
        amounts = {
            currency: {
                "file": to_major(self.in_file[currency], currency),
                "store": to_major(self.in_store[currency], currency),
                "difference": to_major(self.in_file[currency] - self.in_store[currency], currency),
            }
            for currency in sorted(self.in_file.keys() | self.in_store.keys())
        }
        unknown = [{"field": name, "value": text, "rows": rows} for name, text, rows in self._unresolved()]
        return {
            "file": self.file,
            "kind": self.kind,
            "source": self.source,
            "recognised": self.recognised,
            "dry_run": self.dry_run,
            **{name: getattr(self, name) for name in self._COUNTS},
            "amounts": amounts,
            "reasons": [
                {"column": column, "reason": reason, "rows": rows, "line": first.line, "value": first.value}
                for (column, reason), (rows, first) in sorted(self.reasons.items(), key=lambda item: -item[1][0])
            ],
            "unresolved": unknown,
            "warnings": self.warnings,
            "rejects_file": self.rejects_file,
            "resumed_at": self.resumed_at,
        }
