"""Tells from the names of the columns where a file comes from, and says why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sales_operations.connectors.binding import Bound, bind, names_of
from sales_operations.connectors.library import OWN, shipped
from sales_operations.connectors.mapping import Mapping
from sales_operations.connectors.source import shortened
from sales_operations.domain.errors import SourceError


@dataclass(frozen=True)
class Recognition:
    """The mapping that a file was recognised by, and a sentence that says why."""

    mapping: Mapping
    why: str


@dataclass(frozen=True)
class _Candidate:
    bound: Bound
    score: float

    @property
    def source(self) -> str:
        return self.bound.mapping.source


def recognise(columns: list[str], kind: str, mappings: Iterable[Mapping] | None = None) -> Recognition:
    """The source whose export of this kind has these columns.

    Each column counts for the sources that know it, the more the fewer they are; the source with the highest sum wins,
    among those that find all that the kind needs. Our own field names win a tie.
    Raises SourceError where no source, or more than one, fits: it says what is missing and how to write a mapping.
    """
    candidates = _candidates(columns, kind, list(mappings) if mappings is not None else list(shipped().values()))
    fitting = [candidate for candidate in candidates if not candidate.bound.missing]
    if not fitting:
        raise SourceError(_unknown(columns, kind, candidates))
    best = fitting[0]
    rivals = {item.source: item for item in fitting if item.score == best.score}
    if len(rivals) > 1 and OWN not in rivals:
        names = " or ".join(sorted(rivals))
        raise SourceError(
            f"the columns of this {kind} file fit {names} equally well ({_listed(columns)}); say which with --mapping"
        )
    best = rivals.get(OWN, best)
    used = [columns[place] for place in sorted(best.bound.used)]
    why = (
        f"recognised as {kind} of {best.bound.mapping.shown} by {len(used)} of {len(columns)} columns: {_listed(used)}"
        f"{f' ({best.bound.layout.name})' if best.bound.layout.name else ''}"
    )
    return Recognition(best.bound.mapping, why)


def choose(mapping: Mapping, kind: str, columns: list[str]) -> Bound:
    """The layout of a mapping that fits the columns best. Raises SourceError where none does."""
    if not mapping.kinds.get(kind):
        known = ", ".join(mapping.kinds)
        raise SourceError(f"the mapping {mapping.shown} says nothing about {kind}; it knows {known}")
    candidates = _candidates(columns, kind, [mapping])
    fitting = [candidate for candidate in candidates if not candidate.bound.missing]
    if not fitting:
        raise SourceError(_lacking(kind, candidates[0], columns))
    return fitting[0].bound


def _candidates(columns: list[str], kind: str, mappings: list[Mapping]) -> list[_Candidate]:
    """Every layout over the columns, the best one first."""
    knowing: dict[str, set[str]] = {}
    for mapping in mappings:
        for layout in mapping.kinds.get(kind, ()):
            for name in names_of(layout):
                knowing.setdefault(name, set()).add(mapping.source)
    found = []
    for mapping in mappings:
        for layout in mapping.kinds.get(kind, ()):
            bound = bind(mapping, layout, kind, columns)
            names = [columns[place] for place in bound.used]
            score = sum(_weight(knowing.get(name, set()), mapping.source) for name in names)
            found.append(_Candidate(bound, round(score, 9)))
    return sorted(found, key=lambda item: (-item.score, item.source))


def _weight(knowing: set[str], source: str) -> float:
    """What a column says for a source; half as much where the source knows it in another spelling only."""
    return 1 / len(knowing) if source in knowing else 0.5 / (len(knowing) + 1)


def _unknown(columns: list[str], kind: str, candidates: list[_Candidate]) -> str:
    if not candidates:
        return f"no source is known that exports {kind}; write a mapping (docs/imports.md)"
    return f"the columns are of no known source of {kind}. {_lacking(kind, candidates[0], columns)}"


def _lacking(kind: str, nearest: _Candidate, columns: list[str]) -> str:
    bound = nearest.bound
    left = [name for name, _ in bound.others]
    rest = f"; not recognised: {_listed(left)}" if left else ""
    return (
        f"{bound.mapping.shown} fits {len(bound.used)} of {len(columns)} columns, but nothing gives "
        f"{' and '.join(bound.missing)}{rest}. Write a mapping file that names the columns, such as\n"
        f"  source: my_crm\n  kinds:\n    {kind}:\n      fields:\n        "
        f"{bound.missing[0].partition(' ')[0]}: {shortened(left[0] if left else columns[0])}\n"
        "and give it with --mapping (docs/imports.md says all that it may hold)"
    )


def _listed(names: list[str], most: int = 8) -> str:
    shown = ", ".join(shortened(name, 40) for name in names[:most])
    return f"{shown}, … ({len(names) - most} more)" if len(names) > most else shown
