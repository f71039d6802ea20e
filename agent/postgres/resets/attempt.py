"""The steps of a run inside its transaction: fence, locks, plan again, effect, check."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from psycopg import errors
from psycopg.rows import scalar_row
from psycopg.types.json import Jsonb

from agent.domain.resets.facts import Measured, Relation
from agent.domain.resets.job import JobKind, ResetJob
from agent.domain.resets.plan import MovedSequence, Plan, plan, scope_of
from agent.domain.resets.runs import Done, Figures, Refused, Run, Work
from agent.domain.sequences import At, SequenceDefinition, Unused
from agent.errors import AgentError, BusyError
from agent.postgres.connect import BoundedConnection
from agent.postgres.queries import query
from agent.postgres.resets import effects
from agent.postgres.resets.bounds import LONGEST_STATEMENT, bound, bound_run
from agent.postgres.resets.seeding import SeedRunner
from agent.postgres.targets import TargetSession
from agent.services.planning import plan_job


class VerificationError(AgentError):
    """What was done is not what was planned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at a run, each step of it in a transaction that is open already.

    `session` looks at the target over the same connection, `seeding` runs seeds on it.
    """

    connection: BoundedConnection
    session: TargetSession
    run: Run
    job: ResetJob
    work: Work
    seeding: SeedRunner
    number: int
    told: Callable[[str], None]

    def begin(self) -> None:
        """The first thing in the transaction: what the session is like before us."""
        if self.work.seeds:
            self.seeding.begin()

    def planned(self) -> Plan | Refused:
        """What there is to do; what refuses, mostly does so before anybody waits."""
        first = plan_job(
            self.job,
            self.session,
            seeds=self.work.seeds,
            expected_hash=self.work.expected_hash,
        )
        if first.may_wait:
            self.seeding.prepare(self.work.seeds)
            return first
        return Refused(plan=first, attempts=self.number)

    def outcome(self, first: Plan) -> Done | Refused:
        """Done is to be recorded and committed, all else to be rolled back."""
        bound_run(self.connection, lock=self.work.lock_timeout)
        self._hold_marker()
        try:
            patience = self._lock(first)
        except errors.UndefinedTable:
            return Refused(plan=self._planned_again(first), attempts=self.number)
        second = self._planned_again(first)
        if not second.allowed:
            return Refused(plan=second, attempts=self.number)
        return self._done(second, patience)

    def record(self, done: Done) -> None:
        """Write that it is done, in the transaction in which it is."""
        parameters = {
            "run_id": self.run.run_id,
            "plan_sha256": done.plan.hash,
            "before": Jsonb(done.before.document()),
            "after": Jsonb(done.after.document()),
            "attempts": self.number,
        }
        if not self.connection.execute(query("run_succeeded"), parameters).rowcount:
            raise VerificationError("the tick was taken away while it was worked on")

    def _hold_marker(self) -> None:
        """From here on whoever disarms waits, or has come first and is seen.

        Without the function, or the right to it, nobody would wait for us: then the run
        fails, whatever the marker says.
        """
        with self.connection.cursor(row_factory=scalar_row) as cursor:
            if cursor.execute(query("run_hold_marker")).fetchone() != 1:
                raise VerificationError("there is no marker to be held")

    def _lock(self, planned: Plan) -> timedelta:
        """Wait no longer than agreed for all locks together, for others wait behind.

        What is left of the patience.
        """
        tables = _tables(planned)
        self.told(f"locking {len(tables)} tables")
        patience = self.work.lock_timeout
        began = self.session.clock.monotonic()
        with self.connection.transaction():
            bound(self.connection, statement=patience, lock=patience)
            try:
                effects.lock(
                    self.connection,
                    tables,
                    writers_only=self.job.kind is JobKind.RESYNC,
                )
            except errors.QueryCanceled as error:
                raise BusyError(
                    f"the tables could not all be locked within {patience.total_seconds():g} s"
                ) from error
            bound(self.connection, statement=LONGEST_STATEMENT, lock=patience)
        return patience - timedelta(seconds=self.session.clock.monotonic() - began)

    def _planned_again(self, first: Plan) -> Plan:
        """Under the locks, counted exactly; any difference refuses."""
        self.told("counting rows")
        return plan_job(
            self.job,
            self.session,
            seeds=self.work.seeds,
            exact=True,
            expected_hash=first.hash,
        )

    def _done(self, planned: Plan, patience: timedelta) -> Done:
        sequences = [each.definition for each in planned.sequences]
        standing = effects.positions(self.connection, sequences)
        before = Figures(rows=_rows(planned), values=_values(sequences, standing))
        # Each sequence may be waited for, and all the tables are locked meanwhile.
        each = patience / (len(sequences) + 1)
        bound(self.connection, statement=LONGEST_STATEMENT, lock=each)
        if self.job.kind is JobKind.RESYNC:
            self.told(f"moving {len(sequences)} sequences")
            effects.advance(self.connection, planned.sequences)
            rows: Mapping[str, int] = {}
        else:
            self._empty(planned)
            rows = self._filled(planned)
        standing = effects.positions(self.connection, sequences)
        after = Figures(rows=rows, values=_values(sequences, standing))
        self._check(planned, after, standing)
        return Done(plan=planned, before=before, after=after, attempts=self.number)

    def _empty(self, planned: Plan) -> None:
        tables = _tables(planned)
        self.told(f"emptying {len(tables)} tables")
        effects.truncate(self.connection, tables)
        effects.restart(
            self.connection, [s.definition for s in planned.sequences if not s.owned]
        )

    def _filled(self, planned: Plan) -> Mapping[str, int]:
        """Run the seed files, and let sequences follow the rows; rows by table."""
        patience = self.work.lock_timeout
        bound(self.connection, statement=LONGEST_STATEMENT, lock=patience)
        for each in self.work.seeds:
            self.seeding.run(each)
        if self.work.seeds:
            self._follow_rows()
        catalog = planned.catalog
        sizes = self.session.measured(
            catalog, scope_of(self.job, catalog), exact=True
        ).sizes
        names = {each.oid: each.qualified for each in catalog.relations}
        return {
            names[oid]: size.rows
            for oid, size in sizes.items()
            if isinstance(size.rows, int)
        }

    def _follow_rows(self) -> None:
        effects.advance(self.connection, self._behind())
        for each in self._behind():
            name = each.definition.qualified
            raise VerificationError(f"sequence {name!r} is behind the seeded rows")

    def _behind(self) -> Sequence[MovedSequence]:
        """Sequences of the emptied tables that seeded rows have left behind."""
        job = replace(self.job, kind=JobKind.RESYNC)
        catalog = self.session.catalog()
        scope = scope_of(job, catalog)
        measured = self.session.measured(catalog, scope, exact=True)
        sequences = [each.sequence.definition for each in scope.followers]
        # Ours to read, whatever `measured` says of sequences that somebody has locked.
        standing = effects.positions(self.connection, sequences)
        now = Measured(
            sizes=measured.sizes, positions=standing, furthest=measured.furthest
        )
        return plan(job, catalog, now).sequences

    def _check(
        self, planned: Plan, after: Figures, standing: Mapping[int, Unused | At]
    ) -> None:
        if self.job.kind is JobKind.RESYNC or not self.work.seeds:
            for each in planned.sequences:
                wanted = At(each.after) if each.called else Unused(each.after)
                if standing[each.definition.oid] != wanted:
                    raise VerificationError(
                        f"sequence {each.definition.qualified!r} did not come to stand"
                        f" at {each.after}"
                    )
        if not self.work.seeds and any(after.rows.values()):
            raise VerificationError("a table is not empty after TRUNCATE")


def _tables(planned: Plan) -> list[Relation]:
    if planned.job.kind is JobKind.RESYNC:
        return [t.relation for t in scope_of(planned.job, planned.catalog).tables]
    return [each.table.relation for each in planned.tables]


def _rows(planned: Plan) -> Mapping[str, int]:
    return {t.table.relation.qualified: t.rows for t in planned.tables if t.rows}


def _values(
    sequences: Sequence[SequenceDefinition], standing: Mapping[int, Unused | At]
) -> Mapping[str, int]:
    """As the sequences themselves store it."""
    return {s.qualified: _stored(standing[s.oid]) for s in sequences}


def _stored(position: Unused | At) -> int:
    return position.last_value if isinstance(position, At) else position.next_value
