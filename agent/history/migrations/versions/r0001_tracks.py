"""The first tables: databases, their series with days, and predictions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# Spelled out: what tables.py says may change, what this release made may not.
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WHOLE = sa.Numeric().with_variant(sa.Text(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "sequence_agent_database",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("datname", sa.Text(), nullable=False),
        sa.Column("seen_at", _TIME, nullable=False),
        sa.UniqueConstraint(
            "server", "datname", name="sequence_agent_database_by_name"
        ),
    )
    _create_series()
    op.create_table(
        "sequence_agent_day",
        sa.Column(
            "database_id",
            _ID,
            sa.ForeignKey("sequence_agent_database.id"),
            primary_key=True,
        ),
        sa.Column("day", sa.Integer(), primary_key=True),
        sa.Column("series_id", _ID, primary_key=True),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("hours", sa.Text()),
        sqlite_with_rowid=False,
    )
    _create_prediction()


def _create_series() -> None:
    op.create_table(
        "sequence_agent_series",
        sa.Column("id", _ID, primary_key=True),
        sa.Column(
            "database_id",
            _ID,
            sa.ForeignKey("sequence_agent_database.id"),
            nullable=False,
        ),
        sa.Column("schemaname", sa.Text(), nullable=False),
        sa.Column("sequencename", sa.Text(), nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.Column("marked_at", _TIME, nullable=False),
        sa.Column("oid", sa.BigInteger(), nullable=False),
        sa.Column("filenode", sa.BigInteger(), nullable=False),
        sa.Column("data_type", sa.Text(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("minimum", sa.BigInteger(), nullable=False),
        sa.Column("maximum", sa.BigInteger(), nullable=False),
        sa.Column("increment", sa.BigInteger(), nullable=False),
        sa.Column("cycle", sa.Boolean(), nullable=False),
        sa.Column("cache", sa.BigInteger(), nullable=False),
        sa.Column("unlogged", sa.Boolean(), nullable=False),
        sa.Column("last_value", sa.BigInteger(), nullable=False),
        sa.Column("is_called", sa.Boolean(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("consumed", _WHOLE, nullable=False),
        sa.Column("fastest", sa.Double(), nullable=False),
        sa.Column("resets", sa.JSON(), nullable=False),
        sa.UniqueConstraint(
            "database_id",
            "schemaname",
            "sequencename",
            name="sequence_agent_series_by_name",
        ),
    )


def _create_prediction() -> None:
    op.create_table(
        "sequence_agent_prediction",
        sa.Column(
            "series_id",
            _ID,
            sa.ForeignKey("sequence_agent_series.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("made_at", _TIME, primary_key=True),
        sa.Column("horizon", sa.Integer(), primary_key=True),
        sa.Column("consumed", _WHOLE, nullable=False),
        sa.Column("p10", sa.Double(), nullable=False),
        sa.Column("p50", sa.Double(), nullable=False),
        sa.Column("p90", sa.Double(), nullable=False),
        sa.Column("actual", _WHOLE),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "sequence_agent_prediction_by_age", "sequence_agent_prediction", ["made_at"]
    )
