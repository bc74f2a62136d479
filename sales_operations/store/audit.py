"""The audit chain: one entry for every mutation, each hashed together with the one before it.

An entry holds a digest of the record after the change and of the history events that the change appended. Personal data
enter a digest only as a salted hash, so that erasing them (with the salt) leaves the chain verifiable. Where an erasure
took a name out of history events, its entry states their new digest.

Outside the chain are what only serves imports (``external_ids``, ``import_runs``) and the store's own name and label.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Connection, Row, func, select

from sales_operations.store import tables
from sales_operations.store.schema import GENESIS

COLUMNS = tuple(tables.audit.c.keys())
EVENT_COLUMNS = tuple(tables.events.c.keys())
_OUTSIDE_DIGEST = {kind: frozenset((*names, "salt", "seq")) for kind, names in tables.PERSONAL.items()}
_SEQ_ONLY = frozenset(("seq",))
ERASED = "erase"
"""The action of the entries that tell of erased personal data."""


def canonical(values: Mapping[str, Any], leave_out: frozenset[str] = _SEQ_ONLY) -> bytes:
    """One byte string for one content: keys sorted, unknown values left out (so new columns change no digest)."""
    kept = {name: value for name, value in values.items() if value is not None and name not in leave_out}
    return orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)


def seal_personal(kind: str, row: dict[str, Any]) -> None:
    """Give a record of a person its salt and the salted digest of its personal data, in place; what is erased stays so."""
    if kind not in tables.PERSONAL:
        return
    if row.get("erased_at") is not None:
        row.update(dict.fromkeys((*tables.PERSONAL[kind], "salt", "personal_digest")))
        return
    row["salt"] = os.urandom(16).hex()
    row["personal_digest"] = personal_digest(kind, row)


def personal_digest(kind: str, row: Mapping[str, Any]) -> str:
    """The salted hash that stands for a record's personal data."""
    held = {name: value for name in tables.PERSONAL[kind] if (value := row.get(name)) is not None}
    return sha256(str(row["salt"]).encode() + orjson.dumps(held, option=orjson.OPT_SORT_KEYS)).hexdigest()


def record_digest(kind: str, row: Mapping[str, Any]) -> str:
    """Digest of a record's state, personal data only as their salted hash."""
    return sha256(canonical(row, _OUTSIDE_DIGEST.get(kind, _SEQ_ONLY))).hexdigest()


def events_digest(events: Iterable[tuple[Any, ...]]) -> str:
    """Digest of history events, given as tuples in the order of ``EVENT_COLUMNS``."""
    digest = sha256()
    for values in events:
        digest.update(orjson.dumps(values))
    return digest.hexdigest()


def entry_hash(previous: str, entry: tuple[Any, ...]) -> str:
    """The chain hash of an entry, given without its own ``hash``."""
    return sha256(previous.encode() + orjson.dumps(entry)).hexdigest()


@dataclass(frozen=True)
class Finding:
    """One thing that does not verify."""

    seq: int | None
    what: str


@dataclass(frozen=True)
class Verdict:
    """What a verification read and found. ``head`` can be kept elsewhere, to notice a chain cut at its end."""

    entries: int
    events: int
    records: int
    head: str
    findings: list[Finding]


