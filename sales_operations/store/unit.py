"""One transaction: records, history and audit are written together, or not at all.

Changes are collected and written at the end, under the lock of the ledger's one row. Whoever holds it hands out the
sequence numbers and commits before the next one starts, so the order of the numbers is the order of the commits, on
PostgreSQL too, and a reader that follows the sequence misses nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Connection, Engine

from sales_operations.domain.clock import Clock, from_micros, to_micros
from sales_operations.domain.errors import Conflict, GateUnmet, InvalidInput, NotFound
from sales_operations.domain.events import TRACKED, Event
from sales_operations.domain.opportunity import new_id
from sales_operations.domain.stages import NOT_GIVEN, REASONS, OpportunityStage, OpportunityStatus
from sales_operations.store import audit, lookup, tables
from sales_operations.store.engine import insert_many, sent, writing
from sales_operations.store.gates import Gates, Judgement
from sales_operations.store.turns import Turns

_SETTLED = frozenset(("status", "updated_at", "observed", "seq", *REASONS.values()))
_JUDGED = tuple(name for name in tables.COLUMNS["opportunities"] if name not in _SETTLED)
"""Columns of a deal that a gate may look at: what follows from a move is no ground for it."""
_NO_EVENT = frozenset(("id", "seq", "status", "observed", "updated_at"))
_BESIDE = tuple(sorted(set(tables.COLUMNS["opportunities"]).difference(TRACKED, _NO_EVENT)))
"""Columns of a deal that its history carries in ``other``: all but identity, and what follows from the events."""


@dataclass(slots=True)
class Change:
    """A record's new state. ``version`` is the sequence number it was read at, None for a new record."""

    kind: str
    action: str
    row: dict[str, Any]
    version: int | None
    detail: dict[str, Any] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)


