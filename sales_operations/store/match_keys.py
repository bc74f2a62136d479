"""What records that may be the same have in common: an indexed table of keys, so that nobody compares all with all.

A key is a digest, keyed with the store's own name, of an address, a number, or the sound of a few words. The table
follows accounts and contacts by sequence number, whoever wrote them. Keys are only added: a key that no longer holds
costs one look at a record that turns out to differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, delete

from sales_operations.domain import normal_forms
from sales_operations.store import tables

KINDS = ("accounts", "contacts")
"""Kinds whose keys are kept."""
BLOCK = 50
"""At most so many records are looked at for one key."""
_CHUNK = 100_000
_READ = {
    "accounts": ("seq", "id", "name", "domain", "website", "phone"),
    "contacts": ("seq", "id", "first_name", "last_name", "email", "phone", "account_id"),
}


class Key(NamedTuple):
    """One key. ``weak``: so common that a full block of it says nothing."""

    digest: int
    weak: bool = False


class Keyring:
    """Makes the keys of one store."""

    def __init__(self, store_id: str) -> None:
        self._secret = store_id.encode()[:64]

    def company(self, words: tuple[str, ...], domain: str | None, phone: str | None) -> list[Key]:
        """Keys of a company by its ``company_words``, domain and telephone number in their normal forms."""
        keys = []
        if words:
            sounds = [normal_forms.sound(word) for word in words]
            keys += [Key(self._digest("an", "".join(sounds))), Key(self._digest("at", sounds[0]), True)]
            first = sounds[:3]
            pairs = {tuple(sorted((one, other))) for one in first for other in first if one is not other}
            keys += [Key(self._digest("ap", " ".join(pair)), True) for pair in sorted(pairs)]
        if domain:
            keys.append(Key(self._digest("ad", domain)))
        if phone:
            keys.append(Key(self._digest("af", phone)))
        return keys

    def person(self, words: tuple[str, ...], email: str | None, phone: str | None, account_id: str | None) -> list[Key]:
        """Keys of a person by ``person_words``, address and number in their normal forms, and the account's id."""
        keys = []
        if email:
            keys.append(Key(self._digest("ce", email)))
        if phone:
            keys.append(Key(self._digest("cf", phone)))
        if words and account_id:
            sounds = "".join(sorted(map(normal_forms.sound, words)))
            keys.append(Key(self._digest("cn", f"{sounds} {account_id}")))
        return keys

    def of_record(self, kind: str, row: Mapping[str, Any]) -> list[Key]:
        """Keys of a stored account or contact."""
        get, phone = row.get, normal_forms.phone(row.get("phone"))
        if kind == "accounts":
            domain = normal_forms.domain(get("domain"), get("website"))
            return self.company(normal_forms.company_words(get("name")), domain, phone)
        words = normal_forms.person_words(get("first_name"), get("last_name"))
        return self.person(words, normal_forms.email(get("email")), phone, get("account_id"))

    def _digest(self, sort: str, text: str) -> int:
        digest = blake2b(f"{sort} {text}".encode(), digest_size=8, key=self._secret).digest()
        return int.from_bytes(digest, "big", signed=True)


_STATE = (
    "SELECT (SELECT store_id FROM ledger), (SELECT seq FROM match_state WHERE kind = 'all'),"
    " (SELECT max(seq) FROM accounts), (SELECT max(seq) FROM contacts)"
)


def refresh(connection: Connection) -> Keyring:
    """Bring the keys in step with the records, inside a writing transaction; gives what makes this store's keys."""
    store_id, known, *newest = connection.exec_driver_sql(_STATE).one()
    keyring = Keyring(store_id)
    behind = [kind for kind, seq in zip(KINDS, newest, strict=True) if (seq or 0) > (known or 0)]
    for kind in behind:
        for rows in _changed(connection, kind, known or 0):
            add(connection, [(key.digest, row["id"]) for row in rows for key in keyring.of_record(kind, row)])
    if behind:
        reached(connection, max(seq or 0 for seq in newest))
    return keyring


