"""What an import settles when all of its rows are in: references among records, and who leads whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import and_, select

from sales_operations.domain.errors import SourceError
from sales_operations.domain.kinds import KINDS
from sales_operations.store import identity, tables
from sales_operations.store.engine import one_of
from sales_operations.store.load import Loaded, record_ids, relink
from sales_operations.store.unit import Change, Unit

LED = {"users": "manager_id", "teams": "parent_id"}
"""Kinds whose records lead each other, and the column that says who leads."""
_KEPT_AS_SAID = ("history", "opportunities")
"""Kinds whose references are part of a history: they are linked when the file is imported again."""


def settle(
    unit: Unit, kind: str, source: str, creates: Iterable[str], unresolved: Counter[tuple[str, str]]
) -> list[str]:
    """Link what was kept as text only because it came first, add the records that ``creates`` allows; gives notices.

    What is known now leaves ``unresolved``. Raises SourceError where records lead each other in a circle.
    """
    relink(unit, "opportunities" if kind == "history" else kind, source)
    if kind in _KEPT_AS_SAID:
        return []
    notices = []
    for name in creates:
        referred = str(KINDS[kind].field(name).ref)  # type: ignore[union-attr]
        if added := _add_named(unit, kind, name, referred, source):
            notices.append(f"{added} {referred} were added by name: {name} refers to them, and no row describes them")
    _forget_known(unit, kind, source, unresolved)
    if kind in LED:
        _refuse_circles(unit, kind)
    return notices


def _add_named(unit: Unit, kind: str, name: str, referred: str, source: str) -> int:
    """Make a record of every name that this source's records refer to and nobody has."""
    table, ids, others = tables.RECORDS[kind], tables.external_ids.c, tables.RECORDS[referred]
    text = table.c[f"{name}_text"]
    joined = and_(ids.record_id == table.c.id, ids.kind == kind, ids.source == source)
    statement = select(text).join(tables.external_ids, joined).where(text.is_not(None)).distinct()
    waiting = sorted(row[0] for row in unit.connection.execute(statement))
    # A name that two records share is unknown because nobody can say which of them is meant; a third would not help.
    shared = set(unit.connection.scalars(select(others.c.name).where(one_of(unit.connection, others.c.name, waiting))))
    names = [one for one in waiting if one not in shared]
    given, _ = record_ids(unit, referred, source, names, Loaded())
    for one in names:
        unit.add(Change(referred, "create", {"id": given[one], "name": one}, None))
    unit.flush()
    relink(unit, referred, source)
    return len(names)


def _forget_known(unit: Unit, kind: str, source: str, unresolved: Counter[tuple[str, str]]) -> None:
    for field in KINDS[kind].fields:
        texts = [text for name, text in unresolved if name == field.name]
        for text in identity.resolve(unit.connection, str(field.ref), source, texts) if texts else ():
            del unresolved[field.name, text]


def _refuse_circles(unit: Unit, kind: str) -> None:
    table, leader = tables.RECORDS[kind], LED[kind]
    rows = unit.connection.execute(select(table.c.id, table.c[leader], table.c.name)).all()
    above = {row[0]: row[1] for row in rows}
    names = {row[0]: row[2] or row[0] for row in rows}
    clear: set[str] = set()
    for start in above:
        path: list[str] = []
        at: str | None = start
        while at is not None and at not in clear:
            if at in path:
                circle = " → ".join(names[one] for one in [*path[path.index(at) :], at])
                column = leader.removesuffix("_id")
                raise SourceError(
                    f"{kind} lead each other in a circle: {circle}; correct the {column} of one of them. "
                    "Nothing of the file was imported"
                )
            path.append(at)
            at = above.get(at)
        clear.update(path)