def verify(connection: Connection, noted: str | None = None, limit: int = 50) -> Verdict:
    """Check chain, numbering, history and present state against each other; at most ``limit`` findings are kept.

    ``noted`` is a head that was kept elsewhere; it must stand in the chain, else the chain was cut or rewritten.
    """
    findings: list[Finding] = []
    ledger = connection.execute(select(tables.ledger)).one()
    entries, event_count, head = 0, 0, GENESIS
    last_seq, met = 0, noted in (None, GENESIS)
    erasures, redacted = _erasures(connection)
    history = _grouped_events(connection)
    appended = next(history, None)
    for row in _stream(connection, select(tables.audit).order_by(tables.audit.c.seq)):
        entries += 1
        own: list[tuple[Any, ...]] = []
        while appended is not None and appended[0] <= row.seq:
            own.append(appended)
            appended = next(history, None)
        event_count += len(own)
        if row.seq - last_seq != max(1, len(own)):
            findings.append(
                Finding(row.seq, f"entries or events between {last_seq} and {row.seq} are missing or added")
            )
        if (events_digest(own) if own else None) != redacted.get(row.seq, row.events_digest):
            findings.append(Finding(row.seq, f"the history of {row.kind} {row.record_id} was changed"))
        if entry_hash(head, tuple(row)[:-1]) != row.hash:
            findings.append(Finding(row.seq, "the entry was changed, or one before it was removed or moved"))
        head, last_seq = row.hash, row.seq
        met = met or head == noted
        if len(findings) >= limit:
            break
    if appended is not None and len(findings) < limit:
        findings.append(Finding(appended[0], "history events stand after the last audit entry"))
    if not met and len(findings) < limit:
        findings.append(Finding(None, f"the head {noted} noted earlier is not in the chain"))
    if (ledger.head, ledger.seq) != (head, last_seq) and len(findings) < limit:
        findings.append(Finding(last_seq, "the end of the chain is not the one that the ledger recorded"))
    if ledger.erasures != erasures and len(findings) < limit:
        findings.append(Finding(None, f"the ledger counts {ledger.erasures} erasures, the chain {erasures}"))
    records = 0
    for kind in tables.RECORDS:
        records += _verify_records(connection, kind, findings, limit)
    return Verdict(entries, event_count, records, head, findings[:limit])


def _erasures(connection: Connection) -> tuple[int, dict[int, str]]:
    """The number of erasures, and entry to the digest of its events since a person's name was taken out of them.

    The erasure's own entry states these digests, so the chain vouches for them.
    """
    count, redacted = 0, {}
    erased = select(tables.audit.c.detail).where(tables.audit.c.action == ERASED).order_by(tables.audit.c.seq)
    for (detail,) in connection.execute(erased):
        count += 1
        if detail is not None:
            # What somebody made unreadable redacts nothing; the entry's own hash tells of it.
            with suppress(AttributeError, KeyError, TypeError, ValueError):
                redacted.update({int(seq): digest for seq, digest in orjson.loads(detail)["redacted"].items()})
    return count, redacted


def _stream(connection: Connection, statement: Any) -> Iterator[Row[Any]]:
    with connection.execute(statement, execution_options={"yield_per": 10_000}) as result:
        yield from result


def _grouped_events(connection: Connection) -> Iterator[tuple[Any, ...]]:
    for row in _stream(connection, select(tables.events).order_by(tables.events.c.seq)):
        yield tuple(row)


def _verify_records(connection: Connection, kind: str, findings: list[Finding], limit: int) -> int:
    table, audit = tables.RECORDS[kind], tables.audit
    newest = (
        select(audit.c.record_id, func.max(audit.c.seq).label("seq"))
        .where(audit.c.kind == kind)
        .group_by(audit.c.record_id)
        .subquery()
    )
    statement = (
        select(audit.c.seq.label("audit_seq"), audit.c.record_id, audit.c.digest, *table.c)
        .select_from(newest.join(audit, audit.c.seq == newest.c.seq).outerjoin(table, table.c.id == newest.c.record_id))
    )  # fmt: skip
    count = 0
    for found in _stream(connection, statement):
        if len(findings) >= limit:
            return count
        row: dict[str, Any] = dict(zip(tables.COLUMNS[kind], found[3:], strict=True))
        what = None
        if row["id"] is None:
            what = "was removed"
        elif row["seq"] != found.audit_seq or record_digest(kind, row) != found.digest:
            what = "was changed past this program"
        elif kind in tables.PERSONAL and not _personal_data_verify(kind, row):
            what = "has personal data that were changed past this program"
        if what:
            findings.append(Finding(found.audit_seq, f"{kind} {found.record_id} {what}"))
        count += 1
    room = limit - len(findings)
    if room <= 0:
        return count
    unknown = select(table.c.id).where(
        ~select(audit.c.seq).where(audit.c.kind == kind, audit.c.record_id == table.c.id).exists()
    )
    for found in connection.execute(unknown.limit(room)):
        findings.append(Finding(None, f"{kind} {found.id} was added past this program"))
    return count


def _personal_data_verify(kind: str, row: Mapping[str, Any]) -> bool:
    if row["erased_at"] is not None:
        return all(row[name] is None for name in (*tables.PERSONAL[kind], "salt", "personal_digest"))
    return bool(personal_digest(kind, row) == row["personal_digest"])
