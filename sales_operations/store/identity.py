"""Which record an external id means: one table of ids per kind and source system."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from sqlalchemy import Connection, select

from sales_operations.domain.errors import InvalidInput
from sales_operations.store import merges, tables
from sales_operations.store.engine import one_of

PREFIXES = {
    "users": "user",
    "teams": "team",
    "accounts": "acc",
    "contacts": "con",
    "leads": "lead",
    "opportunities": "opp",
    "roles": "role",
    "activities": "act",
    "products": "prod",
    "pricebooks": "price",
    "items": "item",
    "quotas": "quota",
    "rates": "rate",
}
"""Kind to the prefix of its record ids."""

NAMED = {"users": ("email", "name"), "accounts": ("name",), "products": ("name", "code"), "teams": ("name",)}
"""Kinds that a reference may name by something other than an id, and the columns that are tried, in order."""


def record_id(kind: str, source: str, external_id: str) -> str:
    """The id that a record of this source gets: its own where it has this program's form, else derived from it.

    The same source and external id always give the same record id.
    """
    prefix = f"{PREFIXES[kind]}_"
    if external_id.startswith(prefix):
        return external_id
    return prefix + blake2b(f"{source}\x00{external_id}".encode(), digest_size=16).hexdigest()


def new_ids(connection: Connection, kind: str, source: str, external: Iterable[str]) -> dict[str, str]:
    """External id to the record id that a record of this source gets now.

    Ids of persons' records follow from the external id alone, so that an erased one is recognised. All others begin with
    the sequence number reached: later ones are greater, and an index of millions grows at its end instead of everywhere.
    """
    if kind in tables.PERSONAL:
        return {text: record_id(kind, source, text) for text in external}
    reached = f"{connection.execute(select(tables.ledger.c.seq)).scalar_one():010x}"
    prefix = f"{PREFIXES[kind]}_"
    digits = len(prefix) + len(reached)
    derived = {text: record_id(kind, source, text) for text in external}
    return {text: one if one == text else prefix + reached + one[digits:] for text, one in derived.items()}


def known(connection: Connection, kind: str, source: str, external: Iterable[str]) -> dict[str, str]:
    """External id to record id, for those of this source that are known."""
    ids = tables.external_ids.c
    statement = select(ids.external_id, ids.record_id).where(
        ids.kind == kind, ids.source == source, one_of(connection, ids.external_id, external)
    )
    return {row.external_id: row.record_id for row in connection.execute(statement)}


def resolve(connection: Connection, kind: str, source: str, texts: Iterable[str]) -> dict[str, str]:
    """Reference as found in a source to record id: by external id, by e-mail or name, by record id. Unknown ones lack.

    A name that two records share resolves to none of them; a merged record is the one that it is part of now.
    """
    wanted = set(texts)
    found = known(connection, kind, source, wanted)
    table = tables.RECORDS[kind]
    for column in (*NAMED.get(kind, ()), "id"):
        missing = wanted.difference(found)
        if not missing:
            break
        asked = {text.lower(): text for text in missing} if column == "email" else {text: text for text in missing}
        twice: set[str] = set()
        statement = select(table.c.id, table.c[column]).where(one_of(connection, table.c[column], asked))
        rows = connection.execute(statement).all()
        survivors = merges.survivors(connection, {row.id for row in rows})
        for identity, value in rows:
            text, identity = asked[value], survivors.get(identity, identity)
            if found.setdefault(text, identity) != identity:
                twice.add(text)
        for text in twice:
            del found[text]
    if kind in tables.PERSONAL and (missing := wanted.difference(found)):
        derived = {record_id(kind, source, text): text for text in missing}
        found |= {derived[identity]: identity for identity in erased(connection, kind, derived)}
    return found


def erased(connection: Connection, kind: str, ids: Iterable[str]) -> set[str]:
    """Those of the record ids whose personal data were erased: an external id that is a name is forgotten with them."""
    table = tables.RECORDS[kind].c
    wanted = one_of(connection, table.id, ids) & table.erased_at.is_not(None)
    return {row.id for row in connection.execute(select(table.id).where(wanted))}


def find(connection: Connection, kind: str, given: str) -> str | None:
    """The record that a person means by ``given``: a record id, or an external id of any source.

    Raises InvalidInput where two sources use that id for different records.
    """
    table = tables.RECORDS[kind]
    if connection.execute(select(table.c.id).where(table.c.id == given)).first():
        return given
    ids = tables.external_ids.c
    same = select(ids.source, ids.record_id).where(ids.kind == kind, ids.external_id == given).order_by(ids.source)
    rows = connection.execute(same).all()
    if len({row.record_id for row in rows}) > 1:
        choices = ", ".join(f"{row.record_id} ({row.source})" for row in rows)
        raise InvalidInput(f"{given!r} means several {kind}: {choices}; name the one by its record id")
    return str(rows[0].record_id) if rows else None
