"""The columns that a sequence fed, to know when one has lost it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from agent.history.connect import schema_of

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column(
        "sequence_agent_series",
        sa.Column("columns", sa.JSON(none_as_null=True)),
        schema=schema_of(op.get_bind()),
    )
