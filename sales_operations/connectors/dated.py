"""Columns that date what happened to a deal, told as history: its opening, changes, and the days it entered stages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sales_operations.connectors.batch import Batch, Problems
from sales_operations.connectors.binding import BoundField
from sales_operations.connectors.context import Context
from sales_operations.connectors.mapping import DatedChange, FieldRule
from sales_operations.connectors.parse import Converter, Errors, Parsed
from sales_operations.connectors.source import Record, Rows
from sales_operations.connectors.table import Table
from sales_operations.domain.errors import SourceError
from sales_operations.domain.kinds import KINDS
from sales_operations.domain.stages import STAGE_NAMES

_SHARED = ("opportunity", "changed_at", "opens", "stage", "canonical_stage")
_HISTORY = {field.name: field for field in KINDS["history"].fields}


@dataclass(frozen=True)
class _Change:
    """A dated column with the converters of what it says. ``wanted``: texts that a row must have, by place."""

    place: int
    instants: Converter
    stage_place: int | None
    wanted: tuple[tuple[int, frozenset[str]], ...]
    fields: tuple[tuple[BoundField, Converter | None], ...]


class DatedColumns:
    """Turns dated columns into rows of history, and adds to the deals the instant of their opening."""

    def __init__(self, context: Context, table: Table) -> None:
        self._context, self._table = context, table
        bound = context.bound
        self._id = "opportunity" if bound.kind.name == "history" else "id"
        self._stages = Parsed(context.stages.resolve, bound.mapping.missing)
        self._entries = [
            (place, context.stages.known(text), context.instants(place)) for place, text in bound.stage_places
        ]
        self.warnings = [
            f"the column {context.source.columns[place]!r} is left out: {text!r} {context.stages.advice(text)}"
            for (place, text), (_, stage, _) in zip(bound.stage_places, self._entries, strict=True)
            if stage is None
        ]
        self._opening: tuple[int, Converter, tuple[str, str]] | None = None
        opens = bound.layout.opens
        if opens and (place := bound.columns.find(opens.at)) is not None:
            self._opening = (place, context.instants(place), _stage(context, opens.stage))
        self._changes = [
            self._bound(event, place)
            for event in bound.layout.events
            if (place := bound.columns.find(event.at)) is not None
        ]

    @property
    def tells(self) -> bool:
        """Whether the file has a dated column at all."""
        return bool(self._opening or self._changes or self._entries)

    def told(self, rows: list[Record], columns: dict[str, list[Any]], problems: Problems) -> list[list[dict[str, Any]]]:
        """The history of each row's deal, in order of time. Adds ``created_at`` to the columns where they lack it."""
        told: list[list[dict[str, Any]]] = [[] for _ in rows]
        if self._opening:
            self._add_openings(rows, columns, told, problems)
        for change in self._changes:
            self._add_changes(change, rows, columns, told, problems)
        for place, stage, convert in self._entries:
            if stage is None:
                continue
            texts = [row[place] for row in rows]
            instants, errors = convert(texts)
            problems.add(self._context.source.columns[place], texts, errors)
            for row, changed_at in enumerate(instants):
                if changed_at is not None:
                    told[row].append({"changed_at": changed_at, "stage": stage[0], "canonical_stage": stage[1]})
        order = {name: place for place, name in enumerate(STAGE_NAMES)}
        for history in told:
            history.sort(key=lambda one: (one["changed_at"], order.get(one.get("canonical_stage", ""), 0)))
        return told

    def batch(
        self, rows: Rows, columns: dict[str, list[Any]], told: list[list[dict[str, Any]]], bad: set[int]
    ) -> Batch:
        """The history of the rows without problems."""
        flat = [(row, one) for row, history in enumerate(told) if row not in bad for one in history]
        names = [*_SHARED, *sorted({name for _, one in flat for name in one}.difference(_SHARED))]
        out: dict[str, list[Any]] = {name: [one.get(name) for _, one in flat] for name in names}
        keys = columns[self._id]
        out["opportunity"] = [keys[row] for row, _ in flat]
        out["opens"] = [bool(one.get("opens")) for _, one in flat]
        return Batch("history", [rows.lines[row] for row, _ in flat], out, [None] * len(flat))

    def _add_openings(
        self, rows: list[Record], columns: dict[str, list[Any]], told: list[list[dict[str, Any]]], problems: Problems
    ) -> None:
        assert self._opening is not None
        place, convert, (own, canonical) = self._opening
        texts = [row[place] for row in rows]
        instants, errors = convert(texts)
        problems.add(self._context.source.columns[place], texts, errors)
        columns.setdefault("created_at", instants)
        opens = self._context.bound.layout.opens
        known = [name for name in (opens.fields if opens else ()) if name in columns]
        if "amount" in known:
            known.append("currency")
        for row, changed_at in enumerate(instants):
            if changed_at is not None:
                fields = {name: columns[name][row] for name in known}
                told[row].append(
                    {"changed_at": changed_at, "opens": True, "stage": own, "canonical_stage": canonical, **fields}
                )

    def _add_changes(
        self,
        change: _Change,
        rows: list[Record],
        columns: dict[str, list[Any]],
        told: list[list[dict[str, Any]]],
        problems: Problems,
    ) -> None:
        chosen = [
            row
            for row, record in enumerate(rows)
            if record[change.place].strip() and all(record[at].strip() in texts for at, texts in change.wanted)
        ]
        if not chosen:
            return
        records = [rows[row] for row in chosen]
        shown = self._context.source.columns
        texts = [record[change.place] for record in records]
        instants, errors = change.instants(texts)
        problems.add(shown[change.place], *_at(chosen, texts, errors))
        stages = [None] * len(records)
        if change.stage_place is not None:
            # A stage that is not known is the problem of the stage's own field.
            stages, _ = self._stages([record[change.stage_place] for record in records])
        currencies = columns.get("currency", [self._context.currency] * len(rows))
        values: dict[str, list[Any]] = {}
        for found, convert in change.fields:
            texts = self._table.texts(found, records)
            if convert is None:
                of_rows = [currencies[row] for row in chosen]
                values[found.name], errors = self._table.money(found.name, found, texts, of_rows)
                values["currency"] = of_rows
            else:
                values[found.name], errors = convert(texts)
            problems.add(shown[found.places[0]], *_at(chosen, texts, errors))
        for at, (row, changed_at, stage) in enumerate(zip(chosen, instants, stages, strict=True)):
            if changed_at is None:
                continue
            if told[row] and told[row][0].get("opens") and changed_at < told[row][0]["changed_at"]:
                text = {row: rows[row][change.place]}
                problems.add(shown[change.place], text, {row: "lies before the opening of the deal"})
            said: dict[str, Any] = {"stage": stage[0], "canonical_stage": stage[1]} if stage else {}
            told[row].append({"changed_at": changed_at, **said, **{name: part[at] for name, part in values.items()}})

    def _bound(self, event: DatedChange, place: int) -> _Change:
        context, find = self._context, self._context.bound.columns.find
        fields = []
        for name, column in event.fields.items():
            at = find(column)
            if at is not None:
                own = context.bound.layout.fields.get(name, FieldRule())
                found = BoundField(name, own, (at,))
                money = _HISTORY[name].type == "money"
                fields.append((found, None if money else context.converter(_HISTORY[name], found)))
        wanted = [(at, frozenset(texts)) for name, texts in event.when.items() if (at := find(name)) is not None]
        stage_place = find(event.stage) if event.stage else None
        return _Change(place, context.instants(place), stage_place, tuple(wanted), tuple(fields))


def _stage(context: Context, text: str) -> tuple[str, str]:
    try:
        return context.stages.resolve(text)
    except ValueError as error:
        raise SourceError(f"the opening stage {text!r} of the mapping {context.bound.mapping.shown} {error}") from None


def _at(chosen: list[int], texts: list[str], errors: Errors) -> tuple[dict[int, str], Errors]:
    """Texts and errors of some rows, by their place among all rows."""
    return dict(zip(chosen, texts, strict=True)), {chosen[row]: reason for row, reason in errors.items()}
