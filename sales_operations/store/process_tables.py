"""The tables of what the process makes: quotes, contracts, tasks, assignments, and what leaves because of a change."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from sales_operations.store.record_tables import metadata

RECORDS: dict[str, Table] = {}
"""Kind of record to its table."""


def _document_table(name: str, *columns: Column[Any]) -> Table:
    table = Table(
        name,
        metadata,
        Column("id", Text, primary_key=True),
        Column("opportunity_id", Text, nullable=False),
        Column("amount_minor", BigInteger, nullable=False),
        Column("currency", Text, nullable=False),
        *columns,
        Column("created_at", BigInteger, nullable=False),
        Column("seq", BigInteger, nullable=False),
    )
    Index(None, table.c.opportunity_id)
    return table


RECORDS["quotes"] = _document_table(
    "quotes",
    Column("items", Text, nullable=False),
    Column("discount_minor", BigInteger, nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("valid_until", Text, nullable=False),
)
# What came later may be missing, so that the digests of older quotes stay what they were.
for _name in ("root_id", "status", "discounts", "terms", "pricing", "judged", "origin", "copied_from", "submitted_by"):
    RECORDS["quotes"].append_column(Column(_name, Text))
for _name in ("notes", "reason"):
    RECORDS["quotes"].append_column(Column(_name, Text))
for _name in ("version", "net_minor", "tax_minor", "sent_at", "decided_at"):
    RECORDS["quotes"].append_column(Column(_name, BigInteger))
Index("ix_quotes_version", RECORDS["quotes"].c.root_id, RECORDS["quotes"].c.version, unique=True)
_OPEN_QUOTE = RECORDS["quotes"].c.status.in_(("draft", "in_approval", "approved", "sent"))
Index(
    "ix_quotes_open_version",
    RECORDS["quotes"].c.root_id,
    unique=True,
    sqlite_where=_OPEN_QUOTE,
    postgresql_where=_OPEN_QUOTE,
)
RECORDS["approvals"] = Table(
    "approvals",
    metadata,
    Column("id", Text, primary_key=True),
    Column("quote_id", Text, nullable=False, index=True),
    Column("opportunity_id", Text, nullable=False),
    Column("round", BigInteger, nullable=False),
    Column("rule", Text, nullable=False),
    Column("step", BigInteger, nullable=False),
    Column("need", Text, nullable=False),
    Column("approver_id", Text, nullable=False, index=True),
    Column("status", Text, nullable=False),
    Column("judged", Text, nullable=False),
    Column("requested_by", Text),
    Column("comment", Text),
    Column("decided_by", Text),
    Column("decided_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
# Columns that came later may be missing, as those of quotes.
RECORDS["contracts"] = _document_table(
    "contracts",
    Column("quote_id", Text),
    Column("account_name", Text, nullable=False),
    Column("terms", Text, nullable=False),
    *(Column(name, Text) for name in ("status", "template", "starts_on", "ends_on", "renewal", "uplift_percent")),
    *(Column(name, Text) for name in ("amends_id", "renews_id", "renewal_opportunity_id", "submitted_by", "reason")),
    *(Column(name, Text) for name in ("duties", "decided_by")),
    *(Column(name, BigInteger) for name in ("version", "term_months", "notice_days", "full_minor", "sent_at")),
    *(Column(name, BigInteger) for name in ("signed_at", "decided_at")),
)
Index("ix_contracts_status", RECORDS["contracts"].c.status, RECORDS["contracts"].c.ends_on)
Index(None, RECORDS["contracts"].c.amends_id)
Index(None, RECORDS["contracts"].c.renewal_opportunity_id)


def _part_of_contract(name: str, *columns: Column[Any]) -> Table:
    first = (Column("id", Text, primary_key=True), Column("contract_id", Text, nullable=False, index=True))
    last = (Column("created_at", BigInteger, nullable=False), Column("seq", BigInteger, nullable=False))
    return Table(name, metadata, *first, *columns, *last)


# The texts that a contract had before its present one.
RECORDS["contract_versions"] = _part_of_contract(
    "contract_versions",
    Column("number", BigInteger, nullable=False),
    Column("terms", Text, nullable=False),
    Column("note", Text),
)
# Who signs, in their order, and the certificate that the signature has to stand on.
RECORDS["contract_signatures"] = _part_of_contract(
    "contract_signatures",
    Column("position", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("certificate", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("signed_by", Text),
    Column("signed_at", BigInteger),
)
# The PDF that was sent, and each one with a further signature, as base64; ``digest`` is the SHA-256 of the bytes.
RECORDS["contract_documents"] = _part_of_contract(
    "contract_documents",
    Column("version", BigInteger, nullable=False),
    Column("signatures", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Column("content", Text, nullable=False),
)
RECORDS["obligations"] = _part_of_contract(
    "obligations",
    Column("title", Text, nullable=False),
    Column("party", Text, nullable=False),
    Column("due_on", Text, nullable=False, index=True),
    Column("done_at", BigInteger),
)
RECORDS["notifications"] = Table(
    "notifications",
    metadata,
    Column("id", Text, primary_key=True),
    Column("recipient", Text, nullable=False, index=True),
    Column("subject", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("opportunity_id", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

RECORDS["rule_versions"] = Table(
    "rule_versions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("files", Text, nullable=False),
    Column("applied_at", BigInteger, nullable=False),
    # The version judges what was written after this number of the ledger.
    Column("after_seq", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
Index(None, RECORDS["rule_versions"].c.number, unique=True)
# The id follows from rule, cause and deal, so that a rule cannot fire twice for one cause.
RECORDS["rule_firings"] = Table(
    "rule_firings",
    metadata,
    Column("id", Text, primary_key=True),
    Column("rule", Text, nullable=False, index=True),
    Column("version_id", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("cause_seq", BigInteger),
    Column("opportunity_id", Text, index=True),
    Column("lead_id", Text),
    Column("outcome", Text, nullable=False),
    Column("reason", Text),
    Column("facts", Text, nullable=False),
    Column("actions", Text, nullable=False),
    Column("chain", Text, nullable=False),
    Column("fired_at", BigInteger, nullable=False, index=True),
    Column("seq", BigInteger, nullable=False),
)
RECORDS["tasks"] = Table(
    "tasks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("opportunity_id", Text, index=True),
    Column("lead_id", Text),
    Column("owner_id", Text, index=True),
    Column("due_date", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("firing_id", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("done_at", BigInteger),
    Column("seq", BigInteger, nullable=False),
)
RECORDS["insights"] = Table(
    "insights",
    metadata,
    Column("id", Text, primary_key=True),
    Column("warning", Text, nullable=False),
    Column("opportunity_id", Text, index=True),
    Column("period", Text),
    Column("explanation", Text, nullable=False),
    Column("raised_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, index=True),
    Column("acknowledged_at", BigInteger),
    Column("acknowledged_by", Text),
    Column("snoozed_until", Text),
    Column("seq", BigInteger, nullable=False),
)
RECORDS["sequence_runs"] = Table(
    "sequence_runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("sequence", Text, nullable=False),
    Column("version_id", Text, nullable=False),
    Column("opportunity_id", Text, nullable=False, index=True),
    Column("firing_id", Text, nullable=False),
    Column("step", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text),
    Column("started_at", BigInteger, nullable=False),
    Column("started_seq", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("seq", BigInteger, nullable=False),
)
Index(None, RECORDS["sequence_runs"].c.status, RECORDS["sequence_runs"].c.due_at)

# How far the rules have come: the last number of the ledger, or the last time of a schedule, that was worked off.
rule_progress = Table(
    "rule_progress",
    metadata,
    Column("name", Text, primary_key=True),
    Column("reached", BigInteger, nullable=False),
)
# How a lead ended that was converted without an opportunity; its id is the lead's, so there is one at most.
RECORDS["lead_conversions"] = Table(
    "lead_conversions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text),
    Column("contact_id", Text),
    Column("grounds", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
# Two records that became one. ``changes``: field of the survivor to [before, after]; ``moved``: what pointed elsewhere.
RECORDS["merges"] = Table(
    "merges",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("survivor_id", Text, nullable=False, index=True),
    Column("merged_id", Text, nullable=False, index=True),
    Column("rule", Text, nullable=False),
    Column("changes", Text),
    Column("moved", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("undone_at", BigInteger),
    Column("seq", BigInteger, nullable=False),
)

# Digests of what records that may be the same have in common; derived, so outside the audit chain.
match_keys = Table(
    "match_keys",
    metadata,
    Column("key", BigInteger, nullable=False),
    Column("record_id", Text, nullable=False),
    PrimaryKeyConstraint("key", "record_id"),
    sqlite_with_rowid=False,
)
match_state = Table(
    "match_state",
    metadata,
    Column("kind", Text, primary_key=True),
    # The keys of records up to this sequence number are there.
    Column("seq", BigInteger, nullable=False),
)
# Moves of deals that a gate was asked about. ``gates`` is a digest of the pipeline's gates; ``unmet`` is JSON.
RECORDS["passages"] = Table(
    "passages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("opportunity_id", Text, nullable=False, index=True),
    Column("pipeline", Text, nullable=False),
    Column("stage_left", Text),
    Column("stage", Text, nullable=False),
    Column("gates", Text, nullable=False),
    Column("asked", Text, nullable=False),
    Column("unmet", Text),
    Column("override", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

RECORDS["assignments"] = Table(
    "assignments",
    metadata,
    Column("id", Text, primary_key=True),
    Column("lead_id", Text, nullable=False),
    Column("user_id", Text),
    Column("rule", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("in_hand", Integer, nullable=False),
    Column("attempt", BigInteger, nullable=False),
    Column("due_at", BigInteger),
    Column("answered_at", BigInteger),
    # The contents, in assignment_bases, that the decision was made from, and what was true at that moment.
    Column("rules_id", Text, nullable=False),
    Column("people_id", Text, nullable=False),
    Column("inputs", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
Index(None, RECORDS["assignments"].c.lead_id)
Index(None, RECORDS["assignments"].c.in_hand, RECORDS["assignments"].c.seq)
Index(None, RECORDS["assignments"].c.status, RECORDS["assignments"].c.due_at)
RECORDS["assignment_bases"] = Table(
    "assignment_bases",
    metadata,
    Column("id", Text, primary_key=True),
    Column("content", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
RECORDS["assignment_turns"] = Table(
    "assignment_turns",
    metadata,
    Column("id", Text, primary_key=True),
    Column("turns", Text, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
RECORDS["absences"] = Table(
    "absences",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", Text, nullable=False, index=True),
    Column("first_day", Text, nullable=False),
    Column("last_day", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
Index(None, RECORDS["absences"].c.seq)

# What of a notification leaves the program, by which channel. Names nobody, so outside the audit chain.
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("notification_id", Text, nullable=False, index=True),
    Column("event", Text, nullable=False),
    Column("channel", Text, nullable=False),
    # Who gets it; without one, the notification's recipient.
    Column("user_id", Text),
    Column("digest", Text),
    # Deliveries that left as one digest, and do so again when that is repeated.
    Column("digest_id", Text),
    Column("state", Text, nullable=False),
    # The durable workflow that has it in hand; without one it waits for its time.
    Column("batch_id", Text, index=True),
    Column("attempts", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("reason", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
)
Index(None, deliveries.c.state, deliveries.c.due_at)
workers = Table(
    "workers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
)
# The last time of each schedule that was taken up by a worker.
schedule_runs = Table(
    "schedule_runs",
    metadata,
    Column("name", Text, primary_key=True),
    Column("reached", BigInteger, nullable=False),
)
