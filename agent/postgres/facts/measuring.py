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
from agent.postgres.facts.stillness import Doubts, UnsafeTableError
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
    if exact:
        doubts = Doubts()
    end = clock.monotonic() + PATIENCE.total_seconds()
    found: dict[int, Size] = {}
    for relation in sorted(relations, key=lambda each: each.bytes_estimated):
        left = timedelta(seconds=end - clock.monotonic())
        found[relation.oid] = _size(
            relation, reading, doubts, left=None if exact else left
        )
    return found


def furthest(
    columns: Sequence[Column], reading: ReadOnly, *, doubts: Doubts
) -> Mapping[Place, int | Unknown | None]:
    return {column.place: _furthest(column, reading, doubts) for column in columns}


def _size(
    relation: Relation, reading: ReadOnly, doubts: Doubts, *, left: timedelta | None
) -> Size:
    """Within the time that is left; None: as long as a statement may take."""
    if relation.kind is RelationKind.PARTITIONED:
        return Size(rows=0, bytes=0, exact=True)
    if relation.kind is not RelationKind.TABLE:
        return _uncounted(relation, "its rows are elsewhere")
    if left is not None and left <= timedelta(0):
        return _estimated(relation, "there was no time to count it")
    try:
        counted = _counted(relation, _hurried(reading, left), doubts)
    except (UnsafeTableError, *_FAILURES) as error:
        told = _reason(error)
        if left is not None and isinstance(error, _IN_THE_WAY):
            return _estimated(relation, told)
        return _uncounted(relation, told)
    return Size(rows=counted.rows, bytes=counted.bytes, exact=True)


def _counted(relation: Relation, reading: ReadOnly, doubts: Doubts) -> _Count:
    statement = sql.SQL(
        "SELECT count(tableoid) AS rows,\n"
        " pg_total_relation_size({oid}::oid::regclass) AS bytes\n"
        "FROM ONLY {table}"
    ).format(oid=relation.oid, table=sql.Identifier(relation.schema, relation.name))
    with reading.connection.transaction(force_rollback=True):
        doubts.keep_still(reading, [relation], with_children=False)
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
            doubts.keep_still(reading, [column.relation], with_children=True)
            return whole(reading.rows(statement, _Furthest)[0].value)
    except (UnsafeTableError, *_FAILURES) as error:
        return Unknown(_reason(error))


def _reason(error: Exception) -> str:
    return one_line(error) if isinstance(error, errors.Error) else str(error)


def _hurried(reading: ReadOnly, left: timedelta | None) -> ReadOnly:
    if left is None:
        return reading
    statement = min(reading.deadlines.statement, left)
    return replace(reading, deadlines=replace(reading.deadlines, statement=statement))


def _estimated(relation: Relation, reason: str) -> Size:
    if relation.rows_estimated < 0:
        return _uncounted(relation, f"{reason}, and it was never analyzed")
    return Size(
        rows=relation.rows_estimated, bytes=relation.bytes_estimated, exact=False
    )


def _uncounted(relation: Relation, reason: str) -> Size:
    return Size(rows=Unknown(reason), bytes=relation.bytes_estimated, exact=False)
