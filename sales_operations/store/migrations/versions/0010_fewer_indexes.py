"""fewer indexes of deals: an import pays for each"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("opportunities", schema=None) as batch_op:
        batch_op.drop_index("ix_opportunities_stage")
        batch_op.drop_index("ix_opportunities_lead_id")
        batch_op.create_index(
            "ix_opportunities_lead_id",
            ["lead_id"],
            sqlite_where=sa.text("lead_id IS NOT NULL"),
            postgresql_where=sa.text("lead_id IS NOT NULL"),
        )
