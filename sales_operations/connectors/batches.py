"""Reads a file into batches of typed records, by the mapping of its source.

Deals whose past is in the file come as two kinds of batches. First ``opportunities``: what the file shows of each deal,
one look at its present state, with ``created_at`` where a column dates it. Then ``history``, in the form that the
source's own history has: ``opportunity``, ``changed_at``, and the fields that took a value then. There the column
``opens`` is True for the entry that is the beginning of the deal: what it says was known from the start, and nothing
else of the deal was. So

* dated columns (``opens``, ``events``, ``stage_columns`` of a mapping) give the deals, then the history of these rows;
* a log of activities gives a deal for every case that it opens, then all changes of stage;
* a history field by field gives ``history`` alone, with ``cleared`` naming a field that was emptied.

An own stage stands in ``stage``, the canonical one that it is in ``canonical_stage``; likewise ``previous_stage`` and
``canonical_previous_stage``, the latter None where the old stage is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sales_operations.connectors.batch import Batch, Problems
from sales_operations.connectors.changes import Changes
from sales_operations.connectors.context import Context, ReadOptions
from sales_operations.connectors.dated import DatedColumns
from sales_operations.connectors.log import Log
from sales_operations.connectors.mapping import Mapping
from sales_operations.connectors.recognise import choose
from sales_operations.connectors.source import BATCH_ROWS, Rows, Source
from sales_operations.connectors.table import Table, finished, summed
from sales_operations.settings import Settings
from sales_operations.store.collector import uncollected


def read(
    source: Source,
    mapping: Mapping,
    kind: str,
    settings: Settings,
    *,
    options: ReadOptions | None = None,
    start: int = 0,
    size: int = BATCH_ROWS,
) -> Iterator[Batch]:
    """The records of a file, ``size`` rows at a time, behind the first ``start`` records of it.

    At least one batch is given, with the warnings about the file as a whole. Raises SourceError where the file cannot
    be read, or nothing in it can be understood; what is wrong with single rows stands in the batches' rejects. The file
    is looked through for damage before the first batch.
    """
    reader = _Reader(source, mapping, kind, settings, options or ReadOptions())
    source.check()
    warnings = reader.warnings()
    before = 0 if reader.remembers else start
    # What is known of earlier rows decides about later ones, so they are passed again, silently.
    records = source.batches(0 if reader.remembers else start, size)
    while (found := _next(records, reader)) is not None:
        position = found[-1].position
        if position > start:
            for batch in found[:-1]:
                batch.position = before
            found[0].warnings += [*warnings, *reader.news()]
            warnings = []
            yield from found
        before = position
    warnings += reader.news()
    if warnings or not before:
        yield Batch(kind, [], {}, [], warnings=warnings, position=max(before, start), end=max(before, start))


def _next(records: Iterator[Rows], reader: _Reader) -> list[Batch] | None:
    with uncollected():
        rows = next(records, None)
        return reader.batches(rows) if rows else None


class _Reader:
    """Converts the rows of one file, batch by batch, in the form that its layout has."""

    def __init__(self, source: Source, mapping: Mapping, kind: str, settings: Settings, options: ReadOptions) -> None:
        self._source, self._kind = source, kind
        self._bound = choose(mapping, kind, source.columns)
        layout = self._bound.layout
        self._context = Context(source, self._bound, settings, options)
        self._table = Table(self._context)
        dated = DatedColumns(self._context, self._table)
        self._unknown = dated.warnings
        self._dated = dated if dated.tells else None
        self._changes = Changes(self._context, self._table, layout.changes) if layout.changes else None
        self._log = Log(self._context, layout.log) if layout.log else None
        keys = (self._bound.fields.get(name) for name in ("id", "opportunity"))
        self._stands_in = next((key for key in keys if key and key.stands_in), None)
        self._unique = self._stands_in if self._stands_in and self._stands_in.name == "id" else None
        self._seen: set[str] = set()
        self._told = self._late = 0

    @property
    def remembers(self) -> bool:
        """Whether what becomes of a row depends on the rows before it."""
        return bool(self._log or self._unique or self._bound.layout.distinct)

    def warnings(self) -> list[str]:
        """What there is to say about the file as a whole."""
        found: list[str] = []
        mapping = self._bound.mapping
        if not mapping.is_shipped and self._bound.absent:
            found.append(
                f"the file has no column for {', '.join(self._bound.absent)}, which the mapping {mapping.file} names"
            )
        if self._stands_in:
            name = self._source.columns[self._stands_in.places[0]]
            found.append(
                f"the file has no column of identifiers, so {name!r} stands in: it has to be the same in every file, "
                "and a record that is renamed comes in as a new one. Better, export the record id too"
            )
        return found + self._unknown

    def news(self) -> list[str]:
        """What came up since the last call."""
        found = self._source.warnings[self._told :]
        self._told = len(self._source.warnings)
        late = self._log.out_of_order if self._log else 0
        if late > self._late:
            found.append(f"{late - self._late} activities stand before earlier ones of their case")
            self._late = late
        return found

    def batches(self, rows: Rows) -> list[Batch]:
        """The batches of some rows of the file, one or two; the last one has their position."""
        found = self._of_rows(rows)
        found[-1].position = rows.position
        for batch in found:
            batch.end = rows.position
        return found

    def _of_rows(self, rows: Rows) -> list[Batch]:
        problems = Problems()
        columns = self._table.columns(rows.rows, problems)
        if self._log:
            return self._of_log(self._log, rows, columns, problems)
        if self._changes:
            self._changes.spread(rows.rows, columns, problems)
        told = self._dated.told(rows.rows, columns, problems) if self._dated else []
        self._find_repeats(columns, rows, problems)
        main = finished(self._kind, rows, columns, self._table.attributes(rows.rows), problems)
        if self._dated is None:
            return [main]
        history = self._dated.batch(rows, columns, told, problems.rows | problems.skipped)
        if self._kind == "history":
            history.rejects, history.read, history.rejected = main.rejects, main.read, main.rejected
            return [history]
        return [main, history]

    def _of_log(self, log: Log, rows: Rows, columns: dict[str, list[Any]], problems: Problems) -> list[Batch]:
        entries, places = log.told(rows.rows, problems)
        opening = [place for place, opens in zip(places, entries["opens"], strict=True) if opens]
        known = [
            name
            for name in (self._bound.layout.log.known_at_opening if self._bound.layout.log else ())
            if name in columns
        ]
        if "amount" in known:
            known.append("currency")
        for name in known:
            values = columns[name]
            entries[name] = [
                values[place] if opens else None for place, opens in zip(places, entries["opens"], strict=True)
            ]
        lines = [rows.lines[place] for place in places]
        history = Batch("history", lines, entries, [None] * len(places))
        counted = finished("history", rows, {}, [None] * len(rows.rows), problems)
        history.rejects, history.read = counted.rejects, counted.read
        history.rejected, history.skipped = counted.rejected, counted.skipped
        deals = {name: [values[place] for place in opening] for name, values in columns.items()}
        at = {place: entry for entry, place in enumerate(places)}
        deals["id"] = [entries["opportunity"][at[place]] for place in opening]
        deals.setdefault("created_at", [entries["changed_at"][at[place]] for place in opening])
        attributes = self._table.attributes([rows.rows[place] for place in opening])
        main = Batch("opportunities", [rows.lines[place] for place in opening], deals, attributes, sums=summed(deals))
        return [main, history]

    def _find_repeats(self, columns: dict[str, list[Any]], rows: Rows, problems: Problems) -> None:
        if not (self._bound.layout.distinct or self._unique):
            return
        bad = problems.rows
        for row, key in enumerate(columns["id"]):
            if row in bad:
                continue
            if key not in self._seen:
                self._seen.add(key)
            elif self._bound.layout.distinct:
                problems.skipped.add(row)
            elif self._unique:
                place = self._unique.places[0]
                reason = "stands there twice, and the file has no column of identifiers to tell the two apart"
                problems.add(self._source.columns[place], {row: rows.rows[row][place]}, {row: reason})