def _changed(connection: Connection, kind: str, since: int) -> Iterator[list[dict[str, Any]]]:
    names = _READ[kind]
    kept = " AND erased_at IS NULL" if kind in tables.PERSONAL else ""  # deleted ones may live on in a survivor
    statement = f"SELECT {', '.join(names)} FROM {kind} WHERE seq > {{}}{kept} ORDER BY seq LIMIT {_CHUNK}"
    while rows := connection.exec_driver_sql(statement.format(int(since))).all():
        yield [dict(zip(names, row, strict=True)) for row in rows]
        since = rows[-1].seq
        if len(rows) < _CHUNK:
            return


def add(connection: Connection, keys: Iterable[tuple[int, str]]) -> None:
    """Add digests with the ids of their records; those that are there stay."""
    rows = sorted(set(keys))
    if rows:
        mark = "?, ?" if connection.dialect.name == "sqlite" else "%s, %s"
        connection.exec_driver_sql(
            f"INSERT INTO match_keys (key, record_id) VALUES ({mark}) ON CONFLICT DO NOTHING", rows
        )


def reached(connection: Connection, seq: int) -> None:
    """Note that the keys of all records up to this sequence number are there."""
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    connection.exec_driver_sql(
        f"INSERT INTO match_state (kind, seq) VALUES ('all', {mark}) ON CONFLICT (kind) DO UPDATE SET seq = excluded.seq",
        (seq,),
    )


_BLOCKS_SQLITE = (
    "SELECT k.value, (SELECT json_group_array(record_id) FROM"
    f" (SELECT record_id FROM match_keys m WHERE m.key = k.value ORDER BY record_id LIMIT {BLOCK + 1}))"
    " FROM json_each(?) k WHERE EXISTS (SELECT 1 FROM match_keys m WHERE m.key = k.value)"
)
_BLOCKS_POSTGRESQL = (
    "SELECT k.key, ARRAY(SELECT record_id FROM match_keys m WHERE m.key = k.key"
    f" ORDER BY record_id LIMIT {BLOCK + 1}) FROM unnest(%s::bigint[]) AS k(key)"
)


def blocks(connection: Connection, keys: Iterable[Key]) -> dict[int, list[str]]:
    """Digest to the ids of the records that have this key, the first few; none for a weak key that too many have."""
    weak = {key.digest: key.weak for key in keys}
    if not weak:
        return {}
    wanted = list(weak)
    found: dict[int, list[str]] = {}
    if connection.dialect.name == "postgresql":
        rows = connection.exec_driver_sql(_BLOCKS_POSTGRESQL, (wanted,)).all()
        read = [(digest, ids) for digest, ids in rows]
    else:
        # As texts: JSON has no integers of 64 bits that every reader keeps.
        rows = connection.exec_driver_sql(_BLOCKS_SQLITE, (orjson.dumps(wanted).decode(),)).all()
        read = [(digest, orjson.loads(ids)) for digest, ids in rows]
    for digest, ids in read:
        if ids and not (weak[digest] and len(ids) > BLOCK):
            found[digest] = ids[:BLOCK]
    return found


_PAIRS = """
WITH shared AS (SELECT key FROM match_keys GROUP BY key HAVING count(*) BETWEEN 2 AND {block})
SELECT DISTINCT one.record_id, other.record_id
FROM shared JOIN match_keys one ON one.key = shared.key
JOIN match_keys other ON other.key = shared.key AND other.record_id > one.record_id
WHERE EXISTS (SELECT 1 FROM {kind} record WHERE record.id = one.record_id)
"""


def pairs(connection: Connection, kind: str) -> list[tuple[str, str]]:
    """The ids of accounts or contacts that share a key which no more than a few have; keys as of the last ``refresh``."""
    found = connection.exec_driver_sql(_PAIRS.format(block=BLOCK, kind=kind))
    return [(one, other) for one, other in found]


def forget(connection: Connection, record_id: str) -> None:
    """Remove the keys of a record whose personal data are erased."""
    connection.execute(delete(tables.match_keys).where(tables.match_keys.c.record_id == record_id))
