"""The tables. Record tables follow ``domain.kinds``; instants are microseconds, dates ISO text, money minor units.

One representation on SQLite and PostgreSQL, because the audit chain hashes rows and bulk writes bypass type conversion.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from sales_operations.domain.kinds import KINDS
from sales_operations.store import forecast_tables, process_tables, record_tables
from sales_operations.store.forecast_tables import backtests, forecasts
from sales_operations.store.process_tables import (
    deliveries,
    match_keys,
    match_state,
    rule_progress,
    schedule_runs,
    workers,
)
from sales_operations.store.record_tables import PERSONAL, columns_of, metadata
from sales_operations.store.score_tables import declared_fields, scores

__all__ = [
    "COLUMNS", "MAY_NAME_PERSONS", "PERSONAL", "RECORDS", "audit", "backtests", "columns_of", "declared_fields", "deliveries",
    "events", "external_ids", "forecasts", "import_runs", "leads", "ledger", "match_keys", "match_state", "metadata",
    "opportunities", "rule_progress", "schedule_runs", "scores", "workers",
]  # fmt: skip

RECORDS: dict[str, Table] = {**record_tables.RECORDS, **process_tables.RECORDS, **forecast_tables.RECORDS}
"""Kind of record to its table."""

opportunities = RECORDS["opportunities"]
leads = RECORDS["leads"]

events = Table(
    "events",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("opportunity_id", Text, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("basis", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("fields", BigInteger, nullable=False),
    Column("pipeline", Text),
    Column("pipeline_stage", Text),
    Column("stage", Text),
    Column("probability", Float),
    Column("amount_minor", BigInteger),
    Column("currency", Text),
    Column("forecast_category", Text),
    Column("close_date", Text),
    Column("owner_id", Text),
    Column("owner_text", Text),
    Column("is_deleted", Integer),
    Column("other", Text),
    Column("previous", Text),
)
Index(None, events.c.opportunity_id)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("detail", Text),
    Column("digest", Text, nullable=False),
    Column("events_digest", Text),
    Column("hash", Text, nullable=False),
)
Index(None, audit.c.kind, audit.c.record_id)

ledger = Table(
    "ledger",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("store_id", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("head", Text, nullable=False),
    # How many records were erased: who holds a copy of the store throws it away when this grows.
    Column("erasures", BigInteger, nullable=False, server_default="0"),
)

external_ids = Table(
    "external_ids",
    metadata,
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    PrimaryKeyConstraint("kind", "source", "external_id"),
    sqlite_with_rowid=False,
)
Index(None, external_ids.c.kind, external_ids.c.record_id)

import_runs = Table(
    "import_runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("rows_done", BigInteger, nullable=False),
    Column("totals", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
)

COLUMNS: dict[str, tuple[str, ...]] = {
    kind: tuple(str.__str__(name) for name in table.c.keys())  # noqa: SIM118
    for kind, table in RECORDS.items()
}
"""Kind to its column names, as plain text (SQLAlchemy's own are a subclass that orjson refuses as keys)."""

_FREE_TEXTS = {
    "opportunities": ("name", "next_step", "loss_reason", "win_reason"),
    "passages": ("unmet", "override"),
    "activities": ("subject",),
    "notifications": ("recipient", "subject", "message"),
    "merges": ("changes", "moved"),
    "forecast_calls": ("note",),
    "quotes": ("notes", "reason"),
    "approvals": ("comment",),
    "rule_versions": ("author", "files"),
    "rule_firings": ("reason", "facts", "actions"),
    "tasks": ("title",),
    "insights": ("explanation", "acknowledged_by"),
    "assignments": ("rule", "inputs", "decision"),
    "assignment_bases": ("content",),
    "contracts": ("terms", "reason"),
    "contract_versions": ("terms", "note"),
    "contract_signatures": ("name",),
    "obligations": ("title",),
}


def _may_name_persons(kind: str) -> frozenset[str]:
    fields = KINDS[kind].fields if kind in KINDS else ()
    references = {f"{field.name}_text" for field in fields if field.ref in PERSONAL}
    names = {*PERSONAL.get(kind, ()), *_FREE_TEXTS.get(kind, ()), *references, "attributes"}
    return frozenset(names.intersection(COLUMNS[kind]))


MAY_NAME_PERSONS = {kind: _may_name_persons(kind) for kind in RECORDS}
"""Kind to the columns in which a person's name or address may stand: their values never enter the audit log."""
