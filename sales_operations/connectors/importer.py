"""From a file into the store: read, checked, written batch by batch, counted against the source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select

from sales_operations.connectors import runs
from sales_operations.connectors.batch import Batch, Reject
from sales_operations.connectors.batches import read
from sales_operations.connectors.context import ReadOptions
from sales_operations.connectors.files import open_source
from sales_operations.connectors.library import load_mapping
from sales_operations.connectors.links import LED, settle
from sales_operations.connectors.mapping import Mapping
from sales_operations.connectors.recognise import choose, recognise
from sales_operations.connectors.rejects import RejectsFile, rejects_path
from sales_operations.connectors.source import BATCH_ROWS, Source
from sales_operations.connectors.summary import Summary
from sales_operations.domain.errors import SourceError
from sales_operations.domain.kinds import KINDS
from sales_operations.settings import Settings
from sales_operations.store import match_keys, tables
from sales_operations.store.collector import uncollected
from sales_operations.store.engine import one_of
from sales_operations.store.load import Loaded, load
from sales_operations.store.load_deals import DealLoader
from sales_operations.store.scores import declare
from sales_operations.store.unit import Unit
from sales_operations.workspace import Workspace

_SUMMED = {"opportunities": "amount_minor", "items": "total_minor", "quotas": "amount_minor"}
Progress = Callable[[int, int, int], None]
"""Told how many bytes of how many are read, and how many rows are in."""


@dataclass(frozen=True)
class ImportOptions:
    """What a caller says about an import.

    ``exported_at``: when the file was made, in microseconds since the epoch. ``batch_rows``: rows to a transaction.
    """

    mapping: str | None = None
    source: str | None = None
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    read: ReadOptions = field(default_factory=ReadOptions)
    exported_at: int | None = None
    rejects: Path | None = None
    dry_run: bool = False
    batch_rows: int = BATCH_ROWS


class _Undo(Exception):
    """Ends the transaction of a dry run."""


def import_file(
    workspace: Workspace, kind: str, path: Path, options: ImportOptions | None = None, progress: Progress | None = None
) -> Summary:
    """Import one file of one kind and say what became of every row.

    Rows that cannot be used go to a file of rejects. Each batch is written in a transaction of its own together with the
    place reached; an interrupted import of the same file goes on from there. Kinds whose records lead each other are
    written in one transaction. A dry run does all of it and takes it back.
    Raises SourceError where the file as a whole cannot be read or understood, SettingsError for a mapping's problems.
    """
    options = options or ImportOptions()
    source, mapping, why = _opened(kind, path, options)
    name = options.source or mapping.source
    summary = Summary(str(path), kind, name, why, options.dry_run)
    settings = workspace.settings
    batches = read(source, mapping, kind, settings, options=options.read, size=options.batch_rows)
    importing = _Importing(workspace, summary, source, mapping, options, progress)
    if options.dry_run:
        importing.at_once(batches, None, keep=False)
        return summary
    target = options.rejects or rejects_path(path)
    with RejectsFile(target, source.columns) as rejects:
        if kind in LED:
            importing.at_once(batches, rejects, keep=True)
        else:
            ways = (
                mapping.model_dump_json(),
                settings.company.model_dump_json(),
                repr(settings.pipelines),
                repr(options),
            )
            importing.in_steps(batches, rejects, runs.fingerprint(path, kind, name, *ways))
    summary.rejects_file = str(target) if rejects.count else None
    return summary


def check_readable(settings: Settings, kind: str, path: Path, options: ImportOptions) -> None:
    """Raise SourceError or SettingsError for a file that an import could not even begin to read."""
    source, mapping, _ = _opened(kind, path, options)
    next(read(source, mapping, kind, settings, options=options.read, size=options.batch_rows))


def _opened(kind: str, path: Path, options: ImportOptions) -> tuple[Source, Mapping, str]:
    if kind not in KINDS:
        raise SourceError(f"there is no kind {kind!r}; use one of {', '.join(KINDS)}")
    source = open_source(path, sheet=options.sheet, encoding=options.encoding, delimiter=options.delimiter)
    try:
        mapping, why = _mapping(source, kind, options)
        choose(mapping, kind, source.columns)
    except SourceError as error:
        raise source.error(str(error)) from None
    return source, mapping, why


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
        source: Source,
        mapping: Mapping,
        options: ImportOptions,
        progress: Progress | None,
    ) -> None:
        self._workspace, self._summary, self._source, self._progress = workspace, summary, source, progress
        self._deals = DealLoader(
            summary.source, workspace.settings.company.timezone, options.exported_at, workspace.settings.chances()
        )
        fields = choose(mapping, summary.kind, source.columns).fields
        self._known_from_close = mapping.known_from_close(summary.kind)
        self._creates = [name for name, found in fields.items() if found.rule.creates]
        self._refused: list[Reject] = []
        self._cause = f"import {summary.kind} {Path(summary.file).name}"

    def at_once(self, batches: Iterator[Batch], rejects: RejectsFile | None, *, keep: bool) -> None:
        """Everything in one transaction, which is taken back unless it is to be kept."""
        with suppress(_Undo), self._workspace.unit(self._cause) as unit:
            unit.hold()
            for step in _steps(batches):
                self._tell(rejects, step)
                self._take(unit, step)
                self._tell_refused(rejects)
            self._finish(unit)
            if not keep:
                raise _Undo

    def in_steps(self, batches: Iterator[Batch], rejects: RejectsFile, mark: str) -> None:
        """Batch by batch, from where an interrupted run stopped."""
        summary = self._summary
        with self._workspace.reading() as connection:
            run = runs.unfinished(connection, mark)
        if run is not None:
            summary.take(run.totals)
            summary.resumed_at = run.position
        done = summary.resumed_at
        for step in _steps(batches):
            self._tell(rejects, step)
            position = step[-1].position
            if done and position <= done:
                summary.warnings += [warning for batch in step for warning in batch.warnings]
                continue  # written by the interrupted run; only its rejects and warnings are told again
            with self._workspace.unit(self._cause) as unit:
                unit.hold()
                # Not before the first rows: a file that cannot be read after all leaves no trace.
                run = run or runs.begin(unit.connection, mark, summary.kind, summary.source, summary.file, unit.now)
                self._take(unit, step)
                run.position, run.totals = position, summary.counts()
                runs.advance(unit.connection, run, unit.now, finished=False)
            self._tell_refused(rejects)
        with self._workspace.unit(self._cause) as unit:
            unit.hold()
            self._finish(unit)
            if run is not None:
                runs.advance(unit.connection, run, unit.now, finished=True)

    def _tell(self, rejects: RejectsFile | None, step: list[Batch]) -> None:
        for batch in step:
            self._summary.note(batch.rejects)
            if rejects is not None:
                rejects.write(batch.rejects)

    def _tell_refused(self, rejects: RejectsFile | None) -> None:
        if rejects is not None:
            rejects.write(self._refused)
        self._refused.clear()

    def _take(self, unit: Unit, step: list[Batch]) -> None:
        with uncollected():
            for batch in step:
                self._count(batch)
                self._load(unit, batch)
        for batch in step:
            if len(batch) and batch.kind == self._summary.kind:
                self._reconcile(unit, batch)

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
                loaded = load(unit, batch.kind, summary.source, batch.columns, batch.attributes)
            unit.flush()
            if batch.kind in match_keys.KINDS:
                match_keys.refresh(unit.connection)  # else whoever converts the first lead waits for all of them
            summary.unresolved.update(loaded.unresolved)
            self._refuse(batch, loaded)
            if batch.kind == "history" and summary.kind != "history":
                summary.history_rows += loaded.created
            elif batch.kind == summary.kind:
                self._add(loaded)
        if self._progress:
            self._progress(self._source.bytes_read, self._source.bytes_total, self._summary.read)

    def _refuse(self, batch: Batch, loaded: Loaded) -> None:
        """Rows whose deal may not make the move that they tell of; the gates are the same as for everybody."""
        refused = []
        for position, reasons in sorted(loaded.refused.items()):
            row = batch.rows[position] if batch.rows else []
            refused.append(Reject(batch.lines[position], "", "", f"the deal may not move: {'; '.join(reasons)}", row))
        self._refused += refused
        self._summary.note(refused)
        self._summary.rejected += len(refused)

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
            .where(ids.kind == batch.kind, ids.source == self._summary.source, external)
            .group_by(table.c.currency)
        )
        for currency, total, unknown in unit.connection.execute(statement):
            if currency is not None and total is not None:
                self._summary.in_store[currency] += int(total)
            self._summary.amount_unknown += int(unknown)

    def _finish(self, unit: Unit) -> None:
        summary = self._summary
        declare(unit.connection, summary.kind, summary.source, self._known_from_close)
        try:
            summary.warnings += settle(unit, summary.kind, summary.source, self._creates, summary.unresolved)
        except SourceError as error:
            raise self._source.error(str(error)) from None
        if not summary.read:
            summary.warnings.append("there is no row below the header, so nothing was imported")
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
