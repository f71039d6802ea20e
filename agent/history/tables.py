"""The tables of a history, as the newest migration leaves them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from agent.history.columns import Time, Whole

metadata = MetaData()

# SQLite numbers rows by itself only under this name of the type.
_ID = BigInteger().with_variant(Integer(), "sqlite")

database = Table(
    "sequence_agent_database",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("server", Text, nullable=False),
    Column("datname", Text, nullable=False),
    Column("seen_at", Time, nullable=False),
    UniqueConstraint("server", "datname", name="sequence_agent_database_by_name"),
)

# `last_value` and `is_called` say what they say in PostgreSQL's own sequences.
series = Table(
    "sequence_agent_series",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("database_id", _ID, ForeignKey(database.c.id), nullable=False),
    Column("schemaname", Text, nullable=False),
    Column("sequencename", Text, nullable=False),
    Column("since", Time, nullable=False),
    Column("marked_at", Time, nullable=False),
    Column("oid", BigInteger, nullable=False),
    Column("filenode", BigInteger, nullable=False),
    Column("data_type", Text, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("minimum", BigInteger, nullable=False),
    Column("maximum", BigInteger, nullable=False),
    Column("increment", BigInteger, nullable=False),
    Column("cycle", Boolean, nullable=False),
    Column("cache", BigInteger, nullable=False),
    Column("unlogged", Boolean, nullable=False),
    Column("last_value", BigInteger, nullable=False),
    Column("is_called", Boolean, nullable=False),
    Column("line", Text, nullable=False),
    Column("current", Boolean, nullable=False),
    Column("consumed", Whole, nullable=False),
    Column("fastest", Double, nullable=False),
    Column("resets", JSON, nullable=False),
    Column("columns", JSON(none_as_null=True)),
    UniqueConstraint(
        "database_id",
        "schemaname",
        "sequencename",
        name="sequence_agent_series_by_name",
    ),
)

# Today's rows of a database lie side by side, so that a round writes few pages; by series
# first, each row that changes would cost a page of its own. That leaves no index to lead
# from a series to its days, hence no foreign key: `pruning.forget_lost_days` instead.
day = Table(
    "sequence_agent_day",
    metadata,
    Column("database_id", _ID, ForeignKey(database.c.id), primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("series_id", _ID, primary_key=True),
    Column("calls", BigInteger, nullable=False),
    Column("hours", Text),
    sqlite_with_rowid=False,
)

prediction = Table(
    "sequence_agent_prediction",
    metadata,
    Column(
        "series_id", _ID, ForeignKey(series.c.id, ondelete="CASCADE"), primary_key=True
    ),
    Column("made_at", Time, primary_key=True),
    Column("horizon", Integer, primary_key=True),
    Column("consumed", Whole, nullable=False),
    Column("p10", Double, nullable=False),
    Column("p50", Double, nullable=False),
    Column("p90", Double, nullable=False),
    Column("actual", Whole),
    Index("sequence_agent_prediction_by_age", "made_at"),
    sqlite_with_rowid=False,
)
