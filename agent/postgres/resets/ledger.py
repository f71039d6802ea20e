"""The ledger of a target: who has which tick, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg import errors
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from agent.domain.resets.ledger import RunRecord, Status
from agent.domain.resets.runs import Tick
from agent.errors import NoLedgerError
from agent.postgres.connect import BoundedConnection
from agent.postgres.errors import told_as_query_error
from agent.postgres.queries import query
from agent.postgres.resets.bounds import bound

_BRIEFLY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class LostRun:
    """A tick that was claimed by somebody who is gone."""

    run_id: UUID
    job: str
    trigger: str
    scheduled_for: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Id:
    run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fate:
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _At:
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record(RunRecord):
    """A row of run_list.sql."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", Status(self.status))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Short transactions of their own, on an idle connection that may write."""

    connection: BoundedConnection
    database: str
    agent: str

    def claim(self, tick: Tick) -> UUID | None:
        """The id of the run; None when somebody else has the tick.

        Raises NoLedgerError.
        """
        try:
            with (
                self.connection.transaction(),
                self.connection.cursor(row_factory=class_row(_Id)) as cursor,
            ):
                row = cursor.execute(query("run_claim"), self._of(tick)).fetchone()
        except (
            errors.UndefinedTable,
            errors.InvalidSchemaName,
            errors.InsufficientPrivilege,
            errors.ReadOnlySqlTransaction,
        ) as error:
            reason = error.diag.message_primary or "it cannot be written"
            raise NoLedgerError(f"no tick can be claimed: {reason}") from error
        return row.run_id if row else None

    def note(self, tick: Tick, status: Status, reason: str) -> None:
        """Write down a tick that nobody claimed."""
        with self._told(), self.connection.transaction():
            self.connection.execute(
                query("run_note"),
                {**self._of(tick), "status": status.value, "reason": reason},
            )

    def ended(
        self,
        run_id: UUID,
        status: Status,
        *,
        reason: str | None,
        plan_sha256: str | None,
        attempts: int,
        started_at: datetime,
    ) -> None:
        """Say how a claimed tick ended that had no effect."""
        with self._told(), self.connection.transaction():
            # Before 14 a backend whose agent let go has the row to its statement's end.
            bound(self.connection, statement=_BRIEFLY, lock=_BRIEFLY)
            self.connection.execute(
                query("run_ended"),
                {
                    "run_id": run_id,
                    "status": status.value,
                    "reason": reason,
                    "plan_sha256": plan_sha256,
                    "attempts": attempts,
                    "started_at": started_at,
                },
            )

    def fate(self, run_id: UUID) -> Status | None:
        """What a run came to whose transaction is over; None while it may go on."""
        with (
            self._told(),
            self.connection.cursor(row_factory=class_row(_Fate)) as cursor,
        ):
            row = cursor.execute(query("run_fate"), {"run_id": run_id}).fetchone()
            return Status(row.status) if row else None

    def mark_lost(self, job: str | None = None) -> list[LostRun]:
        """Give up ticks of a job, or of all, whose backend is gone; tell which."""
        with (
            self._told(),
            self.connection.transaction(),
            self.connection.cursor(row_factory=class_row(LostRun)) as cursor,
        ):
            return cursor.execute(query("run_lost"), {"job": job}).fetchall()

    def last_scheduled(self, job: str) -> RunRecord | None:
        """The newest tick of the job's schedule that anybody had."""
        with (
            self._told(),
            self.connection.cursor(row_factory=class_row(_Record)) as cursor,
        ):
            return cursor.execute(query("run_last_scheduled"), {"job": job}).fetchone()

    def newest(self, job: str, *, limit: int) -> tuple[RunRecord, ...]:
        with (
            self._told(),
            self.connection.cursor(row_factory=class_row(_Record)) as cursor,
        ):
            parameters = {"job": job, "limit": limit}
            return tuple(cursor.execute(query("run_list"), parameters).fetchall())

    def last_success(self, job: str) -> datetime | None:
        with self._told(), self.connection.cursor(row_factory=class_row(_At)) as cursor:
            row = cursor.execute(query("run_last_success"), {"job": job}).fetchone()
            return row.at if row else None

    def _told(self) -> AbstractContextManager[None]:
        return told_as_query_error(self.database)

    def _of(self, tick: Tick) -> Mapping[str, object]:
        schedule = None if tick.schedule is None else {"schedule": tick.schedule}
        return {
            "job": tick.job,
            "trigger": tick.trigger,
            "scheduled_for": tick.scheduled_for,
            "agent": self.agent,
            "schedule": None if schedule is None else Jsonb(schedule),
        }
