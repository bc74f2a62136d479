"""From a file into the store: read, checked, written batch by batch, counted against the source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from sales_operations.connectors import runs
from sales_operations.connectors.batch import Batch
from sales_operations.connectors.batches import read
from sales_operations.connectors.context import ReadOptions
from sales_operations.connectors.files import open_source
from sales_operations.connectors.library import load_mapping
from sales_operations.connectors.mapping import Mapping
from sales_operations.connectors.recognise import choose, recognise
from sales_operations.connectors.rejects import RejectsFile, rejects_path
from sales_operations.connectors.source import Source
from sales_operations.domain.errors import SourceError
from sales_operations.domain.kinds import KINDS
from sales_operations.domain.money import to_major
from sales_operations.store import tables
from sales_operations.store.engine import one_of
from sales_operations.store.load import Loaded, load, relink
from sales_operations.store.load_deals import DealLoader
from sales_operations.store.unit import Unit
from sales_operations.workspace import Workspace

_LED = {"users": "manager_id", "teams": "parent_id"}
"""Kinds whose records lead each other, and the column that says who leads."""
_SUMMED = {"opportunities": "amount_minor", "items": "total_minor", "quotas": "amount_minor"}
Progress = Callable[[int, int, int], None]
"""Told how many bytes of how many are read, and how many rows are in."""


@dataclass(frozen=True)
class ImportOptions:
    """What a caller says about an import. ``exported_at``: when the file was made, in microseconds since the epoch."""

    mapping: str | None = None
    source: str | None = None
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    read: ReadOptions = field(default_factory=ReadOptions)
    exported_at: int | None = None
    rejects: Path | None = None
    dry_run: bool = False


@dataclass
class Summary:
    """What became of a file's rows: ``read`` is the sum of all the counts that follow it.

    ``amounts``: currency to minor units in the file, in the store for the same records, and in rejected rows.
    """

    file: str
    kind: str
    source: str
    recognised: str
    dry_run: bool
    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    repeated: int = 0
    erased: int = 0
    skipped: int = 0
    rejected: int = 0
    history_rows: int = 0
    amount_unknown: int = 0
    resumed_at: int = 0
    in_file: Counter[str] = field(default_factory=Counter)
    in_store: Counter[str] = field(default_factory=Counter)
    unresolved: Counter[tuple[str, str]] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)
    rejects_file: str | None = None

    _COUNTS = ("read", "created", "updated", "unchanged", "repeated", "erased", "skipped", "rejected", "history_rows",
               "amount_unknown")  # fmt: skip

    def counts(self) -> dict[str, Any]:
        """The figures, for the record of the run."""
        plain: dict[str, Any] = {name: getattr(self, name) for name in self._COUNTS}
        return {**plain, "in_file": dict(self.in_file), "in_store": dict(self.in_store)}

    def take(self, counts: dict[str, Any]) -> None:
        """Go on from the figures of an interrupted run."""
        for name in self._COUNTS:
            setattr(self, name, counts.get(name, 0))
        self.in_file.update(counts.get("in_file", {}))
        self.in_store.update(counts.get("in_store", {}))

    def as_json(self) -> dict[str, Any]:
        """The summary as one JSON object, amounts in major units."""
        amounts = {
            currency: {
                "file": to_major(self.in_file[currency], currency),
                "store": to_major(self.in_store[currency], currency),
                "difference": to_major(self.in_file[currency] - self.in_store[currency], currency),
            }
            for currency in sorted(self.in_file.keys() | self.in_store.keys())
        }
        unknown = [{"field": name, "value": text, "rows": n} for (name, text), n in self.unresolved.most_common()]
        return {
            "file": self.file,
            "kind": self.kind,
            "source": self.source,
            "recognised": self.recognised,
            "dry_run": self.dry_run,
            **{name: getattr(self, name) for name in self._COUNTS},
            "amounts": amounts,
            "unresolved": unknown,
            "warnings": self.warnings,
            "rejects_file": self.rejects_file,
            "resumed_at": self.resumed_at,
        }


class _Undo(Exception):
    """Ends the transaction of a dry run."""


def import_file(
    workspace: Workspace, kind: str, path: Path, options: ImportOptions | None = None, progress: Progress | None = None
) -> Summary:
    """Import one file of one kind and say what became of every row.

    Rows that cannot be used go to a file of rejects. Each batch is written in a transaction of its own together with the
    place reached; an interrupted import of the same file goes on from there. A dry run does all of it and takes it back.
    Raises SourceError where the file as a whole cannot be read or understood, SettingsError for a mapping's problems.
    """
    options = options or ImportOptions()
    if kind not in KINDS:
        raise SourceError(f"there is no kind {kind!r}; use one of {', '.join(KINDS)}")
    source = open_source(path, sheet=options.sheet, encoding=options.encoding, delimiter=options.delimiter)
    mapping, why = _mapping(source, kind, options)
    name = options.source or mapping.source
    summary = Summary(str(path), kind, name, why, options.dry_run)
    batches = read(source, mapping, kind, workspace.settings, options=options.read)
    deals = DealLoader(name, workspace.settings.company.timezone, options.exported_at)
    target = options.rejects or rejects_path(path)
    importing = _Importing(workspace, summary, name, deals, source, progress)
    if options.dry_run:
        importing.dry(batches)
        return summary
    mark = runs.fingerprint(path, kind, name, mapping.file, repr(options))
    with RejectsFile(target, source.columns) as rejects:
        importing.all(batches, rejects, mark, path)
    summary.rejects_file = str(target) if rejects.count else None
    return summary


def check_readable(kind: str, path: Path, options: ImportOptions) -> None:
    """Raise SourceError or SettingsError for a file that an import could not even begin to read."""
    source = open_source(path, sheet=options.sheet, encoding=options.encoding, delimiter=options.delimiter)
    mapping, _ = _mapping(source, kind, options)
    choose(mapping, kind, source.columns)
    source.check()


def _mapping(source: Source, kind: str, options: ImportOptions) -> tuple[Mapping, str]:
    if options.mapping is not None:
        mapping = load_mapping(options.mapping)
        return mapping, f"read by the mapping {mapping.shown}"
    found = recognise(source.columns, kind)
    return found.mapping, found.why


class _Importing:
    """One import under way."""

    def __init__(
        self,
        workspace: Workspace,
        summary: Summary,
        name: str,
        deals: DealLoader,
        source: Source,
        progress: Progress | None,
    ) -> None:
        self._workspace, self._summary, self._name, self._deals = workspace, summary, name, deals
        self._source, self._progress = source, progress
        self._cause = f"import {summary.kind} {Path(summary.file).name}"

    def dry(self, batches: Iterator[Batch]) -> None:
        """Everything in one transaction that is taken back."""
        try:
            with self._workspace.unit(self._cause) as unit:
                unit.hold()
                for batch in batches:
                    self._count(batch)
                    self._load(unit, batch)
                self._finish(unit)
                raise _Undo
        except _Undo:
            return

    def all(self, batches: Iterator[Batch], rejects: RejectsFile, mark: str, path: Path) -> None:
        """Batch by batch, from where an interrupted run stopped."""
        with self._workspace.reading() as connection:
            run = runs.unfinished(connection, mark)
        if run is None:
            with self._workspace.unit(self._cause) as unit:
                run = runs.begin(unit.connection, mark, self._summary.kind, self._name, path, unit.now)
        else:
            self._summary.take(run.totals)
            self._summary.resumed_at = run.position
        done = run.position
        for step in _steps(batches):
            position = step[-1].position
            for batch in step:
                rejects.write(batch.rejects)
            if done and position <= done:
                continue  # written by the interrupted run; only its rejects are told again
            with self._workspace.unit(self._cause) as unit:
                unit.hold()
                for batch in step:
                    self._count(batch)
                    self._load(unit, batch)
                run.position, run.totals = position, self._summary.counts()
                runs.advance(unit.connection, run, unit.now, finished=False)
        with self._workspace.unit(self._cause) as unit:
            unit.hold()
            self._finish(unit)
            runs.advance(unit.connection, run, unit.now, finished=True)

    def _count(self, batch: Batch) -> None:
        summary = self._summary
        summary.read += batch.read
        summary.rejected += batch.rejected
        summary.skipped += batch.skipped
        summary.warnings += batch.warnings
        field_name = _SUMMED.get(summary.kind, "").removesuffix("_minor")
        summary.in_file.update(batch.sums.get(field_name, {}))

    def _load(self, unit: Unit, batch: Batch) -> None:
        if len(batch):
            summary = self._summary
            if batch.kind == "history":
                loaded = self._deals.changes(unit, batch.columns)
            elif batch.kind == "opportunities":
                loaded = self._deals.states(unit, batch.columns, batch.attributes)
            else:
                loaded = load(unit, batch.kind, self._name, batch.columns, batch.attributes)
            unit.flush()
            summary.unresolved.update(loaded.unresolved)
            if batch.kind == "history" and summary.kind != "history":
                summary.history_rows += loaded.created
            elif batch.kind == summary.kind:
                self._add(loaded)
                self._reconcile(unit, batch)
        if self._progress:
            self._progress(self._source.bytes_read, self._source.bytes_total, self._summary.read)

    def _add(self, loaded: Loaded) -> None:
        for name in ("created", "updated", "unchanged", "repeated", "erased"):
            setattr(self._summary, name, getattr(self._summary, name) + getattr(loaded, name))

    def _reconcile(self, unit: Unit, batch: Batch) -> None:
        """Read back what the store now holds for the batch's records."""
        column = _SUMMED.get(batch.kind)
        if column is None or column.removesuffix("_minor") not in batch.columns:
            return
        table, ids = tables.RECORDS[batch.kind], tables.external_ids.c
        external = one_of(unit.connection, ids.external_id, batch.columns["id"])
        statement = (
            select(table.c.currency, func.sum(table.c[column]), func.count().filter(table.c[column].is_(None)))
            .select_from(table.join(tables.external_ids, ids.record_id == table.c.id))
            .where(ids.kind == batch.kind, ids.source == self._name, external)
            .group_by(table.c.currency)
        )
        for currency, total, unknown in unit.connection.execute(statement):
            if currency is not None and total is not None:
                self._summary.in_store[currency] += int(total)
            self._summary.amount_unknown += int(unknown)

    def _finish(self, unit: Unit) -> None:
        summary = self._summary
        if summary.kind in _LED:
            _refuse_circles(unit, summary.kind)
        if summary.kind not in ("history", "opportunities") and summary.created:
            relink(unit, summary.kind, self._name)
        self._warn_of_rates(unit)

    def _warn_of_rates(self, unit: Unit) -> None:
        company = self._workspace.settings.company.currency
        rates = tables.RECORDS["rates"].c
        known = {
            row[0] for row in unit.connection.execute(select(rates.currency).where(rates.base_currency == company))
        }
        missing = sorted(set(self._summary.in_store) - known - {company})
        if missing:
            self._summary.warnings.append(
                f"amounts in {', '.join(missing)} have no rate to {company} and count as unknown in totals: import rates, "
                "or set sales_operations.company.currency"
            )


def _steps(batches: Iterator[Batch]) -> Iterator[list[Batch]]:
    """The batches that come from the same rows of the file: written together, or the place reached would lie."""
    step: list[Batch] = []
    for batch in batches:
        step.append(batch)
        if batch.position == batch.end:
            yield step
            step = []
    if step:
        yield step


def _refuse_circles(unit: Unit, kind: str) -> None:
    """Raise SourceError where records lead each other in a circle."""
    table = tables.RECORDS[kind]
    rows = unit.connection.execute(select(table.c.id, table.c[_LED[kind]], table.c.name)).all()
    above = {row[0]: row[1] for row in rows}
    names = {row[0]: row[2] or row[0] for row in rows}
    clear: set[str] = set()
    for start in above:
        path: list[str] = []
        at: str | None = start
        while at is not None and at not in clear:
            if at in path:
                circle = " → ".join(names[one] for one in [*path[path.index(at) :], at])
                column = _LED[kind].removesuffix("_id")
                raise SourceError(f"{kind} lead each other in a circle: {circle}; correct the {column} of one of them")
            path.append(at)
            at = above.get(at)
        clear.update(path)
