"""Rows by the values of one column, for the paths that run for every single record: statements are written once as text.

Building a statement costs several times what the database needs to answer it.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Connection

from sales_operations.store import tables
from sales_operations.store.engine import sent


def rows(
    connection: Connection, kind: str, column: str, values: Collection[str], columns: tuple[str, ...] | None = None
) -> list[dict[str, Any]]:
    """The records of a kind whose text column has one of the values, in no order; ``columns`` of them, or all."""
    wanted = list(values)
    if not wanted:
        return []
    names = columns or tables.COLUMNS[kind]
    dialect = connection.dialect.name
    statement = _statement(dialect, kind, column, names, len(wanted) > 1)
    if len(wanted) == 1:
        asked: tuple[Any, ...] = (wanted[0],)
    else:
        asked = (wanted,) if dialect == "postgresql" else (orjson.dumps(wanted).decode(),)
    return [dict(zip(names, row, strict=True)) for row in sent(connection, statement, asked).fetchall()]


@lru_cache(maxsize=256)
def _statement(dialect: str, kind: str, column: str, names: tuple[str, ...], several: bool) -> str:
    if dialect == "postgresql":
        condition = "= ANY(%s)" if several else "= %s"
    else:
        condition = "IN (SELECT value FROM json_each(?))" if several else "= ?"
    return f"SELECT {', '.join(names)} FROM {kind} WHERE {column} {condition}"