class Unit:
    """What one transaction reads and will write. Made by ``unit``."""

    def __init__(self, connection: Connection, now: int, actor: str, cause: str, gates: Gates | None = None) -> None:
        self.connection = connection
        self.now = now
        self.actor = actor
        self.cause = cause
        self._mark = "?" if connection.dialect.name == "sqlite" else "%s"
        self._changes: list[Change] = []
        self._unwritten: set[int] = set()
        self._gates = gates
        self._end: tuple[int, str] | None = None
        self._judged: dict[tuple[Any, ...], Judgement | None] = {}

    def hold(self) -> tuple[int, str]:
        """Wait until no other unit writes, and keep it so: what is read from here on stays true until the end.

        For units that read much and write much; others find out at the end, by Conflict, and repeat. Gives the last sequence
        number that was taken, and the hash that the audit chain ends with.
        """
        if self._end is None:
            lock = " FOR UPDATE" if self.connection.dialect.name == "postgresql" else ""  # SQLite has one writer anyway
            seq, head = sent(self.connection, f"SELECT seq, head FROM ledger WHERE id = 1{lock}").fetchall()[0]
            self._end = int(seq), str(head)
        return self._end

    def find(self, kind: str, record_id: str) -> dict[str, Any] | None:
        """The record as stored, or None."""
        return next(iter(lookup.rows(self.connection, kind, "id", [record_id])), None)

    def get(self, kind: str, record_id: str) -> dict[str, Any]:
        """The record as stored. Raises NotFound."""
        row = self.find(kind, record_id)
        if row is None:
            raise NotFound(f"{kind} has no record {record_id!r}")
        return row

    def create(self, kind: str, row: dict[str, Any]) -> None:
        """Add a record. A deal's history starts with it."""
        change = Change(kind, "create", row, None)
        if kind == "opportunities":
            self._settle({}, row)
            change.events.append(self._live_event({}, row))
        self.add(change)

    def update(
        self, kind: str, before: dict[str, Any], changes: dict[str, Any], *, override: str | None = None
    ) -> dict[str, Any]:
        """Change a record that was read before; nothing is written where nothing differs. Gives the new state.

        A deal passes the gates between where it stood and where it goes, or raises GateUnmet; ``override`` is the reason
        for passing them all the same, and is kept.
        """
        if id(before) in self._unwritten:
            self.flush()  # the state that this change starts from needs its number
        row = {**before, **changes}
        if kind == "opportunities":
            self._settle(before, row)
        differing = {name: before.get(name) for name in changes if row[name] != before.get(name)}
        if not differing:
            return before
        change = Change(kind, "update", row, before["seq"])
        if kind == "opportunities":
            change.detail = self._passed(before, row, override)
            change.events.append(self._live_event(before, row))
        else:
            change.detail = visible_detail(kind, differing, row)
        self.add(change)
        return row

    def _settle(self, before: dict[str, Any], row: dict[str, Any]) -> None:
        """Fill in what follows from a deal's stage. A closed deal has a close date: the given one, else the day it closed."""
        stage = OpportunityStage(row["stage"])
        row["status"], row["updated_at"] = stage.status.value, self.now
        if not before and not stage.is_closed:
            return
        if stage.is_closed and row.get("close_date") is None:
            closed_before = before.get("status") not in (None, OpportunityStatus.OPEN.value)
            row["close_date"] = before["close_date"] if closed_before else from_micros(self.now).date().isoformat()
        moved = any(row.get(name) != before.get(name) for name in ("pipeline_stage", "stage"))
        for closed, reason in REASONS.items():
            if closed != row["stage"]:
                if moved and before and row.get(reason):
                    row[reason] = None  # reopened, or closed the other way
            elif not row.get(reason) and (moved or before.get(reason)):
                row[reason] = NOT_GIVEN

    def judge(self, changes: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> list[tuple[str, ...]]:
        """For many deals at once, as (before, changes): why each may not make its move, nothing where it may.

        The facts are read once for all of them, and hold until the end of the unit; ``update`` need not read them again.
        """
        if self._gates is None or not self._gates.exist:
            return [()] * len(changes)
        if self._changes:
            self.flush()  # what the unit did itself counts as well
        self.hold()
        moves = [(before, {**before, **changed}) for before, changed in changes]
        judged = self._gates.judge(self.connection, self.now, moves)
        for (before, after), judgement in zip(moves, judged, strict=True):
            self._judged[_move(before, after)] = judgement
        return [() if one is None else one.verdict.reasons for one in judged]

    def admit(self, changes: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> dict[str, tuple[str, ...]]:
        """For writers that hand finished changes to ``add``, as (before, after) of deals that are there: id to reasons.

        Those that may not make their move are named, and must not be added; that the others passed is written down.
        """
        refused = {}
        for (before, after), reasons in zip(changes, self.judge(changes), strict=True):
            if reasons:
                refused[after["id"]] = reasons
            else:
                self._passed(before, after, None)
        return refused

    def _passed(self, before: dict[str, Any], row: dict[str, Any], override: str | None) -> dict[str, Any]:
        """Let a deal through the gates of its move, which is written down; gives what the audit entry says of it."""
        reopened = before["status"] != OpportunityStatus.OPEN.value and row["status"] == OpportunityStatus.OPEN.value
        detail = {"move": "reopened"} if reopened else {}
        if override is not None and not override.strip():
            raise InvalidInput(f"opportunity {row['id']}: an override needs a reason; say why in a few words")
        if self._gates is None or not self._gates.asked(before, row):
            return detail
        if (move := _move(before, row)) not in self._judged:
            self.judge([(before, row)])
        judgement = self._judged.pop(move)
        assert judgement is not None
        verdict = judgement.verdict
        if verdict.reasons and override is None:
            raise GateUnmet(
                f"opportunity {row['id']} may not move from {before['pipeline_stage']} to {row['pipeline_stage']}: "
                f"{'; '.join(verdict.reasons)}. Complete it, or override with a reason (--override WHY)",
                verdict.reasons,
            )
        passage = {
            "id": new_id("pass"),
            "opportunity_id": row["id"],
            "pipeline": judgement.pipeline,
            "stage_left": before["pipeline_stage"],
            "stage": row["pipeline_stage"],
            "gates": judgement.gates,
            "asked": orjson.dumps(verdict.asked).decode(),
            "unmet": orjson.dumps(verdict.reasons).decode() if verdict.reasons else None,
            "override": override if verdict.reasons else None,
            "created_at": self.now,
        }
        self.create("passages", passage)
        return {**detail, "gate": "overridden" if verdict.reasons else "met", "passage": passage["id"]}

    def _live_event(self, before: dict[str, Any], row: dict[str, Any]) -> Event:
        get, was = row.get, before.get
        values = {name: value for name in TRACKED if (value := get(name)) != was(name)}
        other = {name: value for name in _BESIDE if (value := get(name)) != was(name)}
        previous = {name: before[name] for name in sorted((*values, *other))} if before else {}
        return Event(row["id"], self.now, "live", values, other, previous)

    def add(self, change: Change) -> None:
        """Take up a change that the caller prepared, with its events."""
        audit.seal_personal(change.kind, change.row)
        self._changes.append(change)
        self._unwritten.add(id(change.row))

    def flush(self) -> int:
        """Write all that was collected; gives the last sequence number. Raises Conflict, and writes nothing then."""
        if not self._changes:
            return 0
        seq, head = self.number(sum(max(1, len(change.events)) for change in self._changes))
        entries: list[tuple[Any, ...]] = []
        event_rows: list[tuple[Any, ...]] = []
        writes: defaultdict[tuple[str, bool], list[tuple[Any, ...]]] = defaultdict(list)
        now, actor, cause, dumps = self.now, self.actor, self.cause, orjson.dumps
        record_digest, entry_hash = audit.record_digest, audit.entry_hash
        for change in self._changes:
            row, kind, detail, told = change.row, change.kind, change.detail, None
            if change.events:
                own = [self._event_row(event, number) for number, event in enumerate(change.events, seq + 1)]
                event_rows += own
                seq, told = seq + len(own), audit.events_digest(own)
            else:
                seq += 1
            row["seq"] = seq
            record_id, said = row["id"], dumps(detail).decode() if detail else None
            digest = record_digest(kind, row)
            entry = (seq, now, actor, cause, change.action, kind, record_id, said, digest, told)
            head = entry_hash(head, entry)
            entries.append((*entry, head))
            values = tuple(map(row.get, tables.COLUMNS[kind]))
            is_new = change.version is None
            writes[kind, is_new].append(values if is_new else (*values[1:], record_id, change.version))
        for (kind, is_new), rows in writes.items():
            if is_new:
                insert_many(self.connection, kind, tables.COLUMNS[kind], rows)
            else:
                self._update_many(kind, rows)
        insert_many(self.connection, "events", audit.EVENT_COLUMNS, event_rows)
        insert_many(self.connection, "audit", audit.COLUMNS, entries)
        self.chain(head)
        self._changes.clear()
        self._unwritten.clear()
        return seq

    def number(self, count: int) -> tuple[int, str]:
        """Take the next ``count`` sequence numbers: the number before them, and the hash that the audit chain ends with.

        Whoever takes numbers writes what they number, then calls ``chain``. Other writers wait until the commit.
        """
        seq, head = self.hold()
        self._end = seq + count, head
        return seq, head

    def chain(self, head: str) -> None:
        """Record the numbers that were taken, and the hash that the audit chain ends with now."""
        self._end = self.hold()[0], head
        sent(self.connection, f"UPDATE ledger SET seq = {self._mark}, head = {self._mark} WHERE id = 1", self._end)

    def _event_row(self, event: Event, seq: int) -> tuple[Any, ...]:
        event.seq, event.recorded_at = seq, self.now
        get = event.values.get
        return (
            seq,
            event.opportunity_id,
            event.occurred_at,
            self.now,
            event.basis,
            self.actor,
            self.cause,
            event.fields,
            *map(get, TRACKED),
            orjson.dumps(event.other).decode() if event.other else None,
            orjson.dumps(event.previous).decode() if event.previous else None,
        )

    def _update_many(self, kind: str, rows: list[tuple[Any, ...]]) -> None:
        statement = _update_statement(kind, self._mark)
        done = (
            sent(self.connection, statement, rows[0])
            if len(rows) == 1
            else self.connection.exec_driver_sql(statement, rows)
        )
        if done.rowcount != len(rows):
            names = ", ".join(str(row[-2]) for row in rows[:3])
            raise Conflict(f"{kind} {names} changed since it was read; read it again and repeat the change")


@lru_cache(maxsize=128)
def _update_statement(kind: str, mark: str) -> str:
    assignments = ", ".join(f"{name} = {mark}" for name in tables.COLUMNS[kind][1:])
    return f"UPDATE {kind} SET {assignments} WHERE id = {mark} AND seq = {mark}"


def visible_detail(kind: str, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Old and new values for the audit entry; what may hold personal data is named, not shown."""
    hidden = tables.MAY_NAME_PERSONS[kind]
    return {name: None if name in hidden else [old, after[name]] for name, old in before.items()}


def _move(before: dict[str, Any], after: dict[str, Any]) -> tuple[Any, ...]:
    """What tells one judged move from another: the state that the deal comes from, and the one it takes."""
    return (before["seq"], *(after.get(name) for name in _JUDGED))


@contextmanager
def unit(
    engine: Engine, clock: Clock, actor: str, cause: str, gates: Gates | None = None, turns: Turns | None = None
) -> Iterator[Unit]:
    """A transaction that is written at the end of the ``with`` block; an error inside leaves the store as it was.

    Without ``gates``, no move of a deal is asked for anything. With ``turns``, short units that wait share a commit.
    """
    with writing(engine) if turns is None else turns.take() as connection:
        collected = Unit(connection, to_micros(clock()), actor, cause, gates)
        yield collected
        collected.flush()
