"""Rows of a file to typed columns of one kind: fields converted, amounts in their currency, stages resolved."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from operator import itemgetter
from typing import Any

import orjson

from sales_operations.connectors import numbers
from sales_operations.connectors.batch import Batch, Problems, Reject
from sales_operations.connectors.binding import BoundField
from sales_operations.connectors.context import Context, cells
from sales_operations.connectors.parse import Converter, Parsed
from sales_operations.connectors.source import Record, Rows
from sales_operations.domain.kinds import Field

_LEFT_APART = ("stage", "previous_stage", "currency")


class Table:
    """Converts batches of rows for the fields that a layout finds in a file. ``leave_out``: fields not to convert."""

    def __init__(self, context: Context, leave_out: frozenset[str] = frozenset()) -> None:
        self._context = context
        bound = context.bound
        self._fields = {name: found for name, found in bound.fields.items() if name not in leave_out}
        kinds = {field.name: field for field in bound.kind.fields}
        self._simple: list[tuple[Field, BoundField, Converter]] = []
        self._money: list[tuple[str, BoundField]] = []
        for name, found in self._fields.items():
            field = kinds[name]
            if field.type == "money":
                self._money.append((name, found))
            elif name not in _LEFT_APART:
                self._simple.append((field, found, context.converter(field, found)))
        self._by_currency: dict[tuple[str, str], Converter] = {}
        self._marks = Parsed(numbers.currency_in)
        found_currency = self._fields.get("currency")
        self._currency = context.converter(kinds["currency"], found_currency) if found_currency else None
        self._has_currency = "currency" in kinds and (bool(self._money) or found_currency is not None)
        self._stage = Parsed(context.stages.resolve, bound.mapping.missing)
        self._previous = Parsed(lambda text: context.stages.known(text) or (text, None), bound.mapping.missing)
        status = bound.layout.status
        self._status_place = bound.columns.first(status.columns) if status else None
        self._ends = {word.casefold(): end for end in ("won", "lost", "deleted") for word in getattr(status, end, ())}
        self._names = [name for name, _ in bound.others]
        self._absent = frozenset(bound.mapping.missing)
        places = [place for _, place in bound.others]
        self._others = itemgetter(*places) if len(places) > 1 else lambda row: tuple(row[place] for place in places)

    def columns(self, rows: list[Record], problems: Problems) -> dict[str, list[Any]]:
        """The columns of some rows; what cannot be converted goes to ``problems``."""
        columns: dict[str, list[Any]] = {}
        for field, found, convert in self._simple:
            texts = self.texts(found, rows)
            values, errors = convert(texts)
            columns[field.name] = values
            problems.add(self._shown(found), texts, errors)
            if field.required and field.type != "id":
                absent = {row: "is missing" for row, value in enumerate(values) if value is None and row not in errors}
                problems.add(self._shown(found), texts, absent)
        if "stage" in self._fields or self._status_place is not None:
            self._add_stages(rows, columns, problems)
        if previous := self._fields.get("previous_stage"):
            pairs, _ = self._previous(self.texts(previous, rows))
            columns["previous_stage"] = [pair and pair[0] for pair in pairs]
            columns["canonical_previous_stage"] = [pair and pair[1] for pair in pairs]
        if self._has_currency:
            self._add_money(rows, columns, problems)
        if self._context.bound.kind.name == "rates":
            columns.setdefault("base_currency", [self._context.currency] * len(rows))
        if "id" not in columns and self._context.bound.kind.key:
            columns["id"] = self._keys(columns, problems, len(rows))
        return columns

    def attributes(self, rows: list[Record]) -> list[bytes | None]:
        """What stands in the columns that no field takes: JSON objects with sorted keys, None where all are empty."""
        names, dumps, absent = self._names, orjson.dumps, self._absent
        if not names:
            return [None] * len(rows)
        # What orjson gives keeps 4 KiB each; a copy of it is as long as it looks.
        held = (
            {name: value for name, value in zip(names, values, strict=True) if value and value not in absent}
            for values in map(self._others, rows)
        )
        found = [bytes(memoryview(dumps(one))) for one in held]
        return [None if one == b"{}" else one for one in found]

    def texts(self, found: BoundField, rows: list[Record]) -> list[str]:
        """The texts of a field: those of its columns, or its constant."""
        if not found.places:
            return [found.rule.constant or ""] * len(rows)
        return cells(rows, found.places)

    def money(
        self, name: str, found: BoundField, texts: Sequence[str], currencies: list[str]
    ) -> tuple[list[Any], dict[int, str]]:
        """Amounts in minor units, each in its row's currency, and the errors."""
        different = set(currencies)
        if len(different) <= 1:
            return self._amounts(name, found, next(iter(different), self._context.currency))(texts)
        values: list[Any] = [None] * len(texts)
        errors: dict[int, str] = {}
        for currency in sorted(different):
            rows = [row for row, one in enumerate(currencies) if one == currency]
            part, wrong = self._amounts(name, found, currency)([texts[row] for row in rows])
            for row, value in zip(rows, part, strict=True):
                values[row] = value
            errors |= {rows[place]: reason for place, reason in wrong.items()}
        return values, errors

    def _amounts(self, name: str, found: BoundField, currency: str) -> Converter:
        known = self._by_currency.get((name, currency))
        if known is None:
            known = self._by_currency[name, currency] = self._context.money(name, found, currency)
        return known

    def _add_money(self, rows: list[Record], columns: dict[str, list[Any]], problems: Problems) -> None:
        texts = {name: self.texts(found, rows) for name, found in self._money}
        default = self._context.currency
        if self._currency is not None:
            found = self._fields["currency"]
            written = self.texts(found, rows)
            said, errors = self._currency(written)
            problems.add(self._shown(found), written, errors)
            if self._context.bound.kind.name == "rates":
                problems.add(
                    self._shown(found),
                    written,
                    {row: "is missing" for row, one in enumerate(said) if one is None and row not in errors},
                )
            currencies = [code or default for code in said] if None in said else said
        else:
            currencies = [default] * len(rows)
        amounts = {name: self.money(name, found, texts[name], currencies) for name, found in self._money}
        if self._currency is None and any(errors for _, errors in amounts.values()):
            for written in texts.values():
                marks, _ = self._marks(written)
                currencies = [mark or code for mark, code in zip(marks, currencies, strict=True)]
            amounts = {name: self.money(name, found, texts[name], currencies) for name, found in self._money}
        columns["currency"] = currencies
        for name, found in self._money:
            columns[name], errors = amounts[name]
            problems.add(self._shown(found), texts[name], errors)

    def _add_stages(self, rows: list[Record], columns: dict[str, list[Any]], problems: Problems) -> None:
        found = self._fields.get("stage")
        texts = self.texts(found, rows) if found else [""] * len(rows)
        pairs, errors = self._stage(texts)
        if self._status_place is not None:
            ends = [self._ends.get(row[self._status_place].strip().casefold()) for row in rows]
            for row, end in enumerate(ends):
                if end in ("won", "lost"):
                    # How it ended says more than the last stage that it stood in.
                    pairs[row] = (end.capitalize(), f"closed_{end}")
                    errors.pop(row, None)
            if "deleted" in self._ends.values():
                before = columns.get("is_deleted", [None] * len(rows))
                columns["is_deleted"] = [end == "deleted" or old for end, old in zip(ends, before, strict=True)]
        columns["stage"] = [pair and pair[0] for pair in pairs]
        columns["canonical_stage"] = [pair and pair[1] for pair in pairs]
        if found:
            problems.add(self._shown(found), texts, errors)

    def _keys(self, columns: dict[str, list[Any]], problems: Problems, count: int) -> list[Any]:
        parts = [columns.get(name, [None] * count) for name in self._context.bound.kind.key]
        joined = ["|".join("" if part is None else str(part) for part in row) for row in zip(*parts, strict=True)]
        bare = "|" * (len(parts) - 1)
        names = " and ".join(self._context.bound.kind.key)
        problems.add(
            "id", joined, {row: f"is missing: {names} are all empty" for row, key in enumerate(joined) if key == bare}
        )
        return joined

    def _shown(self, found: BoundField) -> str:
        return self._context.source.columns[found.places[0]] if found.places else found.name


