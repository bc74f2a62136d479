"""Whose value each field of a merged record has: by a named rule, from the two rows alone."""

from __future__ import annotations

from typing import Any

import orjson

from sales_operations.domain.errors import InvalidInput
from sales_operations.domain.kinds import KINDS
from sales_operations.settings.matching import Merging
from sales_operations.store import tables

_APART = frozenset(
    ("id", "created_at", "updated_at", "is_deleted", "converted_at", "opportunity", "status", "currency")
)
"""Fields that belong to the record itself, or go with another field."""
_WITH = {"annual_revenue": ("currency",)}
"""Columns that go with a field: an amount means nothing without its currency."""
_CONVERSION = ("converted_at", "opportunity_id", "opportunity_text", "status")


def decided(kind: str, kept: dict[str, Any], gone: dict[str, Any], merging: Merging) -> dict[str, Any]:
    """Columns of the survivor that change, and their new values. Raises InvalidInput for a field that the kind lacks."""
    rules = dict(merging.fields or {})
    fields = [field for field in KINDS[kind].fields if field.name not in _APART]
    every = {field.name for known in ("accounts", "contacts", "leads") for field in KINDS[known].fields}
    if unknown := sorted(set(rules) - every - {"attributes"}):
        raise InvalidInput(
            f"sales_operations.matching.merge.fields: no record that can be merged has {', '.join(unknown)}; "
            f"{kind} have {', '.join(field.name for field in fields)}"
        )
    chosen: dict[str, Any] = {}
    for field in fields:
        columns = (*tables.columns_of(field), *_WITH.get(field.name, ()))
        if _takes_other(rules.get(field.name, merging.rule), columns, kept, gone):
            chosen |= {name: gone[name] for name in columns}
    if kind == "leads":
        chosen |= _conversion(kept, gone)
    chosen["attributes"] = _attributes(rules.get("attributes", merging.rule), kept, gone)
    return {name: value for name, value in chosen.items() if value != kept[name]}


def _takes_other(rule: str, columns: tuple[str, ...], kept: dict[str, Any], gone: dict[str, Any]) -> bool:
    if all(gone[name] is None for name in columns):
        return False
    if all(kept[name] is None for name in columns):
        return True
    return _other_first(rule, kept, gone)


def _other_first(rule: str, kept: dict[str, Any], gone: dict[str, Any]) -> bool:
    return rule == "other" or (rule == "newest" and _age(gone) > _age(kept))


def _age(row: dict[str, Any]) -> tuple[int, int]:
    """What decides which of two records was changed last: their source's own time, else the store's number."""
    return row["updated_at"] or row["created_at"] or 0, row["seq"]


def _attributes(rule: str, kept: dict[str, Any], gone: dict[str, Any]) -> str | None:
    """Further columns of the sources, key by key."""
    present: str | None = kept["attributes"]
    own, others = orjson.loads(present or "{}"), orjson.loads(gone["attributes"] or "{}")
    first, second = (own, others) if _other_first(rule, kept, gone) else (others, own)
    found = {**first, **second}
    return present if found == own else orjson.dumps(found, option=orjson.OPT_SORT_KEYS).decode()


def _conversion(kept: dict[str, Any], gone: dict[str, Any]) -> dict[str, Any]:
    """A lead that was converted stays so; two that were converted, each to a deal of its own, are not one lead."""
    if gone["converted_at"] is None:
        return {}
    if kept["converted_at"] is not None:
        raise InvalidInput(
            f"leads {kept['id']} and {gone['id']} were both converted; merge their accounts and contacts instead"
        )
    return {name: gone[name] for name in _CONVERSION}
