"""Queries that only read, each in a short transaction with its own deadlines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from psycopg.pq import TransactionStatus
from psycopg.rows import class_row
from psycopg.sql import Composed

from agent.domain.pace import Deadlines
from agent.postgres.connect import BoundedConnection, milliseconds
from agent.postgres.indirect import Encoded, answered, indirect
from agent.postgres.queries import query

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOnly:
    """One connection, used for reading."""

    connection: BoundedConnection
    deadlines: Deadlines

    def rows(
        self,
        statement: bytes | Composed,
        row: type[Row],
        parameters: Mapping[str, object] | None = None,
    ) -> list[Row]:
        """All rows of one statement; whatever it locked is free when it returns."""
        bounded = self._bounded_already
        with (
            self.connection.transaction(),
            self.connection.cursor(row_factory=class_row(row)) as cursor,
        ):
            if not bounded:
                self.bound()
            return cursor.execute(statement, parameters).fetchall()

    def indirectly(self, statement: Composed, row: type[Row]) -> list[Row]:
        """All rows of a statement whose text changes; of equal ones it may leave out some."""
        rows = self.rows(
            query("indirect"), Encoded, indirect(statement, self.connection)
        )
        return [answered(each.answer, row) for each in rows]

    def row(self, statement: bytes, row: type[Row]) -> Row:
        return self.rows(statement, row)[0]

    def bound(self) -> None:
        """Put the deadlines into force for the rest of the transaction that is open."""
        self.connection.execute(query("settings"), self._settings())

    @property
    def _bounded_already(self) -> bool:
        """Whether a transaction of its own will begin with these very deadlines."""
        endpoint = self.connection.endpoint
        idle = self.connection.info.transaction_status is TransactionStatus.IDLE
        return idle and endpoint is not None and endpoint.deadlines == self.deadlines

    def _settings(self) -> dict[str, str]:
        return {
            "statement_timeout": milliseconds(self.deadlines.statement),
            "lock_timeout": milliseconds(self.deadlines.lock),
        }
