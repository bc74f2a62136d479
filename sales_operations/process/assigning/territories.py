"""Which part of the market a lead belongs to: the most specific territory that fits."""

from __future__ import annotations

from dataclasses import dataclass

from sales_operations.process.assigning.facts import Facts, holding
from sales_operations.process.assigning.rules import Row, Rules, Territory


@dataclass(frozen=True)
class Found:
    """The territory and, where several fit equally well, the others by name; it is the first of them as listed."""

    territory: Territory
    ties: tuple[str, ...]


class Territories:
    """The territories of a set of rules, with what each is a part of."""

    def __init__(self, rules: Rules) -> None:
        by_name = {one.name: one for one in rules.territories}
        self._lines: dict[str, tuple[Territory, ...]] = {}
        for one in rules.territories:
            line = [one]
            while line[-1].parent is not None:
                line.append(by_name[line[-1].parent])
            self._lines[one.name] = tuple(line)

    def line(self, name: str) -> tuple[Territory, ...]:
        """A territory and those it is a part of, from the narrowest to the widest."""
        return self._lines[name]

    def of(self, facts: Facts) -> Found | None:
        """The most specific territory that fits, within its parents: the deepest one, then by the number of conditions that
        hold, then by the length of the beginning that a value was found by.
        """
        fitting = [(score, line[0]) for line in self._lines.values() if (score := _score(line, facts)) is not None]
        if not fitting:
            return None
        highest = max(score for score, _ in fitting)
        best = [territory for score, territory in fitting if score == highest]
        return Found(best[0], tuple(one.name for one in best[1:]))


def _score(line: tuple[Territory, ...], facts: Facts) -> tuple[int, int, int] | None:
    rows, length = 0, 0
    for territory in line:
        if not territory.when:
            continue
        groups = holding(territory.when, facts)
        if not groups:
            return None
        more, longest = max((len(group), _longest(group, facts)) for group in groups)
        rows, length = rows + more, length + longest
    return len(line), rows, length


def _longest(group: tuple[Row, ...], facts: Facts) -> int:
    """The longest beginning in a group that a value has."""
    starts = [start for row in group for start in row.starts_with if str(facts.get(row.field)).startswith(start)]
    return max(map(len, starts), default=0)
