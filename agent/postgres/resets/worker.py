"""One run in one transaction on one backend; whatever goes wrong, nothing happened.

That a tick is done is written in the same transaction, so that both are there or neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import psycopg
from psycopg import IsolationLevel, errors, pq
from psycopg.rows import class_row

from agent.domain.resets.facts import Marker, Unknown
from agent.domain.resets.job import ResetJob
from agent.domain.resets.plan import Plan
from agent.domain.resets.runs import Done, Refused, Run, Skipped, Uncertain, Work
from agent.errors import BusyError
from agent.postgres.connect import BoundedConnection, Endpoint, connection
from agent.postgres.errors import one_line, told_as_query_error
from agent.postgres.facts.marker import marker
from agent.postgres.queries import query
from agent.postgres.reading import ReadOnly
from agent.postgres.resets.attempt import Attempt
from agent.postgres.resets.bounds import LONGEST_STATEMENT
from agent.postgres.resets.ledger import Ledger
from agent.postgres.targets import TargetSession
from agent.postgres.versions import supported_major
from agent.services.planning import plan_job


@dataclass(frozen=True, slots=True, kw_only=True)
class _SearchPath:
    search_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A connection to a target on which runs are carried out and written down."""

    connection: BoundedConnection
    database: str
    session: TargetSession
    ledger: Ledger

    def plan(self, job: ResetJob) -> Plan:
        """What the job would do now; changes nothing."""
        with self.connection.transaction(force_rollback=True):
            return plan_job(job, self.session)

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
    ) -> Done | Refused | Skipped | Uncertain:
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
                search_path=self._search_path(),
                number=attempt,
                told=told,
            )
            return self._carried_out(this)

    def _carried_out(self, attempt: Attempt) -> Done | Refused | Skipped | Uncertain:
        # In a transaction of its own: what pg_sequence_last_value locks, before 18,
        # is locked to the end, and would be had before the tables.
        with self.connection.transaction(force_rollback=True):
            planned = attempt.planned()
        if not isinstance(planned, Plan):
            return planned
        # Whatever the database's defaults are.
        self.connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
        try:
            outcome = attempt.outcome(planned)
            if not isinstance(outcome, Done):
                self.connection.execute("ROLLBACK")
                return outcome
            attempt.record(outcome)
        except BusyError as error:
            self._roll_back()
            raise attempt.held_up(planned, error) from error
        except BaseException:
            self._roll_back()
            raise
        attempt.told("committing")
        try:
            self.connection.execute("COMMIT")
        except psycopg.OperationalError as error:
            # From here on only the server knows.
            return Uncertain(done=outcome, reason=one_line(error))
        return outcome

    def _search_path(self) -> str:
        with self.connection.cursor(row_factory=class_row(_SearchPath)) as cursor:
            (row,) = cursor.execute(query("run_search_path")).fetchall()
        return row.search_path

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
        opened.isolation_level = IsolationLevel.READ_COMMITTED
        opened.read_only = False
        yield Worker(
            connection=opened,
            database=datname,
            session=TargetSession(
                connection=opened, deadlines=patient.deadlines, clock=endpoint.clock
            ),
            ledger=Ledger(connection=opened, database=datname, agent=agent),
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
