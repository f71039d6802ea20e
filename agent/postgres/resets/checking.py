"""What a run finds before its effect and leaves after it, held against the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from agent.domain.resets.facts import Relation, Size, Unknown
from agent.domain.resets.job import JobKind
from agent.domain.resets.plan import MovedSequence, Plan, scope_of
from agent.domain.resets.runs import Figures
from agent.domain.sequences import At, Position, Unused
from agent.domain.wording import counted
from agent.postgres.resets.proof import VerificationError, prove_names
from agent.postgres.targets import TargetSession


def planned_tables(planned: Plan) -> list[Relation]:
    """Those that are locked: to be emptied, or to be kept from writers."""
    if planned.job.kind is JobKind.RESYNC:
        return [t.relation for t in scope_of(planned.job, planned.catalog).tables]
    return [emptied.table.relation for emptied in planned.tables]


def figures_before(planned: Plan) -> Figures:
    """What the plan found. Raises VerificationError where that cannot be told."""
    return Figures(
        rows={t.table.relation.qualified: t.rows for t in planned.tables if t.rows},
        values=_values(planned.sequences),
    )


def figures_after(session: TargetSession, planned: Plan, *, seeded: bool) -> Figures:
    """What is there by now, which is what was planned; seeds may have added to it.

    Raises VerificationError and NamesMovedError.
    """
    tables = [emptied.table.relation for emptied in planned.tables]
    sizes = session.sizes(tables)
    rows = {table.qualified: _rows(table, sizes[table.oid]) for table in tables}
    sequences = [move.definition for move in planned.sequences]
    standing = session.positions_of_own(sequences)
    if not seeded:
        _check_emptiness(rows)
        _check_positions(planned.sequences, standing)
    prove_names(session.connection, [*planned_tables(planned), *sequences])
    moved = [
        replace(move, before=standing.get(move.definition.oid))
        for move in planned.sequences
    ]
    return Figures(rows=rows, values=_values(moved))


def _rows(table: Relation, size: Size) -> int:
    if isinstance(size.rows, Unknown):
        raise VerificationError(
            f"table {table.qualified!r} cannot be counted: {size.rows.reason}"
        )
    return size.rows


def _check_emptiness(rows: Mapping[str, int]) -> None:
    for name, number in rows.items():
        if number:
            raise VerificationError(
                f"table {name!r} holds {counted(number, 'row')} after TRUNCATE"
            )


def _check_positions(
    planned: Sequence[MovedSequence], standing: Mapping[int, Position]
) -> None:
    for move in planned:
        wanted = At(move.after) if move.called else Unused(move.after)
        if standing.get(move.definition.oid) != wanted:
            raise VerificationError(
                f"sequence {move.definition.qualified!r} did not come to stand"
                f" at {move.after}"
            )


def _values(sequences: Sequence[MovedSequence]) -> Mapping[str, int]:
    """Where sequences stood, as they themselves store it."""
    values = {}
    for move in sequences:
        if move.value_before is None:
            raise VerificationError(
                f"where sequence {move.definition.qualified!r} stands cannot be read"
            )
        values[move.definition.qualified] = move.value_before
    return values
