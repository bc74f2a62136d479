"""forecast calls take the place of forecast_submissions, which nothing ever wrote to"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("forecast_submissions")
    op.create_table(
        "forecast_calls",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("holder_id", sa.Text(), nullable=True),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("period_start", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("closed_minor", sa.BigInteger(), nullable=False),
        sa.Column("deals_minor", sa.BigInteger(), nullable=False),
        sa.Column("rollup_minor", sa.BigInteger(), nullable=False),
        sa.Column("model_minor", sa.BigInteger(), nullable=True),
        sa.Column("model_method", sa.Text(), nullable=True),
        sa.Column("members", sa.Text(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forecast_calls")),
    )
    op.create_index(op.f("ix_forecast_calls_period"), "forecast_calls", ["period", "period_start"], unique=False)
