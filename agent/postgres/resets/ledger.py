"""The ledger of a target: who has which tick, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg import errors
from psycopg.rows import class_row, scalar_row
from psycopg.types.json import Jsonb

from agent.domain.pace import Deadlines
from agent.domain.resets.ledger import RunRecord, Status
from agent.domain.resets.runs import SCHEDULED, Early, Tick
from agent.errors import BusyError, NoLedgerError
from agent.postgres.connect import BoundedConnection, milliseconds
from agent.postgres.errors import one_line, storable, told_as_query_error
from agent.postgres.facts.schema import schema_fault
from agent.postgres.queries import query
from agent.postgres.reading import ReadOnly

# How long a statement of a few rows may take, and wait for whoever holds the ledger.
_BRIEFLY = timedelta(seconds=5)
# How long a run may be silent between its transactions before it is given up.
SILENCE = timedelta(seconds=20)

_UNWRITABLE = (
    errors.UndefinedTable,
    errors.UndefinedColumn,
    errors.InvalidSchemaName,
    errors.InsufficientPrivilege,
    errors.ReadOnlySqlTransaction,
    errors.WrongObjectType,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LostRun:
    """A tick that was claimed by somebody who is gone."""

    run_id: UUID
    job: str
    trigger: str
    scheduled_for: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record(RunRecord):
    """A row of run_list.sql."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", Status(self.status))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Short transactions of their own, on an idle connection that may write.

    Every method raises NoLedgerError where there is no ledger that `arm` made, BusyError
    where somebody else holds it, and DatabaseQueryError.
    """

    connection: BoundedConnection
    database: str
    agent: str

    def claim(self, tick: Tick) -> UUID | Early | None:
        """The id of the run; None when somebody else has the tick."""
        with self._written():
            if ahead := self._ahead(tick):
                return ahead
            self.connection.execute(query("run_make_way"), self._of(tick))
            with self.connection.cursor(row_factory=scalar_row) as cursor:
                run_id = cursor.execute(query("run_claim"), self._of(tick)).fetchone()
        return run_id if isinstance(run_id, UUID) else None

    def note(self, tick: Tick, status: Status, reason: str) -> None:
        """Write down a tick that nobody claimed."""
        with self._written():
            parameters = {"status": status.value, "reason": self._storable(reason)}
            self.connection.execute(query("run_note"), self._of(tick) | parameters)

    def touch(self, run_id: UUID) -> None:
        """Say that a claimed run goes on, between two transactions of it."""
        with self._written():
            self.connection.execute(query("run_touch"), {"run_id": run_id})

    def ended(
        self,
        run_id: UUID,
        status: Status,
        *,
        reason: str | None,
        plan_sha256: str | None,
        attempts: int,
        seconds: float,
    ) -> None:
        """Say how a claimed tick ended that had no effect, after so many seconds."""
        with self._written():
            self.connection.execute(
                query("run_ended"),
                {
                    "run_id": run_id,
                    "status": status.value,
                    "reason": None if reason is None else self._storable(reason),
                    "plan_sha256": plan_sha256,
                    "attempts": attempts,
                    "seconds": seconds,
                },
            )

    def fate(self, run_id: UUID) -> Status | None:
        """What a run came to whose transaction is over; None while it may go on."""
        with (
            self._written(),
            self.connection.cursor(row_factory=scalar_row) as cursor,
        ):
            status = cursor.execute(query("run_fate"), {"run_id": run_id}).fetchone()
        return None if status is None else Status(status)

    def mark_lost(self, job: str | None = None) -> list[LostRun]:
        """Give up ticks of a job, or of all, that nobody is at work on; tell which."""
        with (
            self._written(),
            self.connection.cursor(row_factory=class_row(LostRun)) as cursor,
        ):
            parameters = {"job": job, "silence": SILENCE.total_seconds()}
            return cursor.execute(query("run_lost"), parameters).fetchall()

    def last_scheduled(self, job: str, job_sha256: str) -> RunRecord | None:
        """The newest tick of the job's schedule that anybody had in its time."""
        with (
            self._read(),
            self.connection.cursor(row_factory=class_row(_Record)) as cursor,
        ):
            wanted = self._job(job, job_sha256)
            return cursor.execute(query("run_last_scheduled"), wanted).fetchone()

    def newest(self, job: str, *, limit: int) -> tuple[RunRecord, ...]:
        """The last rows of all jobs of this name, the newest first."""
        with (
            self._read(),
            self.connection.cursor(row_factory=class_row(_Record)) as cursor,
        ):
            parameters = {"job": self._storable(job), "limit": limit}
            return tuple(cursor.execute(query("run_list"), parameters).fetchall())

    def last_success(self, job: str, job_sha256: str) -> datetime | None:
        at = self._scalar("run_last_success", self._job(job, job_sha256))
        return at if isinstance(at, datetime) else None

    def strangers(self, job: str, job_sha256: str) -> int:
        """How many ticks of the last day were of another job of the same name."""
        number = self._scalar("run_strangers", self._job(job, job_sha256))
        return number if isinstance(number, int) else 0

    def prune(self) -> int:
        """Delete what is too old or too many; how many rows that were."""
        with (
            self._written(),
            self.connection.cursor(row_factory=scalar_row) as cursor,
        ):
            number = cursor.execute(query("run_prune")).fetchone()
        return number if isinstance(number, int) else 0

    def hold(self) -> None:
        """Make sure, within a transaction that is open, that the ledger is `arm`'s own.

        To its end nobody can add to the table what would run as us.
        """
        self.connection.execute(query("run_lock_ledger"))
        self._refuse_what_arm_did_not_make()

    @contextmanager
    def _written(self) -> Iterator[None]:
        """A transaction that may write, or that waits for others who do."""
        with self._brief():
            self.hold()
            yield

    @contextmanager
    def _read(self) -> Iterator[None]:
        """A transaction that only reads; a role that may no more can have it too."""
        with self._brief():
            self._refuse_what_arm_did_not_make()
            yield

    def _refuse_what_arm_did_not_make(self) -> None:
        deadlines = Deadlines(statement=_BRIEFLY, lock=_BRIEFLY)
        reading = ReadOnly(connection=self.connection, deadlines=deadlines)
        if fault := schema_fault(reading):
            raise NoLedgerError(fault)

    @contextmanager
    def _brief(self) -> Iterator[None]:
        before = self.connection.patience
        self.connection.patience = _BRIEFLY * 2
        try:
            with self._in_words(), self.connection.transaction():
                timeout = {"timeout": milliseconds(_BRIEFLY)}
                self.connection.execute(query("run_ledger_settings"), timeout)
                yield
        finally:
            self.connection.patience = before

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        with told_as_query_error(self.database):
            try:
                yield
            except _UNWRITABLE as error:
                reason = error.diag.message_primary or "it cannot be written"
                raise NoLedgerError(
                    f"the ledger sequence_agent.job_run cannot be used: {reason}"
                ) from error
            except (errors.LockNotAvailable, errors.QueryCanceled) as error:
                raise BusyError(
                    f"the ledger could not be had within {_BRIEFLY.total_seconds():g} s:"
                    f" {one_line(error)}"
                ) from error

    def _ahead(self, tick: Tick) -> Early | None:
        if tick.trigger != SCHEDULED:
            return None
        seconds = self._one("run_ahead", {"moment": tick.scheduled_for})
        if not isinstance(seconds, float) or seconds <= 0:
            return None
        return Early(ahead=timedelta(seconds=seconds))

    def _scalar(self, name: str, parameters: Mapping[str, object]) -> object:
        with self._read():
            return self._one(name, parameters)

    def _one(self, name: str, parameters: Mapping[str, object]) -> object:
        with self.connection.cursor(row_factory=scalar_row) as cursor:
            return cursor.execute(query(name), parameters).fetchone()

    def _of(self, tick: Tick) -> dict[str, object]:
        schedule = None if tick.schedule is None else {"schedule": tick.schedule}
        return {
            **self._job(tick.job, tick.job_sha256),
            "trigger": tick.trigger,
            "scheduled_for": tick.scheduled_for,
            "agent": self._storable(self.agent),
            "schedule": None if schedule is None else Jsonb(schedule),
        }

    def _job(self, job: str, job_sha256: str) -> dict[str, object]:
        return {"job": self._storable(job), "job_sha256": job_sha256}

    def _storable(self, text: str) -> str:
        return storable(text, self.connection)
