"""the ledger counts erasures"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ledger", sa.Column("erasures", sa.BigInteger(), nullable=False, server_default="0"))