def finished(
    kind: str, batch: Rows, columns: dict[str, list[Any]], attributes: list[bytes | None], problems: Problems
) -> Batch:
    """A batch of the rows without problems, and the rejects of the others."""
    sums = summed(columns)
    faults = [Reject(fault.line, "", "", fault.reason, fault.cells) for fault in batch.faults]
    rejects = sorted([*problems.rejects(batch), *faults], key=lambda reject: reject.line)
    lines, rows = batch.lines, batch.rows
    bad = problems.rows | problems.skipped
    if bad:
        keep = [row not in bad for row in range(len(batch.rows))]
        columns = {name: list(compress(values, keep)) for name, values in columns.items()}
        lines, rows = list(compress(lines, keep)), list(compress(rows, keep))
        attributes = list(compress(attributes, keep))
    return Batch(
        kind=kind,
        lines=lines,
        columns=columns,
        attributes=attributes,
        rejects=rejects,
        read=len(batch.rows) + len(faults),
        rejected=len(problems.rows) + len(faults),
        skipped=len(problems.skipped - problems.rows),
        sums=sums,
        rows=rows if kind == "opportunities" else (),
    )


def summed(columns: dict[str, list[Any]]) -> dict[str, dict[str, int]]:
    """The sums of the amounts in some columns, by currency."""
    return {name: _sums(columns[name], columns["currency"]) for name in ("amount", "total") if name in columns}


def _sums(amounts: list[int | None], currencies: list[str]) -> dict[str, int]:
    different = set(currencies)
    if len(different) == 1:
        return {different.pop(): sum(filter(None, amounts))}
    sums: dict[str, int] = {}
    for amount, currency in zip(amounts, currencies, strict=True):
        sums[currency] = sums.get(currency, 0) + (amount or 0)
    return sums
