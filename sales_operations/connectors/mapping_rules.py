"""What has to hold in a mapping beyond the types of its keys."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sales_operations.domain.errors import InvalidInput
from sales_operations.domain.kinds import KINDS, Kind
from sales_operations.domain.money import exponent

if TYPE_CHECKING:
    from sales_operations.connectors.mapping import FieldRule, Layout, Mapping

NAMED = ("users", "teams", "accounts", "products")
"""Kinds whose records are known well enough by a name."""
Finding = tuple[tuple[int | str, ...], str]
"""Where in the file, and what is wrong."""


def broken_rules(mapping: Mapping) -> Iterator[Finding]:
    """Every rule that a mapping breaks: unknown kinds and fields, fields that are missing, zones that do not exist."""
    yield from _zone(("zone",), mapping.zone)
    if mapping.currency is not None:
        try:
            exponent(mapping.currency)
        except InvalidInput as error:
            yield ("currency",), str(error)
    if not mapping.kinds and not mapping.extends:
        yield ("kinds",), "names no kind of record; give one, such as opportunities"
    for name, layouts in mapping.kinds.items():
        kind = KINDS.get(name)
        if kind is None:
            yield ("kinds", name), f"is no kind of record{_meant(name, KINDS)}; there are {', '.join(KINDS)}"
            continue
        for place, layout in enumerate(layouts):
            where = ("kinds", name, place) if len(layouts) > 1 else ("kinds", name)
            for inner, message in _layout(kind, layout):
                yield (*where, *inner), message


def _layout(kind: Kind, layout: Layout) -> Iterator[Finding]:
    known = {field.name for field in kind.fields}
    if layout.log:
        known = {field.name for field in KINDS["opportunities"].fields}
    for name, rule in layout.fields.items():
        if name not in known:
            yield ("fields", name), f"is no field of {kind.name}{_meant(name, known)}"
        if not (rule.columns or rule.join or rule.otherwise or rule.constant is not None or layout.changes):
            yield ("fields", name), "names no column; give one, several, or a constant"
        yield from _rule(name, rule)
        if rule.creates and not _can_create(kind, name):
            yield ("fields", name, "creates"), f"serves references to {', '.join(NAMED)} from records other than deals"
    forms = [form for form in ("changes", "log") if getattr(layout, form)]
    if layout.opens or layout.events or layout.stage_columns:
        forms.append("opens, events or stage_columns")
    if len(forms) > 1:
        yield (), f"{' and '.join(forms)} exclude each other; keep one"
    if forms and kind.name not in ("opportunities", "history"):
        yield (), f"{forms[0]} belongs to opportunities or history, not to {kind.name}"
    yield from _required(kind, layout)
    yield from _told(layout)


def _can_create(kind: Kind, name: str) -> bool:
    field = kind.field(name)
    return field is not None and field.ref in NAMED and kind.name not in ("opportunities", "history")


def _rule(name: str, rule: FieldRule) -> Iterator[Finding]:
    yield from _zone(("fields", name, "zone"), rule.zone)
    if rule.otherwise and name not in ("id", "opportunity"):
        yield ("fields", name, "otherwise"), "serves identifiers only; put the column among the columns"
    if not rule.times.is_finite() or rule.times == 0:
        yield ("fields", name, "times"), "is no number that can be multiplied with"


def _required(kind: Kind, layout: Layout) -> Iterator[Finding]:
    if layout.log:
        return
    dated = bool(layout.opens or layout.events or layout.stage_columns)
    for field in kind.fields:
        needed = field.required and not (field.name == "id" and kind.key)
        if kind.name == "history" and field.name == "changed_at" and dated:
            continue
        if needed and field.name not in layout.fields and field.name != "base_currency":
            yield ("fields",), f"leaves out {field.name}, which {kind.name} cannot do without"


def _told(layout: Layout) -> Iterator[Finding]:
    history = {field.name for field in KINDS["history"].fields}
    changing = history - {"opportunity", "changed_at", "previous_stage"}
    if layout.opens:
        for name in layout.opens.fields:
            if name not in layout.fields:
                yield ("opens", "fields"), f"names {name}, which is not among the fields"
    for place, event in enumerate(layout.events):
        for name in event.fields:
            if name not in changing - {"stage"}:
                yield ("events", place, "fields", name), f"is no field that changes{_meant(name, changing)}"
    if layout.changes:
        for old, new in layout.changes.names.items():
            if new not in changing:
                yield ("changes", "names", old), f"{new!r} is no field that changes{_meant(new, changing)}"
    if layout.log:
        for name in layout.log.known_at_opening:
            if name not in layout.fields or name not in changing:
                yield ("log", "known_at_opening"), f"names {name}, which is no changing field among the fields"
    for pattern in layout.stage_columns:
        try:
            if "stage" not in re.compile(pattern).groupindex:
                yield ("stage_columns",), f"{pattern!r} has no group (?P<stage>…)"
        except re.error as error:
            yield ("stage_columns",), f"{pattern!r} is no regular expression: {error}"


def _zone(where: tuple[int | str, ...], name: str | None) -> Iterator[Finding]:
    if name is not None:
        try:
            ZoneInfo(name)
        except (LookupError, ValueError, OSError):
            yield where, f"{name[:60]!r} is not a time zone such as Europe/Berlin"


def _meant(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word[:60], list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""
