"""One transaction in which an administrator changes a target, and what may stop it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from psycopg import IsolationLevel, errors
from psycopg.rows import class_row
from psycopg.sql import Composed

from agent.errors import AgentError
from agent.postgres.connect import (
    BoundedConnection,
    Endpoint,
    connection,
    milliseconds,
)
from agent.postgres.queries import query
from agent.postgres.reading import ReadOnly

Row = TypeVar("Row")


class ArmingError(AgentError):
    """A database could not be armed or disarmed; nothing was changed."""


class ArmingRefusedError(ArmingError):
    """It could, and must not be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standby:
    database: str
    in_recovery: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    """A transaction that writes; no other administrator is in one of this database."""

    connection: BoundedConnection
    database: str

    def run(
        self,
        statement: bytes | Composed,
        parameters: Mapping[str, object] | None = None,
    ) -> None:
        self.connection.execute(statement, parameters)

    def rows(
        self,
        statement: bytes,
        row: type[Row],
        parameters: Mapping[str, object] | None = None,
    ) -> list[Row]:
        with self.connection.cursor(row_factory=class_row(row)) as cursor:
            return cursor.execute(statement, parameters).fetchall()


@contextmanager
def administration(endpoint: Endpoint) -> Iterator[Administration]:
    """All of the body is done in the end, or nothing."""
    with connection(endpoint, None) as opened:
        database = _database_unless_standby(opened, endpoint)
        # A default of the database must not make this read-only, nor its first
        # statement, which waits, fix what the later ones see.
        opened.read_only = False
        opened.isolation_level = IsolationLevel.READ_COMMITTED
        with _in_plain_words(database, endpoint), opened.transaction():
            opened.execute(query("arm_settings"), _settings(endpoint))
            opened.execute(query("arm_lock"))
            yield Administration(connection=opened, database=database)


def _database_unless_standby(opened: BoundedConnection, endpoint: Endpoint) -> str:
    reading = ReadOnly(connection=opened, deadlines=endpoint.deadlines)
    found = reading.row(query("arm_standby"), _Standby)
    if found.in_recovery:
        raise ArmingRefusedError(
            f"database {found.database!r} is on a standby, which cannot be written to:"
            " use the DSN of its primary"
        )
    return found.database


@contextmanager
def _in_plain_words(database: str, endpoint: Endpoint) -> Iterator[None]:
    waited = endpoint.deadlines.lock.total_seconds()
    try:
        yield
    except errors.LockNotAvailable as error:
        raise ArmingError(
            f"the marker of database {database!r} is in use, as it is during a reset:"
            f" waited {waited:g} s; try again when that has ended"
        ) from error
    except errors.InsufficientPrivilege as error:
        raise ArmingError(
            f"this role may not do that in database {database!r}:"
            f" {error.diag.message_primary}; use the DSN of an administrator"
        ) from error


def _settings(endpoint: Endpoint) -> dict[str, str]:
    return {
        "statement_timeout": milliseconds(endpoint.deadlines.statement),
        "lock_timeout": milliseconds(endpoint.deadlines.lock),
    }
