"""The tables of scores, and of the fields that no score may learn from. Derived, so outside the audit chain."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, PrimaryKeyConstraint, Table, Text

from sales_operations.store.record_tables import metadata

# ``contributions`` is JSON: field to what it adds to the log-odds, beside ``base``. ``as_of`` is what was known then.
scores = Table(
    "scores",
    metadata,
    Column("kind", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("as_of", BigInteger, nullable=False),
    Column("score", Float, nullable=False),
    Column("base", Float, nullable=False),
    Column("contributions", Text, nullable=False),
    PrimaryKeyConstraint("kind", "record_id", "as_of"),
    sqlite_with_rowid=False,
)
# What the mapping of a source's last import declared to be filled in with the outcome.
declared_fields = Table(
    "declared_fields",
    metadata,
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("field", Text, nullable=False),
    PrimaryKeyConstraint("kind", "source", "field"),
    sqlite_with_rowid=False,
)
