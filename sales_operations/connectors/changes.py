"""A history that has a row for every changed field, brought into the form of all history: a column for each field."""

from __future__ import annotations

from typing import Any

from sales_operations.connectors.batch import Problems
from sales_operations.connectors.binding import BoundField
from sales_operations.connectors.context import Context
from sales_operations.connectors.mapping import FieldChanges, FieldRule
from sales_operations.connectors.parse import Converter, Parsed, full_salesforce_id
from sales_operations.connectors.source import Record
from sales_operations.connectors.table import Table
from sales_operations.domain.kinds import KINDS

_HISTORY = {field.name: field for field in KINDS["history"].fields}


class Changes:
    """Spreads old and new values over the fields' own columns. Rows of other fields are skipped."""

    def __init__(self, context: Context, table: Table, changes: FieldChanges) -> None:
        self._context, self._table = context, table
        columns = context.bound.columns
        self._field, self._new = columns.first(changes.field) or 0, columns.first(changes.new) or 0
        self._old = columns.first(changes.old)
        self._names = {name.casefold(): ours for name, ours in changes.names.items()}
        self._stage = Parsed(context.stages.resolve, context.bound.mapping.missing)
        self._fields: dict[str, tuple[BoundField, Converter | None]] = {}
        rules = context.bound.layout.fields
        for ours in sorted(set(changes.names.values()) - {"stage"}):
            found = BoundField(ours, rules.get(ours, FieldRule()), (self._new,))
            money = _HISTORY[ours].type == "money"
            self._fields[ours] = (found, None if money else context.converter(_HISTORY[ours], found))

    def spread(self, rows: list[Record], columns: dict[str, list[Any]], problems: Problems) -> None:
        """Add the columns of the changed fields, and ``cleared``: the field that was emptied, where one was."""
        fields = [self._names.get(row[self._field].strip().casefold()) for row in rows]
        problems.skipped.update(row for row, field in enumerate(fields) if field is None)
        columns["cleared"] = [
            field if field and not row[self._new].strip() else None for field, row in zip(fields, rows, strict=True)
        ]
        currencies = columns.setdefault("currency", [self._context.currency] * len(rows))
        shown = self._context.source.columns[self._new]
        for field in sorted({field for field in fields if field}):
            chosen = [row for row, one in enumerate(fields) if one == field]
            texts = [rows[row][self._new] for row in chosen]
            values: list[Any]
            if field == "stage":
                values, errors = self._stage(texts)
                self._add_stages(rows, columns, chosen, values)
            else:
                found, convert = self._fields[field]
                if convert is None:
                    values, errors = self._table.money(field, found, texts, [currencies[row] for row in chosen])
                else:
                    values, errors = convert(texts)
                column = columns.setdefault(field, [None] * len(rows))
                for row, value in zip(chosen, values, strict=True):
                    column[row] = value
            problems.add(shown, dict(zip(chosen, texts, strict=True)), {chosen[at]: why for at, why in errors.items()})
        if "owner" in columns:
            self._leave_out_names(columns, problems)

    def _add_stages(
        self, rows: list[Record], columns: dict[str, list[Any]], chosen: list[int], values: list[Any]
    ) -> None:
        names = ("stage", "canonical_stage", "previous_stage", "canonical_previous_stage")
        stage, canonical, previous, canonical_previous = (
            columns.setdefault(name, [None] * len(rows)) for name in names
        )
        for row, pair in zip(chosen, values, strict=True):
            if pair:
                stage[row], canonical[row] = pair
            old = rows[row][self._old].strip() if self._old is not None else ""
            if old:
                previous[row], canonical_previous[row] = self._context.stages.known(old) or (old, None)

    def _leave_out_names(self, columns: dict[str, list[Any]], problems: Problems) -> None:
        """Salesforce tells a change of owner twice, with the identifier and with the name; the identifier is enough."""
        if self._context.bound.mapping.id_format != "salesforce":
            return
        keys = list(zip(columns["opportunity"], columns["changed_at"], strict=True))
        owners = columns["owner"]
        told = {key for key, owner in zip(keys, owners, strict=True) if owner and _is_id(owner)}
        problems.skipped.update(
            row for row, owner in enumerate(owners) if owner and not _is_id(owner) and keys[row] in told
        )


def _is_id(text: str) -> bool:
    return len(text) == 18 and full_salesforce_id(text[:15]) == text
