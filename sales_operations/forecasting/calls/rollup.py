"""What counts at each place: the adjustment, or else the call, or else what is rolled up from below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sales_operations.forecasting.calls.deals import Said
from sales_operations.forecasting.calls.organisation import COMPANY, Key, Organisation
from sales_operations.forecasting.calls.standing import ADJUSTMENT, CALL, CATEGORIES, Call, Standing


@dataclass
class Place:
    """The numbers of one place, in minor units, by category: closed is part of commit, commit of best case, pipeline apart.

    ``rollup``: what comes from below, for a rep from the deals; ``counts``: what goes further up.
    """

    said: Said
    rollup: Mapping[str, int]
    calls: Mapping[tuple[str, str], Call] = field(default_factory=dict)

    @property
    def deals(self) -> dict[str, int]:
        """What the deals say by category, each with what is surer."""
        commit = self.said.closed + self.said.commit
        return {"commit": commit, "best_case": commit + self.said.best_case, "pipeline": self.said.pipeline}

    @property
    def counts(self) -> dict[str, int]:
        """By category; what was won meanwhile counts even where a call is lower."""
        return self._settled({category: self.before(category, None) for category in CATEGORIES})

    def before(self, category: str, kind: str | None) -> int:
        """What stood in a category before somebody said it in this kind; None: what stands after all."""
        over = {CALL: (), ADJUSTMENT: (CALL,), None: (ADJUSTMENT, CALL)}[kind]
        for one in over:
            if (call := self.calls.get((category, one))) is not None:
                return int(call["counted_minor"])
        return self.rollup[category]

    def _settled(self, counts: dict[str, int]) -> dict[str, int]:
        counts["commit"] = max(counts["commit"], self.said.closed)
        counts["best_case"] = max(counts["best_case"], counts["commit"])
        return counts


def roll_up(organisation: Organisation, deals: Mapping[Key, Said], calls: Standing) -> dict[Key, Place]:
    """The numbers of every place, from the reps upwards."""
    own: dict[Key, dict[tuple[str, str], Call]] = {}
    for (key, category, kind), call in calls.items():
        own.setdefault(key, {})[category, kind] = call
    found: dict[Key, Place] = {}

    def visit(key: Key) -> Place:
        node = organisation.nodes[key]
        below = [visit(child) for child in node.children]
        said = sum((place.said for place in below), deals.get(key, Said()))
        rollup = {name: sum(place.counts[name] for place in below) for name in CATEGORIES}
        found[key] = Place(said, rollup if below else Place(said, {}).deals, own.get(key, {}))
        return found[key]

    visit(COMPANY)
    return found
