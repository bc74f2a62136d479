"""Scores of leads and deals as kept, and the fields that their sources declare to know the outcome."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, Row, delete, func, select

from sales_operations.store.engine import insert_many, one_of
from sales_operations.store.tables import declared_fields, scores


@dataclass(frozen=True, slots=True)
class Score:
    """The chance that a lead converts or a deal is won, as known ``as_of`` (microseconds).

    The log-odds of ``chance`` are ``base`` plus the sum of ``contributions``, field to what it adds.
    """

    record_id: str
    as_of: int
    chance: float
    base: float
    contributions: dict[str, float]


def write(connection: Connection, kind: str, made: Sequence[Score]) -> None:
    """Keep scores beside the older ones of the same records; those of the same instant are replaced."""
    table = scores.c
    for as_of in {one.as_of for one in made}:
        ids = [one.record_id for one in made if one.as_of == as_of]
        old = delete(scores).where(table.kind == kind, table.as_of == as_of, one_of(connection, table.record_id, ids))
        connection.execute(old)
    rows = [
        (kind, one.record_id, one.as_of, one.chance, one.base, orjson.dumps(one.contributions).decode()) for one in made
    ]
    insert_many(connection, "scores", tuple(scores.c.keys()), rows)


def latest(connection: Connection, kind: str, until: int, ids: Iterable[str] | None = None) -> dict[str, Score]:
    """The newest score of each record up to an instant, of these records where given, by record id."""
    table = scores.c
    asked = [table.kind == kind, table.as_of <= until]
    if ids is not None:
        asked.append(one_of(connection, table.record_id, ids))
    newest = select(table.record_id, func.max(table.as_of).label("as_of")).where(*asked).group_by(table.record_id)
    chosen = newest.subquery()
    statement = select(scores).join(
        chosen, (table.record_id == chosen.c.record_id) & (table.as_of == chosen.c.as_of) & (table.kind == kind)
    )
    return {row.record_id: _score(row) for row in connection.execute(statement)}


def of_record(connection: Connection, kind: str, record_id: str) -> list[Score]:
    """All kept scores of a record, the oldest first."""
    table = scores.c
    chosen = select(scores).where(table.kind == kind, table.record_id == record_id).order_by(table.as_of)
    return [_score(row) for row in connection.execute(chosen)]


def forget(connection: Connection, kind: str, record_id: str) -> None:
    """Delete the scores of a record whose person was erased."""
    connection.execute(delete(scores).where(scores.c.kind == kind, scores.c.record_id == record_id))


def declare(connection: Connection, kind: str, source: str, fields: Iterable[str]) -> None:
    """Keep which fields a source's mapping declares to be filled in with the outcome, in place of what it said before."""
    table = declared_fields.c
    connection.execute(delete(declared_fields).where(table.kind == kind, table.source == source))
    insert_many(
        connection, "declared_fields", ("kind", "source", "field"), [(kind, source, one) for one in sorted(fields)]
    )


def declared(connection: Connection, kind: str) -> frozenset[str]:
    """The fields of a kind that any source declares to be filled in with the outcome."""
    table = declared_fields.c
    return frozenset(connection.execute(select(table.field).where(table.kind == kind)).scalars())


def _score(row: Row[Any]) -> Score:
    return Score(row.record_id, row.as_of, row.score, row.base, orjson.loads(row.contributions))
