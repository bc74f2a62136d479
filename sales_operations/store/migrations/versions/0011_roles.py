"""roles of contacts become records with an audit entry each"""

import time
import uuid
from hashlib import sha256

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_CAUSE = "schema 0011"


def upgrade() -> None:
    op.create_table(
        "roles",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("opportunity_id", sa.Text(), nullable=True),
        sa.Column("opportunity_text", sa.Text(), nullable=True),
        sa.Column("contact_id", sa.Text(), nullable=True),
        sa.Column("contact_text", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("is_primary", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("is_deleted", sa.Integer(), nullable=True),
        sa.Column("attributes", sa.Text(), nullable=True),
        sa.Column("observed", sa.Text(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roles")),
    )
    for column in ("opportunity_id", "contact_id", "seq"):
        op.create_index(op.f(f"ix_roles_{column}"), "roles", [column], unique=False)
    _carry_over(op.get_bind())
    op.drop_table("contact_roles")


def _carry_over(connection: sa.Connection) -> None:
    """Number the rows that there are, and chain an audit entry for each; when they were made is unknown."""
    names = ("opportunity_id", "contact_id", "role", "is_primary")
    found = connection.execute(sa.text(f"SELECT {', '.join(names)} FROM contact_roles ORDER BY 1, 2")).all()
    if not found:
        return
    seq, head = connection.execute(sa.text("SELECT seq, head FROM ledger WHERE id = 1")).one()
    now = time.time_ns() // 1_000
    for values in found:
        seq += 1
        row = {"id": f"role_{uuid.uuid4().hex}", **dict(zip(names, values, strict=True))}
        known = {name: value for name, value in row.items() if value is not None}
        digest = sha256(orjson.dumps(known, option=orjson.OPT_SORT_KEYS)).hexdigest()
        entry = (seq, now, "sales-operations", _CAUSE, "create", "roles", row["id"], None, digest, None)
        head = sha256(head.encode() + orjson.dumps(entry)).hexdigest()
        _insert(connection, "roles", {**row, "seq": seq})
        columns = ("seq", "recorded_at", "actor", "cause", "action", "kind", "record_id", "detail", "digest",
                   "events_digest", "hash")  # fmt: skip
        _insert(connection, "audit", dict(zip(columns, (*entry, head), strict=True)))
    connection.execute(sa.text("UPDATE ledger SET seq = :seq, head = :head WHERE id = 1"), {"seq": seq, "head": head})


def _insert(connection: sa.Connection, table: str, values: dict[str, object]) -> None:
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)
