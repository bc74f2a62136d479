"""Many records at once: typed columns become created, changed or unchanged rows, set by set.

Whether anything changed is decided against what the same source said last time, so a second run of a file changes
nothing, and does not undo what was changed here since.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import orjson
from sqlalchemy import select

from sales_operations.domain.kinds import KINDS, Field
from sales_operations.store import identity, lookup, tables
from sales_operations.store.engine import insert_many, one_of
from sales_operations.store.unit import Change, Unit, visible_detail

Columns = dict[str, list[Any]]
"""Import field to values, all of one length: the types of ``domain.kinds``, amounts in minor units."""

KEPT = ("converted_at", "opportunity_id", "opportunity_text")
"""Columns that an empty cell never clears: what this program did, the source need not know."""


@dataclass
class Loaded:
    """What became of a batch.

    ``unresolved``: (field, text) of references to records that are not known. ``refused``: rows of the batch whose deal
    may not make the move that they tell of, to the reasons.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    repeated: int = 0
    erased: int = 0
    unresolved: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def add(self, other: Loaded) -> None:
        """Count another batch in."""
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.repeated += other.repeated
        self.erased += other.erased
        self.unresolved.update(other.unresolved)


def load(
    unit: Unit, kind: str, source: str, columns: Columns, attributes: Sequence[bytes | None] | None = None
) -> Loaded:
    """Create or update records of any kind but deals and their history. Where an id comes twice, the last row counts."""
    loaded = Loaded()
    # Ids first: a row may refer to another one of its own kind, such as a manager.
    ids, last = record_ids(unit, kind, source, columns["id"], loaded)
    stored = stored_columns(unit, kind, source, columns, attributes, loaded)
    stored["id"] = [ids[text] for text in columns["id"]]
    names, rows = list(stored), zip(*stored.values(), strict=True)
    digests = observed(columns, attributes)
    present = existing(unit, kind, ids.values())
    for position, (record_id, values, said) in enumerate(zip(stored["id"], rows, digests, strict=True)):
        if last[record_id] != position:
            continue
        before = present.get(record_id)
        if before is None:
            loaded.created += 1
            unit.add(Change(kind, "create", {**dict(zip(names, values, strict=True)), "observed": said}, None))
        elif before.get("erased_at") is not None:
            loaded.erased += 1
        elif before["observed"] == said:
            loaded.unchanged += 1
        else:
            row = {**before, **_kept(before, dict(zip(names, values, strict=True))), "observed": said}
            differing = {name: old for name, old in before.items() if row[name] != old and name != "observed"}
            if differing:
                loaded.updated += 1
            else:
                loaded.unchanged += 1
            unit.add(Change(kind, "update", row, before["seq"], visible_detail(kind, differing, row)))
    return loaded


def _kept(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    for name in KEPT:
        if name in after and after[name] is None:
            after[name] = before[name]
    return after


def observed(columns: Columns, attributes: Sequence[bytes | None] | None) -> list[str]:
    """For each record, a digest of what an import says of it, in the words of the source.

    What a reference resolves to is no part of it, so a record that turns up later makes no other record a changed one.
    """
    names = sorted(columns)
    key = blake2b(orjson.dumps(names), digest_size=16).digest()
    said: list[Sequence[Any]] = [columns[name] for name in names]
    if attributes is not None:
        said.append(attributes)
    return [
        blake2b(orjson.dumps(values, default=str), digest_size=8, key=key).hexdigest()
        for values in zip(*said, strict=True)
    ]


def stored_columns(
    unit: Unit, kind: str, source: str, columns: Columns, attributes: Sequence[bytes | None] | None, loaded: Loaded
) -> dict[str, Sequence[Any]]:
    """The columns of a batch under the names of the store, references resolved."""
    stored: dict[str, Sequence[Any]] = {}
    for known in KINDS[kind].fields:
        if known.name in columns:
            stored.update(_stored(unit, source, known, columns[known.name], loaded))
    if attributes is not None:
        stored["attributes"] = [None if held is None else held.decode() for held in attributes]
    return stored


def _stored(
    unit: Unit, source: str, known: Field, column: list[Any], loaded: Loaded
) -> Iterator[tuple[str, Sequence[Any]]]:
    if known.type == "ref":
        found = references(unit, source, known, column, loaded)
        yield f"{known.name}_id", [None if text is None else found.get(text) for text in column]
        yield f"{known.name}_text", [None if text is None or text in found else text for text in column]
    elif known.type == "money":
        yield f"{known.name}_minor", column
    elif known.type == "bool":
        yield known.name, [None if value is None else int(value) for value in column]
    elif known.type == "decimal":
        yield known.name, [None if value is None else format(value, "f") for value in column]
    elif known.type != "stage":
        yield known.name, column


def references(unit: Unit, source: str, known: Field, column: list[Any], loaded: Loaded) -> dict[str, str]:
    """Reference text to record id; what is not known is counted in ``loaded.unresolved``."""
    counts = Counter(column)
    counts.pop(None, None)
    found = identity.resolve(unit.connection, str(known.ref), source, counts) if counts else {}
    for text, count in counts.items():
        if text not in found:
            loaded.unresolved[known.name, text] += count
    return found


def record_ids(
    unit: Unit, kind: str, source: str, external: Sequence[str], loaded: Loaded
) -> tuple[dict[str, str], dict[str, int]]:
    """External id to record id, newly given where needed, and record id to the last row that has it."""
    ids = identity.known(unit.connection, kind, source, external)
    fresh = identity.new_ids(unit.connection, kind, source, [text for text in external if text not in ids])
    gone = identity.erased(unit.connection, kind, fresh.values()) if fresh and kind in tables.PERSONAL else set()
    rows = [(kind, source, text, record_id) for text, record_id in fresh.items() if record_id not in gone]
    insert_many(unit.connection, "external_ids", ("kind", "source", "external_id", "record_id"), rows)
    ids |= fresh
    last = {ids[text]: position for position, text in enumerate(external)}
    loaded.repeated += len(external) - len(last)
    return ids, last


def existing(unit: Unit, kind: str, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Record id to the record as stored, for those that exist."""
    return {row["id"]: row for row in lookup.rows(unit.connection, kind, "id", list(ids))}


def relink(unit: Unit, kind: str, source: str) -> int:
    """Resolve the references to records of ``kind`` that were kept as text because they came first; gives their number.

    Deals keep theirs: what an import said of a deal is part of its history.
    """
    count = 0
    for name, owner in KINDS.items():
        for known in owner.fields:
            if known.ref != kind or name in ("history", "opportunities"):
                continue
            table = tables.RECORDS[name]
            text = table.c[f"{known.name}_text"]
            waiting = [row[0] for row in unit.connection.execute(select(text).where(text.is_not(None)).distinct())]
            found = identity.resolve(unit.connection, kind, source, waiting) if waiting else {}
            if not found:
                continue
            # In order, so that a repeated import gives the same numbers on PostgreSQL too.
            waiting_rows = select(table).where(one_of(unit.connection, text, found)).order_by(table.c.id)
            for row in unit.connection.execute(waiting_rows).all():
                before = dict(zip(tables.COLUMNS[name], row, strict=True))
                link = {f"{known.name}_id": found[before[text.name]], f"{known.name}_text": None}
                unit.update(name, before, link)
                count += 1
            unit.flush()
    return count
