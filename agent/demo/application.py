"""The example application: seven tables as SQLAlchemy makes them, each with a sequence.

Between them they show what real databases hold: a key that is nearly used up, one that
a column ends before its sequence does, one that a sequence ends before its column does.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    ForeignKey,
    Identity,
    Sequence,
    SmallInteger,
    String,
    func,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The tables of the application."""


class User(Base):
    """An integer key behind SERIAL, as most tables begin."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))


class Device(Base):
    """An integer identity column."""

    __tablename__ = "devices"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))


class Policy(Base):
    """A smallint key: 32,767 rows, ever."""

    __tablename__ = "policies"
    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    name: Mapped[str] = mapped_column(String(80))


class PostureHistory(Base):
    """A bigint key: the one that will last."""

    __tablename__ = "posture_history"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("devices.id"))
    score: Mapped[int]


class AccessLog(Base):
    """An integer key fed by a bigint sequence, which goes on where the column ends."""

    __tablename__ = "access_logs"
    id: Mapped[int] = mapped_column(
        Sequence("access_logs_id_seq", data_type=BigInteger),
        server_default=text("nextval('access_logs_id_seq')"),
        primary_key=True,
    )
    at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )


class AuditLog(Base):
    """A key that was widened to bigint while its sequence stayed integer."""

    __tablename__ = "audit_logs"
    id: Mapped[int] = mapped_column(primary_key=True)
    event: Mapped[str] = mapped_column(String(80))


class EnrollmentCode(Base):
    """A key whose sequence counts in steps of ten."""

    __tablename__ = "enrollment_codes"
    id: Mapped[int] = mapped_column(
        Sequence("enrollment_codes_id_seq", increment=10, data_type=BigInteger),
        server_default=text("nextval('enrollment_codes_id_seq')"),
        primary_key=True,
    )
    code: Mapped[str] = mapped_column(String(12))


# What years of use have left behind.
_YEARS_LATER = (
    "ALTER SEQUENCE access_logs_id_seq OWNED BY access_logs.id",
    "ALTER TABLE audit_logs ALTER COLUMN id TYPE bigint",
    "SELECT setval('access_logs_id_seq', 2040109465)",
    "SELECT setval('audit_logs_id_seq', 1717986918)",
    "SELECT setval('policies_id_seq', 31000)",
)


def create(connection: Connection) -> None:
    """Make the tables as an application would, and age them."""
    Base.metadata.create_all(connection)
    for statement in _YEARS_LATER:
        connection.execute(text(statement))
    connection.commit()
