"""The rotations of a store: read when a pool is first asked for, written with the transaction that used them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from sqlalchemy import Connection, select

from sales_operations.process.assigning.rotation import Turns
from sales_operations.process.assigning.rules import digest
from sales_operations.store import tables
from sales_operations.store.unit import Change, Unit

_KIND = "assignment_turns"


class StoredTurns(Mapping[str, Turns]):
    """Name of a pool to the credits of its members, as they stand after what this transaction assigned."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._turns: dict[str, Turns] = {}
        self._rows: dict[str, dict[str, Any]] = {}
        self._written: dict[str, int | None] = {}

    def __getitem__(self, pool: str) -> Turns:
        if pool not in self._turns:
            table = tables.RECORDS[_KIND]
            record = f"turns_{digest(pool)}"
            row = self._connection.execute(select(table).where(table.c.id == record)).first()
            found = dict(zip(tables.COLUMNS[_KIND], row, strict=True)) if row is not None else {"id": record}
            self._rows[pool] = found
            self._turns[pool] = orjson.loads(found["turns"]) if row is not None else {}
        return self._turns[pool]

    def __iter__(self) -> Iterator[str]:
        return iter(self._turns)

    def __len__(self) -> int:
        return len(self._turns)

    def set(self, pool: str, turns: Turns, unit: Unit | None) -> None:
        """Remember the credits of a pool and, within a unit, have them written at its end."""
        self._turns[pool] = turns
        if unit is None:
            return
        row = self._rows[pool]
        version = row.get("seq")
        row |= {"turns": orjson.dumps(turns).decode(), "updated_at": unit.now}
        # One change for all assignments of the unit: it writes what the row holds at the end. A flush between them writes
        # it and gives the row a new number; then the next assignment needs a change of its own.
        if pool not in self._written or self._written[pool] != version:
            unit.add(Change(_KIND, "create" if version is None else "update", row, version))
            self._written[pool] = version
