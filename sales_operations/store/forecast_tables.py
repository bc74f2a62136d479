"""The tables of what is said about the future."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, PrimaryKeyConstraint, Table, Text

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

# What the program said that a period will bring. ``data_seq``: the ledger's number that it knew; ``settings``: a digest of
# how it forecasts; ``weights``: JSON. They follow from the history, so they stand outside the audit chain.
forecasts = Table(
    "forecasts",
    metadata,
    Column("method", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("period_start", Text, nullable=False),
    Column("period_end", Text, nullable=False),
    Column("as_of", Text, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("booked_minor", BigInteger, nullable=False),
    Column("open_minor", BigInteger),
    Column("created_later_minor", BigInteger),
    Column("p2_5_minor", BigInteger, nullable=False),
    Column("p10_minor", BigInteger, nullable=False),
    Column("p50_minor", BigInteger, nullable=False),
    Column("p90_minor", BigInteger, nullable=False),
    Column("p97_5_minor", BigInteger, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("weights", Text),
    Column("data_seq", BigInteger, nullable=False),
    Column("settings", Text, nullable=False),
    PrimaryKeyConstraint("method", "period", "period_start", "as_of", "data_seq", "settings"),
    sqlite_with_rowid=False,
)

# What backtests found. ``digest``: of all the rest but ``made_at``; ``figures``: JSON of methods and baselines. They follow
# from the history as well.
backtests = Table(
    "backtests",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("made_at", BigInteger, nullable=False),
    Column("period", Text),
    Column("horizon", Integer),
    Column("first", Text, nullable=False),
    Column("last", Text, nullable=False),
    Column("origins", Integer, nullable=False),
    Column("data_until", Text, nullable=False),
    Column("data_seq", BigInteger, nullable=False),
    Column("settings", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("best", Text),
    Column("figures", Text, nullable=False),
    sqlite_with_rowid=False,
)
