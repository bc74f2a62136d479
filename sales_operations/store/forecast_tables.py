"""The tables of what is said about the future."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table, Text

from sales_operations.store.record_tables import metadata

RECORDS: dict[str, Table] = {}
"""Kind of record to its table."""

# What people said that a period will bring. Only ever added to; without an amount, what was said before is taken back.
# ``closed_minor`` to ``model_minor``: what was known when it was made; ``members``: whose deals it is about, None for all.
RECORDS["forecast_calls"] = Table(
    "forecast_calls",
    metadata,
    Column("id", Text, primary_key=True),
    Column("level", Text, nullable=False),
    Column("holder_id", Text),
    Column("period", Text, nullable=False),
    Column("period_start", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount_minor", BigInteger),
    Column("currency", Text, nullable=False),
    Column("note", Text),
    Column("made_by", Text, nullable=False),
    Column("closed_minor", BigInteger, nullable=False),
    Column("deals_minor", BigInteger, nullable=False),
    Column("rollup_minor", BigInteger, nullable=False),
    Column("model_minor", BigInteger),
    Column("model_method", Text),
    Column("members", Text),
    Column("made_at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
Index(None, RECORDS["forecast_calls"].c.period, RECORDS["forecast_calls"].c.period_start)
