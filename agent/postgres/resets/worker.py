"""One run in one transaction on one backend; whatever goes wrong, nothing happened.

That a tick is done is written in the same transaction, so that both are there or neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import psycopg
from psycopg import errors, pq
from psycopg.rows import class_row, scalar_row

from agent.domain.resets.facts import Marker, Unknown
from agent.domain.resets.job import ResetJob
from agent.domain.resets.plan import Plan
from agent.domain.resets.runs import (
    Done,
    Refused,
    Run,
    Skipped,
    Uncertain,
    Waiting,
    Work,
)
from agent.domain.resets.seeds import Seed
from agent.errors import BusyError
from agent.postgres.connect import BoundedConnection, Endpoint, connection
from agent.postgres.errors import one_line, told_as_query_error
from agent.postgres.facts.marker import marker
from agent.postgres.queries import query
from agent.postgres.reading import ReadOnly
from agent.postgres.resets.attempt import Attempt
from agent.postgres.resets.bounds import LONGEST_STATEMENT
from agent.postgres.resets.committing import (
    LONGEST_COMMIT,
    UNACKNOWLEDGED,
    told_of_slow_commit,
)
from agent.postgres.resets.ledger import Ledger
from agent.postgres.resets.seeding import SeedRunner
from agent.postgres.targets import TargetSession
from agent.postgres.versions import supported_major
from agent.services.planning import plan_job


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """A row of run_try_lock.sql."""

    job_is_free: bool
    database_is_free: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerTime:
    """A row of run_server_time.sql."""

    now: datetime
    backend_pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A connection to a target on which runs are carried out and written down.

    `beside` opens a second one to the same database.
    """

    connection: BoundedConnection
    database: str
    session: TargetSession
    ledger: Ledger
    beside: Callable[[], AbstractContextManager[BoundedConnection]]

    def now(self) -> datetime:
        """What time it is on the server."""
        with told_as_query_error(self.database), self.connection.transaction():
            return self._server_time().now

    def plan(self, job: ResetJob, seeds: tuple[Seed, ...]) -> Plan:
        """What the job would do now; changes nothing."""
        with self.connection.transaction(force_rollback=True):
            return plan_job(job, self.session, seeds=seeds)

    def marker(self) -> Marker | Unknown:
        """What an administrator wrote into the database, or why it cannot be told."""
        with told_as_query_error(self.database):
            deadlines = self.session.deadlines
            return marker(ReadOnly(connection=self.connection, deadlines=deadlines))

    def perform(
        self,
        run: Run,
        job: ResetJob,
        work: Work,
        *,
        attempt: int,
        told: Callable[[str], None],
    ) -> Done | Refused | Skipped | Waiting | Uncertain:
        """One attempt; only Done, and perhaps Uncertain, leave anything behind.

        `told` hears in words what is being done. Raises AgentError, and of these
        BusyError where another attempt may succeed.
        """
        with told_as_query_error(self.database), _busy_told_apart(work.lock_timeout):
            this = Attempt(
                connection=self.connection,
                session=self.session,
                run=run,
                job=job,
                work=work,
                seeding=SeedRunner(
                    self.connection,
                    lock_timeout=work.lock_timeout,
                    clock=self.session.clock,
                    watch=self.beside,
                    told=told,
                ),
                number=attempt,
                told=told,
            )
            return self._carried_out(this)

    def _carried_out(
        self, attempt: Attempt
    ) -> Done | Refused | Skipped | Waiting | Uncertain:
        # In a transaction of its own: what pg_sequence_last_value locks, before 18,
        # is locked to the end, and would be had before the tables.
        with self.connection.transaction(force_rollback=True):
            planned = self._no_turn(attempt) or attempt.planned()
        if not isinstance(planned, Plan):
            return planned
        self.connection.begin(first=attempt.begin)
        try:
            outcome = self._no_turn(attempt) or attempt.outcome(planned)
            if not isinstance(outcome, Done):
                self.connection.execute("ROLLBACK")
                return outcome
            attempt.record(outcome)
            backend = self._server_time().backend_pid
        except BusyError as error:
            self._roll_back()
            raise attempt.held_up(planned, error) from error
        except BaseException:
            self._roll_back()
            raise
        attempt.told("committing")
        return self._committed(outcome, backend, attempt.told)

    def _no_turn(self, attempt: Attempt) -> Skipped | Waiting | None:
        """Why this run cannot go on now; None when nobody else is at work here."""
        self.ledger.hold()
        parameters = {"job_sha256": attempt.run.tick.job_sha256}
        with self.connection.cursor(row_factory=class_row(_Turn)) as cursor:
            [turn] = cursor.execute(query("run_try_lock"), parameters).fetchall()
        if not turn.job_is_free:
            return Skipped(reason="another run of this job is at work")
        if not turn.database_is_free:
            return Waiting(reason="another job is at work in this database")
        still_claimed = {"run_id": attempt.run.run_id}
        with self.connection.cursor(row_factory=scalar_row) as cursor:
            if not cursor.execute(query("run_still_claimed"), still_claimed).fetchone():
                return Skipped(reason="the tick was given up before it was begun")
        return None

    def _committed(
        self, done: Done, backend_pid: int, told: Callable[[str], None]
    ) -> Done | Uncertain:
        """A COMMIT that waits for a standby is cancelled in the end, and is one all the same."""
        self.connection.patience = LONGEST_COMMIT
        began = self.session.clock.monotonic()
        try:
            with told_of_slow_commit(self.beside, backend_pid, told):
                self.connection.execute("COMMIT")
        except psycopg.OperationalError as error:
            # From here on only the server knows.
            return Uncertain(done=done, reason=one_line(error))
        took = timedelta(seconds=self.session.clock.monotonic() - began)
        return replace(done, remark=UNACKNOWLEDGED) if took > LONGEST_COMMIT else done

    def _server_time(self) -> ServerTime:
        with self.connection.cursor(row_factory=class_row(ServerTime)) as cursor:
            [time] = cursor.execute(query("run_server_time")).fetchall()
        return time

    def _roll_back(self) -> None:
        """A transaction on a connection that broke is rolled back by the server."""
        if self.connection.info.transaction_status is not pq.TransactionStatus.UNKNOWN:
            self.connection.execute("ROLLBACK")


@contextmanager
def open_worker(
    endpoint: Endpoint,
    datname: str,
    *,
    agent: str,
    patience: timedelta = LONGEST_STATEMENT,
) -> Iterator[Worker]:
    """A connection that may write; `agent` is who the ledger says is at work.

    `patience` is for one statement. Raises DatabaseUnreachableError, DatabaseQueryError
    (also from the body) and UnsupportedServerError.
    """
    patient = replace(
        endpoint, deadlines=replace(endpoint.deadlines, statement=patience)
    )
    with connection(patient, datname) as opened:
        supported_major(opened)
        opened.read_only = False
        yield Worker(
            connection=opened,
            database=datname,
            session=TargetSession(
                connection=opened, deadlines=patient.deadlines, clock=endpoint.clock
            ),
            ledger=Ledger(connection=opened, database=datname, agent=agent),
            beside=partial(connection, endpoint, datname),
        )


@contextmanager
def _busy_told_apart(lock_timeout: timedelta) -> Iterator[None]:
    """What another attempt may cure, from what it would not."""
    try:
        yield
    except errors.LockNotAvailable as error:
        waited = f"{lock_timeout.total_seconds():g} s"
        raise BusyError(
            f"could not be locked within {waited}: {one_line(error)}"
        ) from error
    except errors.DeadlockDetected as error:
        raise BusyError(f"a deadlock was broken: {one_line(error)}") from error
