"""Sequences that are brought past the rows that are there, and never back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from agent.domain.resets.facts import Catalog, Unknown
from agent.domain.resets.job import JobKind, ResetJob
from agent.domain.resets.plan import MovedSequence, Plan, plan, scope_of
from agent.domain.resets.resync import furthest, past
from agent.domain.sequences import At, Position, Unused
from agent.postgres.resets import effects
from agent.postgres.resets.proof import VerificationError, proven
from agent.postgres.targets import TargetSession


def advance(
    session: TargetSession, moved: Sequence[MovedSequence]
) -> tuple[MovedSequence, ...]:
    """Move sequences on; those that had to be, from where and to where.

    Others may have called them since the plan was made: what counts is where they stand
    when nobody can any more.
    """
    sequences = [move.definition for move in moved]
    with proven(session.connection, sequences=sequences):
        effects.renew(session.connection, sequences)
    behind = tuple(_behind(moved, session.positions_of_own(sequences)))
    effects.set_positions(
        session.connection, {move.definition.oid: move.after for move in behind}
    )
    return behind


def follow_rows(session: TargetSession, planned: Plan) -> None:
    """Move on the sequences of emptied tables that seeded rows have left behind.

    Raises VerificationError and NamesMovedError.
    """
    # Of the tables that were emptied, whatever the patterns of the job lead to by now.
    advance(session, _left_behind(session, planned.job, planned.catalog))
    for move in _left_behind(session, planned.job, planned.catalog):
        name = move.definition.qualified
        raise VerificationError(f"sequence {name!r} is behind the seeded rows")


def _behind(
    moved: Sequence[MovedSequence], standing: Mapping[int, Position]
) -> Iterator[MovedSequence]:
    for move in moved:
        position = standing.get(move.definition.oid)
        if not isinstance(position, At | Unused):
            raise VerificationError(
                f"where sequence {move.definition.qualified!r} stands cannot be read"
            )
        after = past(move.definition, position, move.after)
        if after is None:
            continue
        if not move.definition.admits(after):
            raise VerificationError(
                f"sequence {move.definition.qualified!r} ends before {move.after}"
            )
        yield replace(move, before=position, after=after)


def _left_behind(
    session: TargetSession, job: ResetJob, catalog: Catalog
) -> Sequence[MovedSequence]:
    resync = replace(job, kind=JobKind.RESYNC)
    scope = scope_of(resync, catalog)
    measured = session.measured(catalog, scope, exact=True)
    for follower in scope.followers:
        value = furthest(follower, measured.furthest)
        if isinstance(value, Unknown):
            raise VerificationError(
                f"sequence {follower.qualified!r} cannot follow its column: {value.reason}"
            )
    return plan(resync, catalog, measured).sequences
