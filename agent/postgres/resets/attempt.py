"""The steps of a run inside its transaction: fence, locks, plan again, effect, check."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta

from psycopg import errors
from psycopg.rows import scalar_row
from psycopg.types.json import Jsonb

from agent.domain.resets.job import JobKind, ResetJob
from agent.domain.resets.plan import Plan, scope_of
from agent.domain.resets.runs import Done, Refused, Run, Work
from agent.domain.wording import counted
from agent.errors import BusyError
from agent.postgres.connect import BoundedConnection
from agent.postgres.facts.names import Named, NamesMovedError
from agent.postgres.queries import query
from agent.postgres.reading import ReadOnly
from agent.postgres.resets import effects
from agent.postgres.resets.bounds import LONGEST_STATEMENT, bound, bound_run
from agent.postgres.resets.checking import (
    figures_after,
    figures_before,
    planned_tables,
)
from agent.postgres.resets.effects import NotLockedError
from agent.postgres.resets.following import advance, follow_rows
from agent.postgres.resets.holders import WantedLock, holders_of
from agent.postgres.resets.proof import (
    VerificationError,
    held,
    prove_locked,
    prove_names,
    proven,
)
from agent.postgres.resets.seeding import SeedRunner
from agent.postgres.resets.steps import step
from agent.postgres.targets import TargetSession
from agent.services.planning import plan_job


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
        except (NotLockedError, NamesMovedError):
            again = self._planned_again(first)
            if again.allowed:
                raise
            return Refused(plan=again, attempts=self.number)
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
        with self._step("writing that it is done"):
            written = self.connection.execute(query("run_succeeded"), parameters)
        if not written.rowcount:
            raise VerificationError("the tick was taken away while it was worked on")

    def held_up(self, planned: Plan, error: BusyError) -> BusyError:
        """The error, and who is in the way; to be asked when all is rolled back."""
        oids = {each.oid for each in planned_tables(planned)} | self._sequences(planned)
        holders = holders_of(
            ReadOnly(connection=self.connection, deadlines=self.session.deadlines),
            oids,
            wanted=WantedLock.SHARE_ROW_EXCLUSIVE
            if self._moves_only
            else WantedLock.ACCESS_EXCLUSIVE,
        )
        return BusyError(f"{error}; held by {', '.join(holders)}") if holders else error

    @property
    def _moves_only(self) -> bool:
        return self.job.kind is JobKind.RESYNC

    def _step(self, doing: str) -> AbstractContextManager[None]:
        return step(doing, self.told)

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
        tables, patience = planned_tables(planned), self.work.lock_timeout
        end = self.session.clock.monotonic() + patience.total_seconds()
        before = held(self.connection)
        with self._step(f"locking {counted(len(tables), 'table')}"):
            try:
                with self.connection.transaction():
                    bound(self.connection, statement=patience, lock=patience)
                    effects.lock(self.connection, tables, writers_only=self._moves_only)
                    left = self._left(end)
                    bound(self.connection, statement=left, lock=left)
                    prove_locked(
                        self.connection,
                        tables,
                        before=before,
                        writers_only=self._moves_only,
                    )
                    effects.hold(self.connection, self._sequences(planned))
            except (errors.QueryCanceled, errors.LockNotAvailable) as error:
                raise BusyError(
                    f"the tables could not all be locked within {patience.total_seconds():g} s"
                ) from error
        left = self._left(end)
        bound(self.connection, statement=LONGEST_STATEMENT, lock=left)
        return left

    def _left(self, end: float) -> timedelta:
        return timedelta(seconds=end - self.session.clock.monotonic())

    def _sequences(self, planned: Plan) -> set[int]:
        """Those that may be moved, by oid; where there are seeds, also by rows of these."""
        jobs = [self.job]
        if self.work.seeds:
            jobs.append(replace(self.job, kind=JobKind.RESYNC))
        return {
            each.oid for job in jobs for each in scope_of(job, planned.catalog).chosen
        }

    def _planned_again(self, first: Plan) -> Plan:
        """Under the locks, counted exactly; any difference refuses."""
        with self._step("counting rows"):
            return plan_job(
                self.job,
                self.session,
                seeds=self.work.seeds,
                exact=True,
                expected_hash=first.hash,
            )

    def _done(self, planned: Plan, patience: timedelta) -> Done:
        before = figures_before(planned)
        # Each sequence may be waited for, and all the tables are locked meanwhile.
        share = patience / (len(planned.sequences) + 1)
        bound(self.connection, statement=LONGEST_STATEMENT, lock=share)
        if self._moves_only:
            planned = self._advanced(planned)
            before = figures_before(planned)
        else:
            self._empty(planned)
            self._seed(planned)
        with self._step("running what was put off to the commit"):
            effects.bring_forward(self.connection)
        seeded = bool(self.work.seeds) and not self._moves_only
        if seeded:
            with self._step("moving sequences past the seeded rows"):
                follow_rows(self.session, planned)
        with self._step("checking what was done"):
            after = figures_after(self.session, planned, seeded=seeded)
        return Done(plan=planned, before=before, after=after, attempts=self.number)

    def _advanced(self, planned: Plan) -> Plan:
        with self._step(f"moving {counted(len(planned.sequences), 'sequence')}"):
            moved = advance(self.session, planned.sequences)
        return replace(planned, sequences=moved)

    def _empty(self, planned: Plan) -> None:
        tables = planned_tables(planned)
        sequences = [each.definition for each in planned.sequences]
        listed = [each.definition for each in planned.sequences if not each.owned]
        with (
            self._step(f"emptying {counted(len(tables), 'table')}"),
            proven(self.connection, tables=tables, sequences=sequences),
        ):
            effects.truncate(self.connection, tables)
            effects.restart(self.connection, listed)

    def _seed(self, planned: Plan) -> None:
        """Run the seeds, which go by names, while these lead where they did."""
        tables: list[Named] = [*planned_tables(planned)]
        named = [*tables, *(each.definition for each in planned.sequences)]
        patience = self.work.lock_timeout
        bound(self.connection, statement=LONGEST_STATEMENT, lock=patience)
        for each in self.work.seeds:
            prove_names(self.connection, named)
            # It tells by itself what it does.
            with step(f"running {each.name}", lambda _: None):
                self.seeding.run(each)
        prove_names(self.connection, named)
