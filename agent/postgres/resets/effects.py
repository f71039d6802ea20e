"""What a run does to tables and sequences, inside its transaction and under its locks.

setval alone would not be rolled back, and would leave sessions that cached values with
the old ones. After RESTART, in the same transaction, it writes to a file that nobody
else sees before the commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from psycopg import sql
from psycopg.rows import class_row

from agent.domain.resets.facts import Relation
from agent.domain.resets.plan import MovedSequence
from agent.domain.sequences import At, SequenceDefinition, Unused
from agent.postgres.connect import BoundedConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class _Position:
    last_value: int
    is_called: bool


def lock(
    connection: BoundedConnection, tables: Iterable[Relation], *, writers_only: bool
) -> None:
    """All at once in the order of their oids, so that two runs never wait crosswise."""
    names = [_name(each) for each in sorted(tables, key=lambda each: each.oid)]
    if not names:
        return
    mode = sql.SQL("SHARE ROW EXCLUSIVE" if writers_only else "ACCESS EXCLUSIVE")
    only = sql.SQL(", ").join(sql.SQL("ONLY {}").format(name) for name in names)
    connection.execute(sql.SQL("LOCK TABLE {} IN {} MODE").format(only, mode))


def truncate(connection: BoundedConnection, tables: Sequence[Relation]) -> None:
    """Never CASCADE: what references these tables from outside stops it."""
    if tables:
        names = sql.SQL(", ").join(_name(each) for each in tables)
        connection.execute(
            sql.SQL("TRUNCATE TABLE {} RESTART IDENTITY RESTRICT").format(names)
        )


def restart(
    connection: BoundedConnection, sequences: Iterable[SequenceDefinition]
) -> None:
    for each in sequences:
        connection.execute(sql.SQL("ALTER SEQUENCE {} RESTART").format(_name(each)))


def advance(connection: BoundedConnection, sequences: Iterable[MovedSequence]) -> None:
    """Let each stand at its value; RESTART first, or setval would outlive a rollback."""
    for each in sequences:
        restart(connection, [each.definition])
        connection.execute(
            "SELECT setval(%s::oid::regclass, %s, TRUE)",
            [each.definition.oid, each.after],
        )


def positions(
    connection: BoundedConnection, sequences: Iterable[SequenceDefinition]
) -> Mapping[int, Unused | At]:
    """Where sequences stand in this transaction, whoever has them locked."""
    return {each.oid: _position(connection, each) for each in sequences}


def _position(
    connection: BoundedConnection, sequence: SequenceDefinition
) -> Unused | At:
    statement = sql.SQL("SELECT last_value, is_called FROM {}").format(_name(sequence))
    with connection.cursor(row_factory=class_row(_Position)) as cursor:
        (row,) = cursor.execute(statement).fetchall()
    return At(row.last_value) if row.is_called else Unused(row.last_value)


def _name(named: Relation | SequenceDefinition) -> sql.Identifier:
    return sql.Identifier(named.schema, named.name)
