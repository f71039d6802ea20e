"""How much is in tables, and how far their columns have come.

Each question gives back the locks that it took. Names are followed only as far as they
lead to tables: settings.sql keeps a view in the place of one from running.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from psycopg import errors, sql

from agent.domain.resets.facts import Place, Relation, RelationKind, Size, Unknown
from agent.domain.resets.resync import whole
from agent.ports import Clock
from agent.postgres.errors import one_line
from agent.postgres.facts.stillness import Doubts
from agent.postgres.reading import ReadOnly

# For all tables of a plan that nobody is about to carry out; then estimates have to do.
PATIENCE = timedelta(seconds=10)

_FAILURES = (
    errors.InsufficientPrivilege,  # row-level security too: it would hide rows
    errors.LockNotAvailable,
    errors.QueryCanceled,
    errors.UndefinedColumn,
    errors.UndefinedTable,
    errors.InvalidSchemaName,
    errors.ObjectNotInPrerequisiteState,  # a view in the place of a table
    errors.WrongObjectType,
    errors.FeatureNotSupported,
)
_IN_THE_WAY = (errors.LockNotAvailable, errors.QueryCanceled)
_BATCH = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class _Count:
    """What one table holds without its descendants."""

    rows: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Furthest:
    """The last value of a column in the direction of its sequence."""

    value: int | Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column, and which end of it is asked for."""

    relation: Relation
    name: str
    ascending: bool

    @property
    def place(self) -> Place:
        return (self.relation.oid, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """How patiently is asked; without an `end`, and without estimates, if it is None."""

    reading: ReadOnly
    clock: Clock
    end: float | None
    doubts: Doubts

    @property
    def is_over(self) -> bool:
        return self.end is not None and self.clock.monotonic() >= self.end

    def hurried(self) -> ReadOnly:
        """So that a statement takes no longer than there is time."""
        if self.end is None:
            return self.reading
        left = timedelta(seconds=self.end - self.clock.monotonic())
        deadlines = self.reading.deadlines
        statement = min(deadlines.statement, left)
        return replace(self.reading, deadlines=replace(deadlines, statement=statement))

    def failed(self, relation: Relation, error: errors.Error) -> Size:
        reason = one_line(error)
        if self.end is not None and isinstance(error, _IN_THE_WAY):
            return _estimated(relation, reason)
        return _uncounted(relation, reason)


def sizes(
    relations: Sequence[Relation],
    reading: ReadOnly,
    *,
    exact: bool,
    clock: Clock,
    doubts: Doubts,
) -> Mapping[int, Size]:
    """Count what can be counted, the small ones first.

    `exact` takes no estimate, and is for whoever has the tables locked.
    """
    end = None if exact else clock.monotonic() + PATIENCE.total_seconds()
    look = _Look(
        reading=reading, clock=clock, end=end, doubts=Doubts() if exact else doubts
    )
    by_size = sorted(relations, key=lambda each: each.bytes_estimated)
    found: dict[int, Size] = {}
    for start in range(0, len(by_size), _BATCH):
        found |= _sizes(by_size[start : start + _BATCH], look)
    return found


def _sizes(relations: Sequence[Relation], look: _Look) -> dict[int, Size]:
    """Of tables that are kept still together, or of each where one is held by others."""
    try:
        with look.reading.connection.transaction(force_rollback=True):
            unsafe = look.doubts.keep_still(
                look.hurried(),
                [each for each in relations if each.kind is RelationKind.TABLE],
                with_children=False,
            )
            return {
                each.oid: _uncounted(each, unsafe[each.oid])
                if each.oid in unsafe
                else _size(each, look)
                for each in relations
            }
    except _FAILURES as error:
        if len(relations) == 1:
            return {relations[0].oid: look.failed(relations[0], error)}
    alone: dict[int, Size] = {}
    for each in relations:
        alone |= _sizes([each], look)
    return alone


def furthest(
    columns: Sequence[Column], reading: ReadOnly, *, doubts: Doubts
) -> Mapping[Place, int | Unknown | None]:
    return {column.place: _furthest(column, reading, doubts) for column in columns}


def _size(relation: Relation, look: _Look) -> Size:
    if relation.kind is RelationKind.PARTITIONED:
        return Size(rows=0, bytes=0, exact=True)
    if relation.kind is not RelationKind.TABLE:
        return _uncounted(relation, "its rows are elsewhere")
    if look.is_over:
        return _estimated(relation, "there was no time to count it")
    try:
        counted = _counted(relation, look.hurried())
    except _FAILURES as error:
        return look.failed(relation, error)
    return Size(rows=counted.rows, bytes=counted.bytes, exact=True)


def _counted(relation: Relation, reading: ReadOnly) -> _Count:
    statement = sql.SQL(
        "SELECT count(tableoid) AS rows,\n"
        " pg_total_relation_size({oid}::oid::regclass) AS bytes\n"
        "FROM ONLY {table}"
    ).format(oid=relation.oid, table=sql.Identifier(relation.schema, relation.name))
    with reading.connection.transaction(force_rollback=True):
        return reading.rows(statement, _Count)[0]


def _furthest(
    column: Column, reading: ReadOnly, doubts: Doubts
) -> int | Unknown | None:
    end = sql.SQL("max" if column.ascending else "min")
    statement = sql.SQL(
        "SELECT {end}({column}) AS value\nFROM {table}\nWHERE tableoid IS NOT NULL"
    ).format(
        end=end,
        column=sql.Identifier(column.name),
        table=sql.Identifier(column.relation.schema, column.relation.name),
    )
    try:
        with reading.connection.transaction(force_rollback=True):
            unsafe = doubts.keep_still(reading, [column.relation], with_children=True)
            if unsafe:
                return Unknown(unsafe[column.relation.oid])
            found = reading.rows(statement, _Furthest)[0].value
            return whole(found, ascending=column.ascending)
    except _FAILURES as error:
        return Unknown(one_line(error))


def _estimated(relation: Relation, reason: str) -> Size:
    if relation.rows_estimated < 0:
        return _uncounted(relation, f"{reason}, and it was never analyzed")
    return Size(
        rows=relation.rows_estimated, bytes=relation.bytes_estimated, exact=False
    )


def _uncounted(relation: Relation, reason: str) -> Size:
    return Size(rows=Unknown(reason), bytes=relation.bytes_estimated, exact=False)
