"""Where a person is named beyond their own record: in texts of deals, activities, notes, and in the history."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Column, ColumnElement, Connection, Table, or_, select

from sales_operations.domain.kinds import KINDS
from sales_operations.store import tables

_EVENT_TEXTS = ("owner_text", "other", "previous")
_JSON = frozenset(("attributes", "other", "previous", "totals"))
_REPS = frozenset(("recipient", "sales_rep"))
"""Where a rep stands by name: the recipient of a note, the candidates of an assignment."""
_RUNS = ("file", "totals")


@dataclass(frozen=True)
class Person:
    """What a person is known by. ``names`` are whole texts, casefolded; ``within`` finds the telling ones in longer texts.

    ``asked`` are the texts to look for in the store; ``references`` are the columns and keys whose text means a record of
    the person's kind.
    """

    record_id: str
    names: frozenset[str]
    within: re.Pattern[str] | None
    asked: tuple[str, ...]
    references: frozenset[str]

    def named_by(self, text: str) -> bool:
        """Whether the text, taken as a whole, means the person."""
        return text.strip().casefold() in self.names

    def without(self, column: str, value: Any) -> Any:
        """A value of a column, or of a key within one, with the record's id in the place of every mention."""
        if isinstance(value, dict):
            return {key: self.without(key, held) for key, held in value.items()}
        if isinstance(value, list):
            return [self.without(column, held) for held in value]
        if not isinstance(value, str):
            return value
        if column in _JSON and value.startswith("{"):
            held = orjson.loads(value)
            cleaned = self.without("", held)
            return value if cleaned == held else orjson.dumps(cleaned).decode()
        if column in self.references and self.named_by(value):
            return self.record_id
        return self.within.sub(self.record_id, value) if self.within is not None else value


def person(kind: str, row: Mapping[str, Any], external: Iterable[str]) -> Person:
    """Who a record of a person is, by its values and its ids in other systems.

    A name of one word alone means somebody only where a reference stands, not inside a longer text.
    """
    first, last = row.get("first_name") or "", row.get("last_name") or ""
    full = row.get("name") or f"{first} {last}".strip()
    words = full.split()
    orders = {full, f"{last} {first}".strip(), f"{last}, {first}" if first and last else full} - {""}
    addresses = {row.get("email") or "", row.get("phone") or ""} - {""}
    telling = addresses | (orders if len(words) > 1 else set())
    patterns = sorted(map(re.escape, telling), key=len, reverse=True)
    within = re.compile(rf"(?<![\w@.+-])(?:{'|'.join(patterns)})(?![\w@]|[.-]\w)", re.IGNORECASE) if patterns else None
    asked = orders | addresses | set(external)
    references = {f"{field.name}_text" for known in KINDS.values() for field in known.fields if field.ref == kind}
    references |= {"unresolved"} | (_REPS if kind == "users" else set())
    names = frozenset(text.strip().casefold() for text in orders | addresses | set(external))
    return Person(row["id"], names, within, tuple(sorted(asked)), frozenset(references))


def in_records(connection: Connection, who: Person) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Kind, record and its cleaned columns, for every other record that names the person."""
    for kind, table in tables.RECORDS.items():
        own = {"first_name", "last_name", "name", "email", "phone", "title"} if kind in tables.PERSONAL else set()
        columns = sorted(tables.MAY_NAME_PERSONS[kind] - own)
        for row in _asked(connection, table, columns, who):
            changes = _changes(who, row, columns)
            if kind != "opportunities":  # their history keeps what was found
                changes |= _linked(who, changes)
            if changes and row["id"] != who.record_id:
                yield kind, row, changes


def _changes(who: Person, row: dict[str, Any], columns: Iterable[str]) -> dict[str, Any]:
    cleaned = {name: who.without(name, row[name]) for name in columns}
    return {name: value for name, value in cleaned.items() if value != row[name]}


def _linked(who: Person, changes: dict[str, Any]) -> dict[str, Any]:
    """A reference that was kept as text becomes one to the record."""
    found: dict[str, Any] = {}
    for name, value in changes.items():
        if name.endswith("_text") and value == who.record_id:
            found |= {f"{name.removesuffix('_text')}_id": value, name: None}
    return found


def in_events(connection: Connection, who: Person) -> Iterator[tuple[int, dict[str, Any]]]:
    """Sequence number and cleaned columns of every event of the history that names the person."""
    for row in _asked(connection, tables.events, _EVENT_TEXTS, who):
        if changes := _changes(who, row, _EVENT_TEXTS):
            yield row["seq"], changes


def in_import_runs(connection: Connection, who: Person) -> Iterator[tuple[str, dict[str, Any]]]:
    """Id and cleaned columns of every import whose file's name, or whose texts, name the person."""
    for row in _asked(connection, tables.import_runs, _RUNS, who):
        if changes := _changes(who, row, _RUNS):
            yield row["id"], changes


def _asked(connection: Connection, table: Table, columns: Iterable[str], who: Person) -> Iterator[dict[str, Any]]:
    conditions = [_contains(table.c[name], text) for name in columns for text in who.asked]
    if conditions:
        names = [str.__str__(column.name) for column in table.c]
        statement = select(table).where(or_(*conditions))
        with connection.execute(statement, execution_options={"yield_per": 1_000}) as found:
            for row in found:
                yield dict(zip(names, row, strict=True))


def _contains(column: Column[Any], text: str) -> ColumnElement[bool]:
    # SQLite folds the case of ASCII alone.
    spellings = {text} if text.isascii() else {text, text.lower(), text.upper(), text.title()}
    return or_(*(column.icontains(spelling, autoescape=True) for spelling in sorted(spellings)))
