"""The steps of a run inside its transaction: fence, locks, plan again, effect, check."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta

from psycopg import errors
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from agent.domain.resets.job import JobKind, ResetJob
from agent.domain.resets.plan import Plan, scope_of
from agent.domain.resets.runs import Done, Refused, Run, Skipped, Work
from agent.domain.wording import counted
from agent.errors import AgentError, BusyError
from agent.postgres.connect import BoundedConnection
from agent.postgres.facts.names import NamesMovedError
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
    proven,
)
from agent.postgres.resets.steps import is_of_the_connection, step
from agent.postgres.targets import TargetSession
from agent.services.planning import plan_job


class SeedError(AgentError):
    """A seed file could not be run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Yes:
    yes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at a run, each step of it in a transaction that is open already.

    `search_path` is the one that seed files are written for; `session` looks at the
    target over the same connection.
    """

    connection: BoundedConnection
    session: TargetSession
    run: Run
    job: ResetJob
    work: Work
    search_path: str
    number: int
    told: Callable[[str], None]

    def planned(self) -> Plan | Refused | Skipped:
        """What there is to do; what refuses, mostly does so before anybody waits."""
        if skipped := self._skipped():
            return skipped
        first = plan_job(self.job, self.session, expected_hash=self.work.expected_hash)
        if first.allowed or _perhaps_held(first):
            return first
        return Refused(plan=first, attempts=self.number)

    def outcome(self, first: Plan) -> Done | Refused | Skipped:
        """Done is to be recorded and committed, all else to be rolled back."""
        bound_run(self.connection, lock=self.work.lock_timeout)
        if skipped := self._skipped():
            return skipped
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

    def _skipped(self) -> Skipped | None:
        if not self._yes("run_try_lock"):
            return Skipped(reason="another run is at work in this database")
        if not self._yes("run_still_claimed"):
            return Skipped(reason="the tick was given up before it was begun")
        return None

    def _yes(self, name: str) -> bool:
        with self.connection.cursor(row_factory=class_row(_Yes)) as cursor:
            row = cursor.execute(query(name), {"run_id": self.run.run_id}).fetchone()
        return row is not None and row.yes

    def _hold_marker(self) -> None:
        """From here on whoever disarms waits, or has come first and is seen.

        Without the function or the right to it there is no marker that counts, and the
        gates say so.
        """
        try:
            with self.connection.transaction():
                self.connection.execute(query("run_hold_marker"))
        except (
            errors.UndefinedFunction,
            errors.InvalidSchemaName,
            errors.InsufficientPrivilege,
        ):
            return

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
                self.job, self.session, exact=True, expected_hash=first.hash
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
            self._seed()
        with self._step("running what was put off to the commit"):
            effects.bring_forward(self.connection)
        seeded = bool(self.work.seeds) and not self._moves_only
        if seeded:
            with self._step("moving sequences past the seeded rows"):
                follow_rows(self.session, self.job)
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

    def _seed(self) -> None:
        patience = self.work.lock_timeout
        bound(self.connection, statement=LONGEST_STATEMENT, lock=patience)
        for each in self.work.seeds:
            with self._step(f"running {each.name}"):
                try:
                    effects.seed(
                        self.connection, each.text, search_path=self.search_path
                    )
                except (errors.LockNotAvailable, errors.DeadlockDetected):
                    raise  # Another attempt may have it.
                except errors.Error as error:
                    if is_of_the_connection(error):
                        raise
                    reason = error.diag.message_primary or str(error)
                    raise SeedError(f"seed {each.name!r} failed: {reason}") from error


def _perhaps_held(first: Plan) -> bool:
    """Whether nothing refuses but what could not be read, as when others hold it.

    What is read under the locks decides, and those are waited for more than once.
    """
    uncounted = any(each.rows is None for each in first.tables)
    unread = {"unreadable", "rows_limit"} if uncounted else {"unreadable"}
    return {verdict.gate for verdict in first.refusals} <= unread
