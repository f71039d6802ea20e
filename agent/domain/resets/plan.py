"""The plan of a job: what it would do to one database, and what every gate says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from agent.domain.resets.closure import PlannedTable, tables
from agent.domain.resets.coverage import uncovered, unmatched
from agent.domain.resets.facts import Catalog, Measured, Size, Unknown
from agent.domain.resets.fingerprint import fingerprint
from agent.domain.resets.functions import firing
from agent.domain.resets.gates import verdicts
from agent.domain.resets.hints import hints
from agent.domain.resets.job import JobKind, ResetJob
from agent.domain.resets.restarts import NotRestarted, not_restarted, restarts
from agent.domain.resets.resync import Follower, followers, furthest, past
from agent.domain.resets.seeds import Seed
from agent.domain.resets.untrusted import trust_in
from agent.domain.resets.verdicts import Case, Scope, Verdict
from agent.domain.sequences import At, Position, SequenceDefinition, Unused

# The catalogs and their indexes, the ledger, and the transaction itself.
_LOCKS_BESIDE = 100


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
class FiredTrigger:
    """A trigger that the run fires, with the function that then runs as our role.

    `table` is empty for an event trigger, which fires on `event`.
    """

    name: str
    function: str
    firing: str
    table: str = ""
    event: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LockNeed:
    """How many locks a run needs at least, of how many the server has at least."""

    needed: int
    available: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a job would do: tables, sequences, seeds, what it sets off, gates, hash.

    `unmatched`, `uncovered` and `hints` are for whoever reads it, and decide nothing.
    """

    job: ResetJob
    catalog: Catalog
    tables: tuple[EmptiedTable, ...]
    sequences: tuple[MovedSequence, ...]
    seeds: tuple[Seed, ...]
    triggers: tuple[FiredTrigger, ...]
    event_triggers: tuple[FiredTrigger, ...]
    not_restarted: tuple[NotRestarted, ...]
    locks: LockNeed
    gates: tuple[Verdict, ...]
    unmatched: tuple[str, ...]
    uncovered: tuple[str, ...]
    hints: tuple[str, ...]
    hash: str

    @property
    def allowed(self) -> bool:
        return all(verdict.passed for verdict in self.gates)

    @property
    def refusals(self) -> tuple[Verdict, ...]:
        """The gates that refuse, without those that could not be asked for that."""
        return tuple(v for v in self.gates if v.asked and not v.passed)

    @property
    def may_wait(self) -> bool:
        """Whether nothing refuses but what could not be read, as when others hold it.

        What is read under the locks decides, and those are waited for more than once.
        """
        return all(verdict.may_wait for verdict in self.refusals)

    @property
    def pinned(self) -> bool | None:
        """Whether it is the plan that may run by schedule; None where any may."""
        pin = self.job.pinned_plan
        return None if pin is None else pin == self.hash


def scope_of(job: ResetJob, catalog: Catalog, *, seeded: bool = False) -> Scope:
    """What the job is about, so that this much can be counted and read."""
    planned = tables(job.tables, catalog)
    if job.kind is JobKind.RESYNC:
        listed = tuple(table for table in planned if table.listed)
        oids = frozenset(table.oid for table in listed)
        scope = Scope(
            kind=job.kind, tables=listed, followers=followers(oids, job, catalog)
        )
    else:
        oids = frozenset(table.oid for table in planned)
        scope = Scope(
            kind=job.kind,
            tables=planned,
            restarts=restarts(oids, job, catalog),
            seeded=followers(oids, job, catalog) if seeded else (),
        )
    return replace(scope, trust=trust_in(job, catalog, scope))


def plan(
    job: ResetJob,
    catalog: Catalog,
    measured: Measured,
    *,
    seeds: tuple[Seed, ...] = (),
    expected_hash: str | None = None,
) -> Plan:
    """Decide; with a hash, also whether it is still what somebody agreed to."""
    scope = scope_of(job, catalog, seeded=bool(seeds))
    case = Case(
        job=job,
        catalog=catalog,
        measured=measured,
        scope=scope,
        relations={relation.oid: relation for relation in catalog.relations},
        seeds=seeds,
        hash=fingerprint(job, catalog, scope, seeds),
        expected_hash=expected_hash,
    )
    return Plan(
        job=job,
        catalog=catalog,
        tables=tuple(
            _emptied(table, measured.sizes.get(table.oid)) for table in scope.emptied
        ),
        sequences=(*_restarted(case), *_advanced(case)),
        seeds=seeds,
        triggers=tuple(_triggers(case)),
        event_triggers=tuple(_event_triggers(case)),
        not_restarted=_left(case),
        locks=_locks(case),
        gates=verdicts(case),
        unmatched=tuple(unmatched(case)),
        uncovered=tuple(uncovered(case)),
        hints=tuple(hints(case)),
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
        if each.computed:
            continue
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


def _triggers(case: Case) -> Iterator[FiredTrigger]:
    functions = {each.oid: each.signature for each in case.catalog.functions}
    emptied = {table.oid for table in case.scope.emptied}
    for each in case.catalog.triggers:
        if each.table_oid in emptied:
            yield FiredTrigger(
                name=each.name,
                table=case.name_of(each.table_oid),
                function=functions.get(each.function_oid, "?"),
                firing=firing(each.mode),
            )


def _event_triggers(case: Case) -> Iterator[FiredTrigger]:
    functions = {each.oid: each.signature for each in case.catalog.functions}
    for each in case.catalog.event_triggers if case.scope.alters_sequences else ():
        yield FiredTrigger(
            name=each.name,
            event=each.event,
            tags=tuple(each.tags),
            function=functions.get(each.function_oid, "?"),
            firing=firing(each.mode),
        )


def _left(case: Case) -> tuple[NotRestarted, ...]:
    if case.job.kind is not JobKind.RESET:
        return ()
    restarted = {each.oid for each in case.scope.restarts}
    return not_restarted(case.scope.table_oids, restarted, case.catalog)


def _locks(case: Case) -> LockNeed:
    """Of tables, what belongs to them, sequences, and what every run needs beside."""
    tables = sum(table.relation.locks for table in case.scope.tables)
    sequences = {each.oid for each in (*case.scope.chosen, *case.scope.moved)}
    return LockNeed(
        needed=tables + len(sequences) + _LOCKS_BESIDE,
        available=case.catalog.server.lock_slots,
    )
