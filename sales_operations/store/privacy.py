"""A person's data: shown as a whole, and erased so that chain, history and totals still verify."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, bindparam, delete, func, select, update

from sales_operations.domain.clock import iso
from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.domain.kinds import KINDS
from sales_operations.store import audit, identity, match_keys, mentions, merges, scores, tables
from sales_operations.store.engine import BUSY_SECONDS, sqlite_file, translated
from sales_operations.store.unit import Change, Unit

_BELONGS = {"contacts": "contact", "leads": "lead"}
"""Kinds whose activities are about the person, and the reference that says so."""
_ABOUT = frozenset(f"{reference}_text" for reference in _BELONGS.values())


@dataclass(frozen=True)
class Erasure:
    """What was erased: the activities that went with the record, and where else its name was taken out.

    ``erased_before``: when it had been erased already, in microseconds; nothing was done then. ``same_email``: other records
    (kind, id) with the same e-mail address, which are left as they are.
    """

    kind: str
    record_id: str
    activities: int = 0
    records: int = 0
    events: int = 0
    external_ids: int = 0
    same_email: tuple[tuple[str, str], ...] = ()
    erased_before: int | None = None


def find(connection: Connection, kind: str, given: str) -> str:
    """The record id of a person given by record id or external id. Raises NotFound, InvalidInput."""
    if kind not in tables.PERSONAL:
        raise InvalidInput(f"{kind!r} hold no personal data; use one of {', '.join(tables.PERSONAL)}")
    found = identity.find(connection, kind, given)
    if found is None:
        raise NotFound(f"{kind} has no record {given!r}")
    return merges.survivors(connection, [found]).get(found, found)


def export(connection: Connection, kind: str, given: str) -> dict[str, Any]:
    """Everything that the store holds of a person: record, external_ids, activities, records that refer to it or name it
    (kind, id, columns), and what was done with it (changes). Instants are ISO 8601. Raises NotFound, InvalidInput.
    """
    record_id = find(connection, kind, given)
    row = _row(connection, kind, record_id)
    who = _person(connection, kind, row)
    referring = [
        {"kind": name, "id": found, "columns": [column]}
        for name, column in _references(kind)
        for found in connection.execute(
            select(tables.RECORDS[name].c.id).where(tables.RECORDS[name].c[column] == record_id)
        ).scalars()
    ]
    naming = [
        {"kind": name, "id": found["id"], "columns": sorted(changes)}
        for name, found, changes in mentions.in_records(connection, who)
    ]
    entries = (
        select(tables.audit)
        .where(tables.audit.c.kind == kind, tables.audit.c.record_id == record_id)
        .order_by(tables.audit.c.seq)
    )
    return {
        "kind": kind,
        "id": record_id,
        "record": _shown(kind, row),
        "external_ids": [{"source": source, "id": text} for source, text in _external_ids(connection, kind, record_id)],
        "activities": [_shown("activities", found) for found in _activities(connection, kind, record_id)],
        "referred_to_by": referring,
        "named_in": naming,
        "scores": [
            {"as_of": iso(one.as_of), "chance": one.chance, "contributions": one.contributions}
            for one in scores.of_record(connection, kind, record_id)
        ],
        "named_in_events": [seq for seq, _ in mentions.in_events(connection, who)],
        "changes": [
            {"seq": entry.seq, "at": iso(entry.recorded_at), "actor": entry.actor, "cause": entry.cause,
             "action": entry.action}
            for entry in connection.execute(entries)
        ],
    }  # fmt: skip


def erase(unit: Unit, kind: str, given: str) -> Erasure:
    """Erase a person's data within a transaction. The record's id, references and dates stay; doing it twice does nothing.

    With a contact or lead go the texts of the activities that are about it. Wherever else the person is named, the record's
    id takes the name's place, in the history too. Records that were merged into it go with it. Raises NotFound, InvalidInput.
    """
    unit.hold()
    record_id = find(unit.connection, kind, given)
    row = unit.get(kind, record_id)
    if row["erased_at"] is not None:
        return Erasure(kind, record_id, erased_before=row["erased_at"])
    parts = merges.merged_into(unit.connection, record_id)
    whole = _erase_record(unit, kind, row)
    for part in parts:
        unit.flush()
        more = _erase_record(unit, kind, unit.get(kind, part))
        sums = {name: getattr(whole, name) + getattr(more, name) for name in _COUNTED}
        whole = replace(whole, same_email=tuple(dict.fromkeys(whole.same_email + more.same_email)), **sums)
    themselves = {(kind, one) for one in (record_id, *parts)}
    return replace(whole, same_email=tuple(one for one in whole.same_email if one not in themselves))


_COUNTED = ("activities", "records", "events", "external_ids")


def _erase_record(unit: Unit, kind: str, row: dict[str, Any]) -> Erasure:
    record_id = row["id"]
    who = _person(unit.connection, kind, row)
    same_email = tuple(_same_email(unit.connection, row))
    redacted, events = _redact_events(unit.connection, who)
    unit.add(_erased(unit, kind, row, {"redacted": redacted} if redacted else {}))
    activities = {found["id"]: found for found in _activities(unit.connection, kind, record_id)}
    records = 0
    # What a merge changed holds values of the person that are no whole name, so all of it goes.
    own = {found["id"]: found for found in merges.of_record(unit.connection, record_id)}
    for found in own.values():
        moved = {**orjson.loads(found["moved"]), "external_ids": []}
        after = {**found, "changes": None, "moved": orjson.dumps(moved).decode()}
        unit.add(Change("merges", "redact", after, found["seq"], {"changes": None}))
    match_keys.forget(unit.connection, record_id)
    scores.forget(unit.connection, kind, record_id)
    for name, found, changes in mentions.in_records(unit.connection, who):
        if name == "merges" and found["id"] in own:
            continue
        after = {**found, **changes}
        # A reference that was kept as text says so too, be it one to a contact or to a lead: the person is the same.
        about = found["id"] in activities or (kind in _BELONGS and not changes.keys().isdisjoint(_ABOUT))
        if name == "activities" and about and found["erased_at"] is None:
            activities[found["id"]] = after
        else:
            records += 1
            detail = dict.fromkeys(sorted(changes))
            unit.add(Change(name, "redact", after, found["seq"], detail))
    for found in activities.values():
        unit.add(_erased(unit, "activities", found, {}))
    forgotten = _forget_external_ids(unit.connection, kind, who)
    _clean_import_runs(unit.connection, who)
    erasures = tables.ledger.c.erasures + 1 + len(activities)
    unit.connection.execute(update(tables.ledger).values(erasures=erasures))
    return Erasure(kind, record_id, len(activities), records, events, forgotten, same_email)


def scrub(engine: Engine) -> bool:
    """Rewrite the database's files, so that nothing of erased text is left in their unused parts. After the transaction.

    Gives False where another process reads at this moment: then its end, and the next write, bring what is left out of the
    write-ahead log.
    """
    with translated(engine.url):
        file = sqlite_file(engine.url)
        if file is None:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                for name in (*tables.RECORDS, "events", "external_ids", "import_runs", "scores"):
                    connection.exec_driver_sql(f"VACUUM {name}")
            return True
        with closing(sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None)) as direct:
            direct.execute("VACUUM")
            direct.execute("PRAGMA busy_timeout=2000")
            busy, _, _ = direct.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not busy


def _row(connection: Connection, kind: str, record_id: str) -> dict[str, Any]:
    table = tables.RECORDS[kind]
    row = connection.execute(select(table).where(table.c.id == record_id)).one()
    return dict(zip(tables.COLUMNS[kind], row, strict=True))


def _person(connection: Connection, kind: str, row: dict[str, Any]) -> mentions.Person:
    if kind == "activities":
        return mentions.Person(row["id"], frozenset(), None, (), frozenset())
    external = {text for _, text in _external_ids(connection, kind, row["id"])}
    return mentions.person(kind, row, external)


def _external_ids(connection: Connection, kind: str, record_id: str) -> list[tuple[str, str]]:
    ids = tables.external_ids.c
    statement = select(ids.source, ids.external_id).where(ids.kind == kind, ids.record_id == record_id)
    return [(row.source, row.external_id) for row in connection.execute(statement.order_by(ids.source))]


def _activities(connection: Connection, kind: str, record_id: str) -> list[dict[str, Any]]:
    """The activities about a person that still have their texts."""
    if kind not in _BELONGS:
        return []
    table = tables.RECORDS["activities"]
    about = (table.c[f"{_BELONGS[kind]}_id"] == record_id) & table.c.erased_at.is_(None)
    found = connection.execute(select(table).where(about).order_by(table.c.id))
    return [dict(zip(tables.COLUMNS["activities"], row, strict=True)) for row in found]


def _references(kind: str) -> list[tuple[str, str]]:
    """Kind and column of every reference to records of ``kind``."""
    return [
        (name, f"{field.name}_id")
        for name, known in KINDS.items()
        if name in tables.RECORDS
        for field in known.fields
        if field.ref == kind
    ]


def _same_email(connection: Connection, row: dict[str, Any]) -> list[tuple[str, str]]:
    email = row.get("email")
    if not email:
        return []
    found = []
    for kind in ("users", "contacts", "leads"):
        table = tables.RECORDS[kind].c
        same = select(table.id).where(func.lower(table.email) == email.lower(), table.id != row["id"])
        found += [(kind, other) for other in connection.execute(same.order_by(table.id)).scalars()]
    return found


def _erased(unit: Unit, kind: str, row: dict[str, Any], detail: dict[str, Any]) -> Change:
    emptied = dict.fromkeys((*tables.PERSONAL[kind], "salt", "personal_digest", "observed"))
    return Change(kind, audit.ERASED, {**row, **emptied, "erased_at": unit.now}, row["seq"], detail)


def _redact_events(connection: Connection, who: mentions.Person) -> tuple[dict[str, str], int]:
    """Take the name out of the history; gives audit entry to the new digest of its events, and the number of events."""
    events = tables.events
    changed = dict(mentions.in_events(connection, who))
    for seq, changes in changed.items():
        connection.execute(update(events).where(events.c.seq == seq).values(**changes))
    entries = tables.audit.c
    redacted: dict[str, str] = {}
    for seq in sorted(changed):
        entry = connection.execute(select(func.min(entries.seq)).where(entries.seq >= seq)).scalar_one()
        if str(entry) in redacted:
            continue
        before = connection.execute(select(func.max(entries.seq)).where(entries.seq < seq)).scalar() or 0
        group = select(events).where(events.c.seq > before, events.c.seq <= entry).order_by(events.c.seq)
        redacted[str(entry)] = audit.events_digest(tuple(row) for row in connection.execute(group))
    return redacted, len(changed)


def _forget_external_ids(connection: Connection, kind: str, who: mentions.Person) -> int:
    """Remove ids in other systems that are names or addresses; the opaque ones stay, as keys to the record."""
    table = tables.external_ids
    gone = [(source, text) for source, text in _external_ids(connection, kind, who.record_id) if _is_name(who, text)]
    if gone:
        one = (
            (table.c.kind == kind)
            & (table.c.source == bindparam("of_source"))
            & (table.c.external_id == bindparam("text"))
        )
        connection.execute(delete(table).where(one), [{"of_source": source, "text": text} for source, text in gone])
    return len(gone)


def _is_name(who: mentions.Person, text: str) -> bool:
    return "@" in text or " " in text.strip() or who.without("", text) != text


def _clean_import_runs(connection: Connection, who: mentions.Person) -> None:
    runs = tables.import_runs
    for run, changes in list(mentions.in_import_runs(connection, who)):
        connection.execute(update(runs).where(runs.c.id == run).values(**changes))


def _shown(kind: str, row: dict[str, Any]) -> dict[str, Any]:
    """A record as its person may read it: what is known, instants as ISO 8601, the store's own columns left out."""
    hidden = {"salt", "personal_digest", "observed", "seq"}
    shown = {name: value for name, value in row.items() if value is not None and name not in hidden}
    for name in ("erased_at", *(field.name for field in KINDS[kind].fields if field.type == "instant")):
        if name in shown:
            shown[name] = iso(shown[name])
    if "attributes" in shown:
        shown["attributes"] = orjson.loads(shown["attributes"])
    return shown
