"""Deals that are seen for the first time, many at once: by column up to the rows of all tables that they are written to.

Gives what ``history.state_of`` and ``Unit.flush`` would give for the same deals one by one, to the last hash of the
audit chain; most of a large import is this.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import repeat
from typing import Any

import orjson

from sales_operations.domain.clock import from_micros
from sales_operations.domain.events import BEFORE_ANYTHING_IS_KNOWN, GROUP_MASK, GROUPS, TRACKED
from sales_operations.domain.stages import OpportunityStage
from sales_operations.store import audit, tables
from sales_operations.store.engine import insert_many
from sales_operations.store.unit import Unit

Column = Sequence[Any]
_KIND = "opportunities"
_DERIVED = ("id", "created_at", "updated_at")
_STATUS = {stage.value: stage.status.value for stage in OpportunityStage}
_CLOSED = frozenset(stage.value for stage in OpportunityStage if stage.is_closed)
_NOTHING = (None,) * len(TRACKED)


def write(unit: Unit, looks: dict[str, Column], seen_at: Column, observed: Column) -> None:
    """Write deals that the store does not hold, each with its history and audit entry.

    ``looks``: column of the store to values, of one length; None is unknown. ``id`` and ``created_at`` are among them.
    ``seen_at``: when each look is known to hold from, in microseconds. ``observed``: digests of what the source said.
    """
    deals = looks["id"]
    created = looks["created_at"]
    masks = _masks(looks, len(deals))
    tracked = zip(*(looks.get(name) or repeat(None, len(deals)) for name in TRACKED), strict=True)
    others = _objects([name for name in looks if name not in TRACKED and name not in _DERIVED], looks, len(deals))
    states = _states(looks, seen_at, observed)
    digested = _objects(sorted(states), states, len(deals))
    seq, head = unit.number(len(deals) * 2 - list(created).count(None))
    event_rows: list[tuple[Any, ...]] = []
    entries: list[tuple[Any, ...]] = []
    numbers: list[int] = []
    now, actor, cause, dumps = unit.now, unit.actor, unit.cause, orjson.dumps
    for deal, begun, seen, mask, values, other, state in zip(
        deals, created, seen_at, masks, tracked, others, digested, strict=True
    ):
        seq += 1
        own = []
        if begun is not None:
            begins = f'{{"created_at":{begun}}}'
            own.append((seq, deal, begun, now, "inferred", actor, cause, 0, *_NOTHING, begins, None))
            seq += 1
        told = dumps(other).decode() if other else None
        own.append((seq, deal, seen, now, "inferred", actor, cause, mask, *values, told, None))
        digest = sha256(dumps(state)).hexdigest()
        entry = (seq, now, actor, cause, "create", _KIND, deal, None, digest, audit.events_digest(own))
        head = audit.entry_hash(head, entry)
        event_rows += own
        entries.append((*entry, head))
        numbers.append(seq)
    states["seq"] = numbers
    names = tables.COLUMNS[_KIND]
    rows = list(zip(*(states.get(name) or repeat(None, len(deals)) for name in names), strict=True))
    insert_many(unit.connection, _KIND, names, rows)
    insert_many(unit.connection, "events", audit.EVENT_COLUMNS, event_rows)
    insert_many(unit.connection, "audit", audit.COLUMNS, entries)
    unit.chain(head)


def _masks(looks: dict[str, Column], count: int) -> Iterable[int]:
    """For each deal the bits of the fields that are known, those that change with them included."""
    parts: list[Iterable[int]] = []
    for leader, names in GROUPS.items():
        columns = [looks[name] for name in names if name in looks]
        bits = GROUP_MASK[leader]
        if len(columns) == 1:
            parts.append([0 if value is None else bits for value in columns[0]])
        elif columns:
            missing = (None,) * len(columns)
            parts.append([0 if values == missing else bits for values in zip(*columns, strict=True)])
    return map(sum, zip(*parts, strict=True)) if parts else repeat(0, count)


def _objects(names: list[str], columns: dict[str, Column], count: int) -> Iterable[dict[str, Any]]:
    """For each deal what is known under these names, in their order."""
    known = [name for name in names if any(value is not None for value in columns[name])]
    if not known:
        return repeat({}, count)
    values = zip(*(columns[name] for name in known), strict=True)
    if any(None in columns[name] for name in known):
        return ({name: value for name, value in zip(known, row, strict=True) if value is not None} for row in values)
    return (dict(zip(known, row, strict=True)) for row in values)


def _states(looks: dict[str, Column], seen_at: Column, observed: Column) -> dict[str, Column]:
    """The columns of the deals' states, where nothing replaces what a look says."""
    states = dict(looks)
    for name, unless_known in BEFORE_ANYTHING_IS_KNOWN.items():
        column = looks.get(name)
        if column is None:
            states[name] = [unless_known] * len(seen_at)
        elif None in column:
            states[name] = [unless_known if value is None else value for value in column]
    states["status"] = [_STATUS[stage] for stage in states["stage"]]
    due = looks.get("close_date") or [None] * len(seen_at)
    states["close_date"] = [
        from_micros(seen).date().isoformat() if date is None and stage in _CLOSED else date
        for date, stage, seen in zip(due, states["stage"], seen_at, strict=True)
    ]
    states["created_at"] = [
        seen if begun is None else begun for begun, seen in zip(looks["created_at"], seen_at, strict=True)
    ]
    states["updated_at"], states["observed"] = seen_at, observed
    return states
