"""quotes with versions, prices and approvals"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TEXTS = ("root_id", "status", "discounts", "terms", "pricing", "judged", "origin", "copied_from", "submitted_by")
_NUMBERS = ("version", "net_minor", "tax_minor", "sent_at", "decided_at")
_OPEN = sa.text("status IN ('draft', 'in_approval', 'approved', 'sent')")


def upgrade() -> None:
    for name in (*_TEXTS, "notes", "reason"):
        op.add_column("quotes", sa.Column(name, sa.Text(), nullable=True))
    for name in _NUMBERS:
        op.add_column("quotes", sa.Column(name, sa.BigInteger(), nullable=True))
    op.create_index("ix_quotes_version", "quotes", ["root_id", "version"], unique=True)
    op.create_index(
        "ix_quotes_open_version", "quotes", ["root_id"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.create_table(
        "approvals",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("quote_id", sa.Text(), nullable=False),
        sa.Column("opportunity_id", sa.Text(), nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("need", sa.Text(), nullable=False),
        sa.Column("approver_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("judged", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    op.create_index("ix_approvals_quote_id", "approvals", ["quote_id"], unique=False)
    op.create_index("ix_approvals_approver_id", "approvals", ["approver_id"], unique=False)
