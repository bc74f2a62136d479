"""What rules may know of a lead, and whether their conditions hold.

A decision is kept with the facts that it was made from. So that they tell no more of a lead than the rules ask, a text
becomes the word or the beginning that a rule names, or a mark that stands for every other value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from sales_operations.process.assigning.rules import Groups, Row, Rule, Rules
from sales_operations.settings.assignment import NUMBERS

Facts = dict[str, str | int | None]
"""Field to value: texts in small letters, a number of employees or percent, None where unknown."""

OTHER = "*"
"""Stands for a value that no rule names, and ends one of which only the beginning is named."""
_OF_LEAD = ("company", "industry", "country", "employees", "lead_source", "status", "rating", "product", "score")
_SPELLINGS = {
    "region": ("region", "state", "stateprovince", "province"),
    "city": ("city", "town"),
    "postal_code": ("postalcode", "postcode", "zip", "zipcode", "plz"),
}
"""Fields that stand among a lead's further columns, under one of these names but for case, blanks and signs."""


def facts_of(lead: Mapping[str, Any], account: Mapping[str, Any] | None, fields: frozenset[str]) -> Facts:
    """The values of these fields, from the rows of a lead and of its account; the lead's row has its ``score`` besides."""
    found: Facts = {}
    further: dict[str, Any] | None = None
    for field in sorted(fields):
        if field in _OF_LEAD:
            value = lead.get(field)
        elif field == "segment":
            value = account.get("segment") if account else None
        else:
            if further is None:
                further = orjson.loads(lead.get("attributes") or "{}")
            value = _further(further, field)
        if value is None or field in NUMBERS:
            found[field] = value
        else:
            found[field] = str(value).strip().casefold() or None
    return found


def _further(attributes: dict[str, Any], field: str) -> Any:
    if field.startswith("attributes."):
        return attributes.get(field.removeprefix("attributes."))
    spellings = _SPELLINGS[field]
    plain = {"".join(filter(str.isalnum, name)).casefold(): value for name, value in attributes.items()}
    return next((plain[name] for name in spellings if plain.get(name) is not None), None)


class Asked:
    """What a set of rules asks of a lead."""

    def __init__(self, rules: Rules) -> None:
        self._words: dict[str, set[str]] = {}
        self._beginnings: dict[str, set[str]] = {}
        for row in rules.rows:
            self._words.setdefault(row.field, set()).update(row.one_of, row.none_of)
            self._beginnings.setdefault(row.field, set()).update(row.starts_with)
        self._whole = {rule.skill_field for rule in rules.rules if rule.skill_field}
        self.fields = frozenset(self._words) | self._whole
        """The fields that any rule asks."""

    def kept(self, facts: Facts) -> Facts:
        """The facts, with texts cut down to what the rules name."""
        return {field: self._kept(field, value) for field, value in facts.items()}

    def _kept(self, field: str, value: str | int | None) -> str | int | None:
        if not isinstance(value, str) or field in self._whole or value in self._words[field]:
            return value
        fitting = [start for start in self._beginnings[field] if value.startswith(start)]
        return max(fitting, key=len, default="") + OTHER


def holds(row: Row, facts: Facts) -> bool:
    """Whether a condition holds."""
    value = facts.get(row.field)
    if row.known is not None and (value is not None) != row.known:
        return False
    if row.none_of and value in row.none_of:
        return False
    if row.one_of and value not in row.one_of:
        return False
    if row.starts_with and not (isinstance(value, str) and value.startswith(row.starts_with)):
        return False
    if row.at_least is not None and not (isinstance(value, int) and value >= row.at_least):
        return False
    return row.at_most is None or (isinstance(value, int) and value <= row.at_most)


def fits(rule: Rule, facts: Facts) -> bool:
    """Whether a rule is for a lead."""
    return not rule.when or bool(holding(rule.when, facts))


def holding(groups: Groups, facts: Facts) -> list[tuple[Row, ...]]:
    """The groups that hold."""
    return [group for group in groups if all(holds(row, facts) for row in group)]
