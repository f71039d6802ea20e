"""How far columns have come: their greatest or least values, as an index tells them.

Many questions make one statement. A column that cannot be looked at costs only itself,
and only so many tries: in the middle of a migration many tables are locked at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

from psycopg import errors, sql
from psycopg.rows import class_row

from agent.domain.taken import Answer, Question, Unseen
from agent.postgres.facts.names import NamesMovedError
from agent.postgres.indirect import Encoded, answered, indirect
from agent.postgres.positions import CATALOG_LOCKS, holders
from agent.postgres.queries import query
from agent.postgres.reading import ReadOnly
from agent.postgres.untrusted import UntrustedCodeError, asking_safely

# One page of an index takes less than a millisecond; what takes this long walks through
# the remains of deleted rows.
_PATIENCE = timedelta(seconds=1)
_FAILURES_BORNE = 10
# Whoever holds a table may put an index on it and let go: what was looked at before the
# wait would not be true after it.
_NO_WAIT = timedelta(milliseconds=1)

_FAILURES = (errors.Error, UntrustedCodeError, NamesMovedError)
_REASONS: tuple[tuple[type[Exception], Unseen], ...] = (
    (UntrustedCodeError, Unseen.UNTRUSTED_CODE),
    (errors.LockNotAvailable, Unseen.LOCKED),
    (errors.QueryCanceled, Unseen.SLOW),
    (errors.InsufficientPrivilege, Unseen.NO_PRIVILEGE),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Extreme:
    """What one question of a statement was answered."""

    number: int
    value: Decimal | None


@dataclass(slots=True, kw_only=True)
class ExtremeReader:
    """Reads over one connection, at most `max_locks` locks at a time."""

    reading: ReadOnly
    max_locks: int
    failures: int = field(default=0, init=False)

    def answers(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        """An answer to each."""
        shut = {oid for oid, h in holders(self.reading).items() if h.exclusive}
        locks = max(1, self.max_locks - CATALOG_LOCKS)
        found: dict[Question, Answer] = {}
        free = []
        for each in questions:
            if each.column.table_oid in shut:
                found[each] = Unseen.LOCKED
            elif (each.column.locks or 0) > locks:
                found[each] = Unseen.TOO_MANY_LOCKS
            else:
                free.append(each)
        for batch in _batches(free, locks):
            found |= self._salvaged(batch)
        return found

    def _salvaged(self, batch: Sequence[Question]) -> dict[Question, Answer]:
        if self.failures >= _FAILURES_BORNE:
            return dict.fromkeys(batch, Unseen.PENDING)
        try:
            return self._read(batch)
        except _FAILURES as error:
            if self.reading.connection.closed:
                raise
            self.failures += 1
            if len(batch) == 1:
                return {batch[0]: _reason(error)}
        middle = len(batch) // 2
        return self._salvaged(batch[:middle]) | self._salvaged(batch[middle:])

    def _read(self, batch: Sequence[Question]) -> dict[Question, Answer]:
        connection = self.reading.connection
        asked = indirect(
            sql.SQL("UNION ALL\n").join(
                _one(number, each) for number, each in enumerate(batch)
            ),
            connection,
        )
        with (
            connection.transaction(),
            connection.cursor(row_factory=class_row(Encoded)) as cursor,
        ):
            connection.execute(query("only_by_index"))
            self._hurried().bound()
            with asking_safely(connection, [each.column for each in batch]):
                cursor.execute(query("indirect"), asked)
            rows = [answered(row.answer, _Extreme) for row in cursor]
        return {
            batch[row.number]: None if row.value is None else int(row.value)
            for row in rows
        }

    def _hurried(self) -> ReadOnly:
        deadlines = self.reading.deadlines
        patience = min(deadlines.statement, _PATIENCE)
        hurried = replace(deadlines, statement=patience, lock=_NO_WAIT)
        return replace(self.reading, deadlines=hurried)


def _one(number: int, question: Question) -> sql.Composed:
    column = question.column
    if question.counted:
        return _counted(number, question)
    return sql.SQL(
        "SELECT {number} AS number, (\n"
        "  SELECT {column} FROM {table}\n"
        "  WHERE {column} >= {low} AND {column} <= {high}{grid}\n"
        "  ORDER BY {column} {direction} LIMIT 1\n"
        ")::numeric AS value\n"
    ).format(
        number=number,
        column=sql.Identifier(column.column),
        table=sql.Identifier(column.table_schema, column.table_name),
        low=_bigint(question.within.low),
        high=_bigint(question.within.high),
        grid=_grid(question),
        direction=sql.SQL("DESC" if question.greatest else "ASC"),
    )


def _counted(number: int, question: Question) -> sql.Composed:
    return sql.SQL(
        "SELECT {number} AS number, (\n"
        "  SELECT pg_catalog.count(*) FROM {table}\n"
        "  WHERE {column} >= {low} AND {column} <= {high}\n"
        ")::numeric AS value\n"
    ).format(
        number=number,
        column=sql.Identifier(question.column.column),
        table=sql.Identifier(question.column.table_schema, question.column.table_name),
        low=_bigint(question.within.low),
        high=_bigint(question.within.high),
    )


def _grid(question: Question) -> sql.Composable:
    """Which values count, beyond the range; for most questions, all."""
    if question.step == 1 and question.column.base_type != "numeric":
        return sql.SQL("")
    return sql.SQL(" AND mod({column}::numeric - {origin}, {step}) = 0").format(
        column=sql.Identifier(question.column.column),
        origin=_bigint(question.origin),
        step=_bigint(question.step),
    )


def _bigint(value: int) -> sql.Composed:
    """Without a sign before it, which would make the least bigint a numeric."""
    return sql.SQL("{}::bigint").format(str(value))


def _batches(questions: Sequence[Question], locks: int) -> Iterator[list[Question]]:
    """As many at a time as the locks allow."""
    batch: list[Question] = []
    taken = 0
    for question in questions:
        needed = question.column.locks or 0
        if batch and taken + needed > locks:
            yield batch
            batch, taken = [], 0
        batch.append(question)
        taken += needed
    if batch:
        yield batch


def _reason(error: Exception) -> Unseen:
    return next(
        (why for kind, why in _REASONS if isinstance(error, kind)), Unseen.FAILED
    )
