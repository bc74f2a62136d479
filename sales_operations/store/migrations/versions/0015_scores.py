"""scores of leads and deals, and the fields that no score may learn from"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scores",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("base", sa.Float(), nullable=False),
        sa.Column("contributions", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "record_id", "as_of", name=op.f("pk_scores")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "declared_fields",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "source", "field", name=op.f("pk_declared_fields")),
        sqlite_with_rowid=False,
    )
