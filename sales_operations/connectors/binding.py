"""A layout laid over the columns of one file: which column gives which field, and what is left over."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sales_operations.connectors.mapping import FieldRule, Layout, Mapping
from sales_operations.domain.kinds import KINDS, Kind


def folded(name: str) -> str:
    """A column's name without regard to case and blanks."""
    return " ".join(name.casefold().split())


class Columns:
    """The columns of a file, found by name: as it is written, or else whatever its case and blanks."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self._exact = {name: place for place, name in enumerate(names)}
        self._folded: dict[str, int] = {}
        for place, name in enumerate(names):
            self._folded.setdefault(folded(name), place)

    def find(self, wanted: str) -> int | None:
        """The place of a column, from 0."""
        return self._exact.get(wanted, self._folded.get(folded(wanted)))

    def first(self, wanted: Iterable[str]) -> int | None:
        """The place of the first of these columns that is there."""
        return next((place for name in wanted if (place := self.find(name)) is not None), None)


@dataclass(frozen=True)
class BoundField:
    """A field and the places of its columns: none for a constant, several for a ``join``."""

    name: str
    rule: FieldRule
    places: tuple[int, ...]
    stands_in: bool = False

    @property
    def place(self) -> int | None:
        """The place of its first column."""
        return self.places[0] if self.places else None


@dataclass(frozen=True)
class Bound:
    """A layout over the columns of a file.

    ``used``: the places that fields and dates take. ``others``: the names and places of the rest, by name.
    ``missing``: what the kind or the layout cannot do without and the file lacks. ``absent``: fields
    of the layout without a column. ``stage_places``: the columns that date a stage, with the stage's text.
    """

    mapping: Mapping
    layout: Layout
    kind: Kind
    columns: Columns
    fields: dict[str, BoundField]
    used: frozenset[int]
    others: tuple[tuple[str, int], ...]
    missing: tuple[str, ...]
    absent: tuple[str, ...]
    stage_places: tuple[tuple[int, str], ...]

    @property
    def exact(self) -> int:
        """How many of the used columns are written as the layout has them."""
        known = set(names_of(self.layout))
        return sum(1 for place in self.used if self.columns.names[place] in known)


def names_of(layout: Layout) -> Iterator[str]:
    """Every column that a layout knows by name."""
    for rule in layout.fields.values():
        yield from (*rule.columns, *rule.otherwise, *rule.join)
    yield from layout.requires
    yield from layout.status.columns if layout.status else ()
    if layout.opens:
        yield layout.opens.at
    for event in layout.events:
        yield from (event.at, *event.when, *event.fields.values(), *((event.stage,) if event.stage else ()))
    if layout.changes:
        yield from (*layout.changes.field, *layout.changes.new, *layout.changes.old)
    if layout.log:
        yield from (layout.log.case, layout.log.activity, layout.log.at)


def bind(mapping: Mapping, layout: Layout, kind_name: str, names: list[str]) -> Bound:
    """Lay a layout over the columns of a file."""
    kind, columns = KINDS[kind_name], Columns(names)
    fields: dict[str, BoundField] = {}
    absent: list[str] = []
    for name, rule in layout.fields.items():
        found = _bound(name, rule, columns)
        if found is not None:
            fields[name] = found
        elif rule.columns:
            absent.append(name)
    stages = tuple(_stage_places(layout, names))
    used = {place for field in fields.values() for place in field.places} | {place for place, _ in stages}
    dated = [name for event in layout.events for name in (event.at, event.stage, *event.fields.values())]
    parts: list[tuple[str, ...]] = [(layout.opens.at,) if layout.opens else (), *((name,) for name in dated if name)]
    parts += [layout.status.columns] if layout.status else []
    parts += [layout.changes.field, layout.changes.new, layout.changes.old] if layout.changes else []
    parts += [(layout.log.case,), (layout.log.activity,), (layout.log.at,)] if layout.log else []
    used |= {place for part in parts if (place := columns.first(part)) is not None}
    others = tuple(sorted((name, place) for place, name in enumerate(names) if place not in used))
    missing = (*_missing(kind, layout, fields, columns, stages),)
    return Bound(mapping, layout, kind, columns, fields, frozenset(used), others, missing, tuple(absent), stages)


def _bound(name: str, rule: FieldRule, columns: Columns) -> BoundField | None:
    place = columns.first(rule.columns)
    if place is not None:
        return BoundField(name, rule, (place,))
    joined = [place for part in rule.join if (place := columns.find(part)) is not None]
    if joined:
        return BoundField(name, rule, tuple(joined))
    if (place := columns.first(rule.otherwise)) is not None:
        return BoundField(name, rule, (place,), stands_in=True)
    return BoundField(name, rule, ()) if rule.constant is not None else None


def _stage_places(layout: Layout, names: list[str]) -> Iterator[tuple[int, str]]:
    seen: set[str] = set()
    for pattern in layout.stage_columns:
        for place, name in enumerate(names):
            found = re.fullmatch(pattern, name)
            # Earlier patterns go first: one stage may be dated by an old and a new property.
            if found and found["stage"] not in seen:
                seen.add(found["stage"])
                yield place, found["stage"]


def _missing(
    kind: Kind, layout: Layout, fields: dict[str, BoundField], columns: Columns, stages: tuple[tuple[int, str], ...]
) -> Iterator[str]:
    if layout.log:
        wanted = {"case": layout.log.case, "activity": layout.log.activity, "time": layout.log.at}
        yield from (f"{what} ({name})" for what, name in wanted.items() if columns.find(name) is None)
        return
    dated = bool(layout.opens or layout.events or layout.stage_columns)
    for field in kind.fields:
        keyed = field.name == "id" and bool(kind.key) and "id" not in fields
        # Where a file of rates names no base, it is the company's currency.
        keyed = keyed or field.name == "base_currency"
        needed = field.required and not keyed and not (dated and field.name == "changed_at")
        if needed and field.name not in fields:
            rule = layout.fields.get(field.name)
            names = ", ".join((*rule.columns, *rule.otherwise)[:4]) if rule else ""
            yield f"{field.name} ({names})" if names else field.name
    if layout.requires and columns.first(layout.requires) is None:
        yield f"{layout.requires[0]}{' (or its other names)' if len(layout.requires) > 1 else ''}"
    if kind.name == "history" and dated and not stages and not layout.opens and not layout.events:
        yield "a column that dates a stage"
    if layout.changes:
        for what in ("field", "new"):
            if columns.first(getattr(layout.changes, what)) is None:
                yield f"the {what} value" if what == "new" else "the field's name"
