"""Proof, inside the transaction, that what was reached by names is what was planned.

What is touched is decided by oid. Names can come to lead elsewhere between any two
statements, so each that went by names is followed by a look at what it locked, and at
what it gave another file; any difference ends the run, with nothing done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg.rows import class_row

from agent.domain.resets.facts import Relation, RelationKind
from agent.domain.resets.verdicts import listed
from agent.domain.sequences import SequenceDefinition
from agent.errors import AgentError
from agent.postgres.connect import BoundedConnection
from agent.postgres.facts.names import Named, NamesMovedError
from agent.postgres.queries import query

_SEQUENCE = "S"


class VerificationError(AgentError):
    """What was done is not what was planned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRelation:
    """A row of effect_held.sql: a relation that this transaction has locked."""

    oid: int
    qualified: str
    kind: str
    exclusive: bool
    unwritable: bool

    @property
    def changed(self) -> bool:
        """Whether the lock is the one of TRUNCATE, or at least that of ALTER SEQUENCE."""
        return self.unwritable if self.kind == _SEQUENCE else self.exclusive


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRelation:
    """A row of effect_stored.sql."""

    oid: int
    qualified: str
    filenode: int


Held = Mapping[int, HeldRelation]


def held(connection: BoundedConnection) -> Held:
    """The tables, views and sequences that this transaction has locked, by oid."""
    with connection.cursor(row_factory=class_row(HeldRelation)) as cursor:
        rows = cursor.execute(query("effect_held")).fetchall()
    return {row.oid: row for row in rows}


def prove_locked(
    connection: BoundedConnection,
    tables: Iterable[Relation],
    *,
    before: Held,
    writers_only: bool,
) -> None:
    """That LOCK TABLE locked the tables that were meant, and nothing beside them.

    `before` is what was held before it. Raises NamesMovedError.
    """
    now = held(connection)
    locked = {
        oid
        for oid, relation in now.items()
        if (relation.unwritable if writers_only else relation.exclusive)
    }
    _compare(
        tables,
        reached=locked,
        beside=[relation for oid, relation in now.items() if oid not in before],
    )


@contextmanager
def proven(
    connection: BoundedConnection,
    *,
    tables: Sequence[Relation] = (),
    sequences: Sequence[SequenceDefinition] = (),
) -> Iterator[None]:
    """That the body gives these another file, and locks no other table or sequence so.

    A partitioned table has no file: that it is locked has to do. What a trigger reads or
    writes elsewhere is its own affair. Raises NamesMovedError.
    """
    planned: Sequence[Named] = (*tables, *sequences)
    files, held_before = _stored(connection, planned), held(connection)
    yield
    now, held_now = _stored(connection, planned), held(connection)
    fileless = {t.oid for t in tables if t.kind is RelationKind.PARTITIONED}
    replaced = {
        oid
        for oid, relation in held_now.items()
        if relation.changed
        and (oid in fileless or _file(now, oid) not in {None, _file(files, oid)})
    }
    beside = [
        relation
        for oid, relation in held_now.items()
        if relation.changed and not (oid in held_before and held_before[oid].changed)
    ]
    _compare(planned, reached=replaced, beside=beside)


def prove_names(connection: BoundedConnection, planned: Sequence[Named]) -> None:
    """That what the ledger is about to name is still called so. Raises NamesMovedError."""
    now = _stored(connection, planned)
    moved = [
        f"{relation.qualified} (oid {relation.oid}) is {_fate(now, relation.oid)}"
        for relation in planned
        if relation.oid not in now or now[relation.oid].qualified != relation.qualified
    ]
    if moved:
        raise NamesMovedError(moved)


def _compare(
    planned: Iterable[Named], *, reached: set[int], beside: Iterable[HeldRelation]
) -> None:
    named = {relation.oid: relation for relation in planned}
    missed = [_named(relation) for oid, relation in named.items() if oid not in reached]
    hit = [_named(relation) for relation in beside if relation.oid not in named]
    if missed or hit:
        meant = f"{listed(missed)} meant and not reached" if missed else ""
        instead = f"{listed(hit)} reached and not meant" if hit else ""
        raise NamesMovedError(filter(None, [meant, instead]))


def _named(relation: Named | HeldRelation) -> str:
    return f"{relation.qualified} (oid {relation.oid})"


def _stored(
    connection: BoundedConnection, planned: Iterable[Named]
) -> Mapping[int, StoredRelation]:
    oids = [relation.oid for relation in planned]
    with connection.cursor(row_factory=class_row(StoredRelation)) as cursor:
        rows = cursor.execute(query("effect_stored"), {"oids": oids}).fetchall()
    return {row.oid: row for row in rows}


def _file(files: Mapping[int, StoredRelation], oid: int) -> int | None:
    return files[oid].filenode if oid in files else None


def _fate(now: Mapping[int, StoredRelation], oid: int) -> str:
    return f"{now[oid].qualified} by now" if oid in now else "gone"
