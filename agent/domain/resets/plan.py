"""The plan of a job: what it would do to one database, and what every gate says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from agent.domain.resets.closure import PlannedTable, tables
from agent.domain.resets.coverage import uncovered, unmatched
from agent.domain.resets.facts import Catalog, Measured, Size, Unknown
from agent.domain.resets.fingerprint import fingerprint
from agent.domain.resets.gates import verdicts
from agent.domain.resets.job import JobKind, ResetJob
from agent.domain.resets.restarts import restarts
from agent.domain.resets.resync import Follower, followers, furthest, past
from agent.domain.resets.verdicts import Case, Scope, Verdict
from agent.domain.sequences import At, Position, SequenceDefinition, Unused


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptiedTable:
    """A table of the plan with what is in it; None where nobody could tell."""

    table: PlannedTable
    rows: int | None
    bytes: int | None
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedSequence:
    """A sequence and where it will stand: at `after`, called or not.

    `owned` ones are restarted by TRUNCATE … RESTART IDENTITY itself.
    """

    definition: SequenceDefinition
    why: str
    before: Position | None
    after: int
    called: bool
    owned: bool

    @property
    def value_before(self) -> int | None:
        """As stored, which in a sequence that was not called is its start."""
        match self.before:
            case At(value) | Unused(value):
                return value
            case _:
                return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that there is to know before a job is let loose."""

    job: ResetJob
    catalog: Catalog
    tables: tuple[EmptiedTable, ...]
    sequences: tuple[MovedSequence, ...]
    gates: tuple[Verdict, ...]
    unmatched: tuple[str, ...]
    uncovered: tuple[str, ...]
    hash: str

    @property
    def allowed(self) -> bool:
        return all(verdict.passed for verdict in self.gates)

    @property
    def refusals(self) -> tuple[Verdict, ...]:
        """The gates that refuse, without those that could not be asked for that."""
        return tuple(v for v in self.gates if v.asked and not v.passed)


def scope_of(job: ResetJob, catalog: Catalog) -> Scope:
    """What the job is about, so that this much can be counted and read."""
    planned = tables(job.tables, catalog)
    if job.kind is JobKind.RESYNC:
        listed = tuple(table for table in planned if table.listed)
        oids = frozenset(table.oid for table in listed)
        return Scope(
            kind=job.kind,
            tables=listed,
            followers=followers(oids, job.sequences, catalog),
        )
    oids = frozenset(table.oid for table in planned)
    return Scope(
        kind=job.kind, tables=planned, restarts=restarts(oids, job.sequences, catalog)
    )


def plan(
    job: ResetJob,
    catalog: Catalog,
    measured: Measured,
    *,
    expected_hash: str | None = None,
) -> Plan:
    """Decide; with a hash, also whether it is still what somebody agreed to."""
    scope = scope_of(job, catalog)
    case = Case(
        job=job,
        catalog=catalog,
        measured=measured,
        scope=scope,
        relations={relation.oid: relation for relation in catalog.relations},
        hash=fingerprint(job, catalog, scope),
        expected_hash=expected_hash,
    )
    return Plan(
        job=job,
        catalog=catalog,
        tables=tuple(
            _emptied(table, measured.sizes.get(table.oid)) for table in scope.emptied
        ),
        sequences=(*_restarted(case), *_advanced(case)),
        gates=verdicts(case),
        unmatched=tuple(unmatched(case)),
        uncovered=tuple(uncovered(case)),
        hash=case.hash,
    )


def _emptied(table: PlannedTable, size: Size | None) -> EmptiedTable:
    if size is None:
        return EmptiedTable(table=table, rows=None, bytes=None, exact=False)
    rows = None if isinstance(size.rows, Unknown) else size.rows
    return EmptiedTable(table=table, rows=rows, bytes=size.bytes, exact=size.exact)


def _restarted(case: Case) -> Iterator[MovedSequence]:
    for each in case.scope.restarts:
        yield MovedSequence(
            definition=each.sequence.definition,
            why=each.why,
            before=case.measured.positions.get(each.oid),
            after=each.sequence.definition.start,
            called=False,
            owned=each.owned,
        )


def _advanced(case: Case) -> Iterator[MovedSequence]:
    for each in case.scope.followers:
        before = case.measured.positions.get(each.oid)
        after = _catching_up(each, before, case.measured)
        if after is not None:
            yield MovedSequence(
                definition=each.sequence.definition,
                why=each.why,
                before=before,
                after=after,
                called=True,
                owned=False,
            )


def _catching_up(
    follower: Follower, position: Position | None, measured: Measured
) -> int | None:
    value = furthest(follower, measured.furthest)
    if position is None or not isinstance(value, int):
        return None
    after = past(follower.sequence.definition, position, value)
    if after is None or not follower.sequence.definition.admits(after):
        return None
    return after
