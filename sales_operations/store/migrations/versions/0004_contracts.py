"""contracts with a life of their own"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TEXTS = ("status", "template", "starts_on", "ends_on", "renewal", "uplift_percent", "amends_id", "renews_id")
_NUMBERS = ("version", "term_months", "notice_days", "full_minor", "sent_at", "signed_at", "decided_at")


def upgrade() -> None:
    for name in (*_TEXTS, "renewal_opportunity_id", "submitted_by", "reason", "duties", "decided_by"):
        op.add_column("contracts", sa.Column(name, sa.Text(), nullable=True))
    for name in _NUMBERS:
        op.add_column("contracts", sa.Column(name, sa.BigInteger(), nullable=True))
    op.create_index("ix_contracts_status", "contracts", ["status", "ends_on"], unique=False)
    op.create_index("ix_contracts_amends_id", "contracts", ["amends_id"], unique=False)
    op.create_index("ix_contracts_renewal_opportunity_id", "contracts", ["renewal_opportunity_id"], unique=False)
    _part_of_contract("contract_versions", _number("number"), _text("terms"), _text("note", nullable=True))
    _part_of_contract(
        "contract_signatures",
        _number("position"),
        _text("name"),
        _text("certificate"),
        _text("status"),
        _text("signed_by", nullable=True),
        _number("signed_at", nullable=True),
    )
    _part_of_contract(
        "contract_documents", _number("version"), _number("signatures"), _text("digest"), _text("content")
    )
    _part_of_contract("obligations", _text("title"), _text("party"), _text("due_on"), _number("done_at", nullable=True))
    op.create_index("ix_obligations_due_on", "obligations", ["due_on"], unique=False)


def _text(name: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _number(name: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _part_of_contract(name: str, *columns: sa.Column[Any]) -> None:
    op.create_table(
        name,
        _text("id"),
        _text("contract_id"),
        *columns,
        _number("created_at"),
        _number("seq"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index(f"ix_{name}_contract_id", name, ["contract_id"], unique=False)
