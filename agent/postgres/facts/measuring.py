"""How many rows are in tables.

Each question gives back the locks that it took. A table is asked about by its oid, and
where that cannot be, by a name that must lead to it (see names.py): settings.sql keeps
a view in its place from running.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TypeVar

from psycopg import errors, sql

from agent.domain.resets.facts import Relation, RelationKind, Size, Unknown
from agent.ports import Clock
from agent.postgres.errors import one_line
from agent.postgres.facts.names import RowsOf, identifier, only_rows_of, taking_rows_of
from agent.postgres.facts.stillness import Doubts
from agent.postgres.positions import holders
from agent.postgres.queries import query
from agent.postgres.reading import ReadOnly

# For all tables of a plan that nobody is about to carry out; then estimates have to do.
PATIENCE = timedelta(seconds=10)

FAILURES = (
    errors.InsufficientPrivilege,  # row-level security too: it would hide rows
    errors.LockNotAvailable,
    errors.QueryCanceled,
    errors.UndefinedColumn,
    errors.UndefinedTable,
    errors.InvalidSchemaName,
    errors.UndefinedFunction,  # the name leads to another table
    errors.ObjectNotInPrerequisiteState,  # a view in the place of a table
    errors.WrongObjectType,
    errors.FeatureNotSupported,
)
_IN_THE_WAY = (errors.LockNotAvailable, errors.QueryCanceled)
_BATCH = 100

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    """A row of effect_sizes.sql."""

    oid: int
    array_type: int
    empty: bool
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Count:
    """What one table holds without its descendants."""

    oid: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """How patiently is asked; without an `end`, and without estimates, if it is None."""

    reading: ReadOnly
    clock: Clock
    end: float | None

    @property
    def left(self) -> timedelta | None:
        if self.end is None:
            return None
        return timedelta(seconds=self.end - self.clock.monotonic())

    def hurried(self) -> ReadOnly:
        """So that a statement takes no longer than there is time."""
        if (left := self.left) is None:
            return self.reading
        deadlines = self.reading.deadlines
        statement = min(deadlines.statement, left)
        return replace(self.reading, deadlines=replace(deadlines, statement=statement))

    def failed(self, relation: Relation, error: errors.Error) -> Size:
        reason = why_not(error)
        if self.end is not None and isinstance(error, _IN_THE_WAY):
            return _estimated(relation, reason)
        return _uncounted(relation, reason)


def sizes(
    relations: Sequence[Relation],
    reading: ReadOnly,
    *,
    exact: bool,
    clock: Clock,
    doubts: Doubts | None = None,
) -> Mapping[int, Size]:
    """Count what can be counted, the small ones first.

    `exact` takes no estimate, and for bytes no more than those of the rows themselves.
    Who is about to act has them locked; otherwise those of which there are `doubts` are
    kept still. A table without a block is empty.
    """
    end = None if exact else clock.monotonic() + PATIENCE.total_seconds()
    look = _Look(reading=reading, clock=clock, end=end)
    answers = dict(_without_asking(relations, look))
    stored = _answers(
        _without(answers, relations),
        look,
        partial(_stored, with_indexes=not exact),
        at_once=len(relations),
    )
    on_disk: dict[int, _Stored] = {}
    for relation in _without(answers, relations):
        answer = stored[relation.oid]
        if isinstance(answer, Size):
            answers[relation.oid] = answer
        elif answer.empty:
            answers[relation.oid] = Size(rows=0, bytes=answer.bytes, exact=True)
        else:
            on_disk[relation.oid] = answer
    return answers | _answers(
        sorted(
            _without(answers, relations),
            # All are counted then, and the text of the statement stays the same.
            key=lambda r: r.oid if exact else on_disk[r.oid].bytes,
        ),
        look,
        partial(_counts, on_disk, Doubts() if exact or doubts is None else doubts),
        at_once=_BATCH if exact else 1,
    )


def why_not(error: errors.Error) -> str:
    if isinstance(error, errors.UndefinedFunction):
        return "its name leads to another table"
    return one_line(error)


def _without_asking(
    relations: Sequence[Relation], look: _Look
) -> Iterator[tuple[int, Size]]:
    # Each that is waited for costs a lock_timeout, so look first; who is about to act
    # has them locked.
    held = {} if look.end is None else holders(look.reading)
    for relation in relations:
        holder = held.get(relation.oid)
        if relation.kind is RelationKind.PARTITIONED:
            yield relation.oid, Size(rows=0, bytes=0, exact=True)
        elif relation.kind is not RelationKind.TABLE:
            yield relation.oid, _uncounted(relation, "its rows are elsewhere")
        elif holder is not None and holder.exclusive:
            yield (
                relation.oid,
                _estimated(relation, f"it is held by {holder.holders}"),
            )


def _without(answers: Collection[int], relations: Sequence[Relation]) -> list[Relation]:
    """Those that there is no answer for yet."""
    return [relation for relation in relations if relation.oid not in answers]


def _answers(
    relations: Sequence[Relation],
    look: _Look,
    ask: Callable[[Sequence[Relation], ReadOnly], Mapping[int, _Answer]],
    *,
    at_once: int,
) -> dict[int, _Answer | Size]:
    """Of many at once, or of each where that fails; what they are thought to hold else."""
    answers: dict[int, _Answer | Size] = {}
    for start in range(0, len(relations), max(1, at_once)):
        batch = relations[start : start + at_once]
        if look.left is not None and look.left <= timedelta(0):
            for relation in batch:
                answers[relation.oid] = _estimated(
                    relation, "there was no time to count it"
                )
            continue
        try:
            with look.reading.connection.transaction(force_rollback=True):
                answers |= ask(batch, look.hurried())
        except FAILURES as error:
            if len(batch) > 1:
                answers |= _answers(batch, look, ask, at_once=1)
            else:
                answers[batch[0].oid] = look.failed(batch[0], error)
    for relation in _without(answers, relations):
        answers[relation.oid] = _uncounted(relation, "it is gone")
    return answers


def _stored(
    relations: Sequence[Relation], reading: ReadOnly, *, with_indexes: bool
) -> Mapping[int, _Stored]:
    parameters = {
        "oids": [relation.oid for relation in relations],
        "with_indexes": with_indexes,
    }
    rows = reading.rows(query("effect_sizes"), _Stored, parameters)
    return {row.oid: row for row in rows}


def _counts(
    stored: Mapping[int, _Stored],
    doubts: Doubts,
    relations: Sequence[Relation],
    reading: ReadOnly,
) -> Mapping[int, Size]:
    unsafe = doubts.keep_still(reading, relations, with_children=False)
    refused = {
        relation.oid: _uncounted(relation, unsafe[relation.oid])
        for relation in relations
        if relation.oid in unsafe
    }
    rest = [relation for relation in relations if relation.oid not in unsafe]
    return refused | (_counted(stored, rest, reading) if rest else {})


def _counted(
    stored: Mapping[int, _Stored], relations: Sequence[Relation], reading: ReadOnly
) -> dict[int, Size]:
    taking_rows_of(reading.connection)
    one = sql.SQL("UNION ALL\n").join(
        sql.SQL(
            "SELECT {oid} AS oid, pg_catalog.count(*) AS rows\n"
            "FROM ONLY {table} AS pinned\nWHERE {pinned}\n"
        ).format(
            oid=relation.oid,
            table=identifier(relation),
            pinned=only_rows_of(f"t{relation.oid}"),
        )
        for relation in relations
    )
    parameters = {
        f"t{relation.oid}": RowsOf(stored[relation.oid].array_type)
        for relation in relations
    }
    return {
        row.oid: Size(rows=row.rows, bytes=stored[row.oid].bytes, exact=True)
        for row in reading.rows(one, _Count, parameters)
    }


def _estimated(relation: Relation, reason: str) -> Size:
    if relation.rows_estimated < 0:
        return _uncounted(relation, f"{reason}, and it was never analyzed")
    return Size(
        rows=relation.rows_estimated, bytes=relation.bytes_estimated, exact=False
    )


def _uncounted(relation: Relation, reason: str) -> Size:
    return Size(rows=Unknown(reason), bytes=relation.bytes_estimated, exact=False)
