"""The columns that a sequence fed, to know when one has lost it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column(
        "sequence_agent_series", sa.Column("columns", sa.JSON(none_as_null=True))
    )
