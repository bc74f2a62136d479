"""Versions of the rules: what was applied when, by whom; the newest one is in force."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Connection, select

from sales_operations.domain.clock import iso
from sales_operations.domain.opportunity import new_id
from sales_operations.process.rules.files import Reading, read_texts
from sales_operations.process.rules.ruleset import RuleSet
from sales_operations.settings import Settings
from sales_operations.store import tables
from sales_operations.workspace import Workspace


@dataclass(frozen=True)
class Version:
    """One version. It judges what was written after the ledger's number ``after_seq``. ``applied_at`` in microseconds."""

    id: str
    number: int
    digest: str
    author: str
    applied_at: int
    after_seq: int
    files: str

    def rules(self, settings: Settings) -> RuleSet:
        """What the version says. Raises SettingsError where the configuration no longer has what it names."""
        texts = tuple((str(name), str(text)) for name, text in orjson.loads(self.files))
        return read_texts(texts, settings).checked()

    @property
    def names(self) -> list[str]:
        """The files that it was read from."""
        return [name for name, _ in orjson.loads(self.files)]

    def shown(self) -> dict[str, Any]:
        """The version as callers see it, without the texts."""
        return {
            "version": self.number,
            "id": self.id,
            "digest": self.digest,
            "author": self.author,
            "applied_at": iso(self.applied_at),
            "files": self.names,
        }


def digest_of(reading: Reading) -> str:
    """What tells versions apart: the names and texts of the files."""
    return sha256(_files(reading).encode()).hexdigest()


def apply(workspace: Workspace, reading: Reading) -> tuple[Version, bool]:
    """Put rules in force; gives the version, and whether it is a new one. The same files change nothing.

    Raises SettingsError, and writes nothing, where the files have problems.
    """
    reading.checked()
    with workspace.unit("rules apply") as unit:
        unit.hold()
        before = newest(unit.connection)
        digest = digest_of(reading)
        if before is not None and before.digest == digest:
            return before, False
        row: dict[str, Any] = {
            "id": new_id("rules"),
            "number": before.number + 1 if before else 1,
            "digest": digest,
            "author": unit.actor,
            "files": _files(reading),
            "applied_at": unit.now,
            "after_seq": unit.connection.execute(select(tables.ledger.c.seq)).scalar_one(),
        }
        unit.create("rule_versions", dict(row))
        return Version(**row), True


def newest(connection: Connection, until: int | None = None) -> Version | None:
    """The version that is in force, or was at an instant; None where none was applied yet."""
    found = history(connection, until)
    return found[-1] if found else None


def history(connection: Connection, until: int | None = None) -> list[Version]:
    """Every version, oldest first."""
    table = tables.RECORDS["rule_versions"].c
    statement = select(*(column for column in table if column.name != "seq")).order_by(table.number)
    if until is not None:
        statement = statement.where(table.applied_at <= until)
    return [Version(**row._mapping) for row in connection.execute(statement)]


def _files(reading: Reading) -> str:
    return orjson.dumps([list(one) for one in reading.texts]).decode()
