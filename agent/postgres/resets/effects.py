"""What a run does to tables and sequences, inside its transaction and under its locks.

setval alone would not be rolled back, and would leave sessions that cached values with
the old ones. After ALTER SEQUENCE, in the same transaction, it writes to a file that
nobody else sees before the commit; whoever calls it has proven that there is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from psycopg import errors, sql

from agent.domain.resets.facts import Relation
from agent.domain.sequences import SequenceDefinition
from agent.errors import AgentError
from agent.postgres.connect import BoundedConnection, can_restrict_relations
from agent.postgres.errors import one_line
from agent.postgres.facts.names import identifier, leading_to
from agent.postgres.pipelines import pipelined
from agent.postgres.queries import query

_NOT_THERE = (
    errors.UndefinedTable,
    errors.InvalidSchemaName,
    errors.WrongObjectType,
    errors.InsufficientPrivilege,
)


class NotLockedError(AgentError):
    """The tables that were planned are not there to be locked, or not for us."""


def lock(
    connection: BoundedConnection, tables: Iterable[Relation], *, writers_only: bool
) -> None:
    """All at once in the order of their oids, so that two runs never wait crosswise.

    Raises NotLockedError.
    """
    names = [identifier(table) for table in sorted(tables, key=lambda table: table.oid)]
    if not names:
        return
    mode = sql.SQL("SHARE ROW EXCLUSIVE" if writers_only else "ACCESS EXCLUSIVE")
    only = sql.SQL(", ").join(sql.SQL("ONLY {}").format(name) for name in names)
    try:
        connection.execute(sql.SQL("LOCK TABLE {} IN {} MODE").format(only, mode))
    except _NOT_THERE as error:
        raise NotLockedError(one_line(error)) from error


def hold(connection: BoundedConnection, oids: Iterable[int]) -> None:
    """Let nobody rename, alter or drop these sequences, by oid; calling them may go on."""
    connection.execute(query("effect_hold_sequences"), {"oids": sorted(oids)})


def truncate(connection: BoundedConnection, tables: Sequence[Relation]) -> None:
    """Never CASCADE: what references these tables from outside stops it.

    It runs triggers of whatever the names lead to. Raises NamesMovedError.
    """
    if tables:
        names = sql.SQL(", ").join(identifier(table) for table in tables)
        with _views_readable(connection), leading_to(connection, tables):
            connection.execute(
                sql.SQL("TRUNCATE TABLE {} RESTART IDENTITY RESTRICT").format(names)
            )


def restart(
    connection: BoundedConnection, sequences: Iterable[SequenceDefinition]
) -> None:
    with pipelined(connection):
        for sequence in sequences:
            connection.execute(
                sql.SQL("ALTER SEQUENCE {} RESTART").format(identifier(sequence))
            )


def renew(
    connection: BoundedConnection, sequences: Iterable[SequenceDefinition]
) -> None:
    """Give sequences that do not cycle another file, in which they stand as they did.

    From here on nobody else can call them, and setval is undone by a rollback.
    """
    with pipelined(connection):
        for sequence in sequences:
            connection.execute(
                sql.SQL("ALTER SEQUENCE {} NO CYCLE").format(identifier(sequence))
            )


def set_positions(connection: BoundedConnection, values: Mapping[int, int]) -> None:
    """Let sequences stand at values, by oid, each with a file of this transaction's own."""
    if values:
        connection.execute(
            query("effect_set_positions"),
            {"oids": list(values), "values": list(values.values())},
        )


def bring_forward(connection: BoundedConnection) -> None:
    """Run what triggers and constraints have put off to the COMMIT."""
    with _views_readable(connection):
        connection.execute(query("effect_bring_forward"))


@contextmanager
def _views_readable(connection: BoundedConnection) -> Iterator[None]:
    """For triggers that the job allows: they may read views, which we never do."""
    if not can_restrict_relations(connection.info.server_version):
        yield
        return
    connection.execute("SET LOCAL restrict_nonsystem_relation_kind = ''")
    yield
    connection.execute(
        "SET LOCAL restrict_nonsystem_relation_kind = 'view, foreign-table'"
    )
