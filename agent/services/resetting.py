"""One tick of a job, from the claim to its ending: one effect or none, and a record."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import structlog

from agent.domain.resets.job import ResetJob
from agent.domain.resets.ledger import RunRecord, Status
from agent.domain.resets.plan import Plan
from agent.domain.resets.runs import (
    Done,
    Ending,
    Failed,
    Outcome,
    Refused,
    Run,
    Skipped,
    Taken,
    Tick,
    Uncertain,
    Work,
)
from agent.domain.resets.seeds import Seed
from agent.domain.wording import counted
from agent.errors import AgentError, BusyError, NoLedgerError
from agent.ports import Clock

log = structlog.get_logger()

_FIRST_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(seconds=30)
_ASK_AGAIN_AFTER = timedelta(seconds=1)
_ASK_FOR = timedelta(seconds=30)


class Ledger(Protocol):
    """What a target keeps of the runs in it."""

    def claim(self, tick: Tick) -> UUID | None: ...
    def note(self, tick: Tick, status: Status, reason: str) -> None: ...
    def ended(
        self,
        run_id: UUID,
        status: Status,
        *,
        reason: str | None,
        plan_sha256: str | None,
        attempts: int,
        started_at: datetime,
    ) -> None: ...
    def fate(self, run_id: UUID) -> Status | None: ...
    def newest(self, job: str, *, limit: int) -> tuple[RunRecord, ...]: ...
    def last_success(self, job: str) -> datetime | None: ...


class Worker(Protocol):
    """A connection to a target on which runs are carried out."""

    @property
    def ledger(self) -> Ledger: ...
    def plan(self, job: ResetJob) -> Plan: ...
    def perform(
        self,
        run: Run,
        job: ResetJob,
        work: Work,
        *,
        attempt: int,
        told: Callable[[str], None],
    ) -> Done | Refused | Skipped | Uncertain: ...


Open = Callable[[], AbstractContextManager[Worker]]


class Resetter:
    """Carries out ticks of one job on its target."""

    def __init__(
        self,
        job: ResetJob,
        open_worker: Open,
        *,
        clock: Clock,
        stopping: threading.Event,
        told: Callable[[str], None] = lambda _: None,
        reopen: Open | None = None,
        seeds: Callable[[], tuple[Seed, ...]] = tuple,
    ) -> None:
        """`stopping` ends all waiting; `told` hears in words what is being done.

        `seeds` reads them, once a tick is claimed; what it raises ends the run.

        `reopen` is for asking and writing down how a run ended, after the connection
        broke or was given up; it should not heed `stopping`.
        """
        self._job = job
        self._open = open_worker
        self._clock = clock
        self._stopping = stopping
        self._told = told
        self._reopen = reopen or open_worker
        self._seeds = seeds

    def run(self, tick: Tick, work: Work) -> Outcome:
        """Claim the tick and do what it asks for; whatever went wrong is the outcome."""
        try:
            with self._open() as worker:
                run_id = self._claimed(worker, tick)
                if run_id is None:
                    return Taken()
                return self._run_claimed(worker, Run(run_id=run_id, tick=tick), work)
        except _UnrecordedError as unrecorded:
            return unrecorded.ending
        except AgentError as error:
            return Failed(reason=str(error))

    def _claimed(self, worker: Worker, tick: Tick) -> UUID | None:
        try:
            return worker.ledger.claim(tick)
        except NoLedgerError as error:
            plan = worker.plan(self._job)
            # Without a marker and a ledger the gates refuse; they say why.
            ending = Failed(reason=str(error)) if plan.allowed else Refused(plan=plan)
            raise _UnrecordedError(ending) from error

    def _run_claimed(self, worker: Worker, run: Run, work: Work) -> Ending:
        started_at = self._clock.now()
        ending = self._ending(worker, run, work)
        if isinstance(ending, Uncertain):
            ending = self._asked_for(run, ending)
        if not isinstance(ending, Done | Uncertain):
            self._write_down(worker, run, ending, started_at)
        return replace(ending, run_id=run.run_id)

    def _ending(self, worker: Worker, run: Run, work: Work) -> Ending:
        """The whole transaction again where a lock could not be had, nowhere else."""
        try:
            work = replace(work, seeds=work.seeds + self._seeds())
        except AgentError as error:
            return Failed(reason=str(error))
        reason = ""
        for attempt in range(1, work.attempts + 1):
            try:
                return worker.perform(
                    run, self._job, work, attempt=attempt, told=self._told
                )
            except BusyError as error:
                reason = str(error)
            except AgentError as error:
                return Failed(reason=str(error), attempts=attempt)
            if attempt < work.attempts:
                self._told(f"{reason}; trying again")
                if self._stopping.wait(_pause(attempt)):
                    return Failed(reason="the agent was stopped", attempts=attempt)
        return Failed(
            reason=f"{reason}; gave up after {counted(work.attempts, 'attempt')}",
            attempts=work.attempts,
        )

    def _asked_for(self, run: Run, uncertain: Uncertain) -> Ending:
        """Ask the server, when it is there again, what became of the transaction."""
        self._told("the answer to COMMIT was lost; asking what became of it")
        until = self._clock.monotonic() + _ASK_FOR.total_seconds()
        while self._clock.monotonic() < until:
            try:
                with self._reopen() as worker:
                    status = worker.ledger.fate(run.run_id)
            except AgentError:
                status = None
            if status is Status.SUCCEEDED:
                return uncertain.done
            if status is not None:
                return Failed(
                    reason=f"COMMIT failed: {uncertain.reason}",
                    attempts=uncertain.attempts,
                )
            if self._stopping.wait(_ASK_AGAIN_AFTER.total_seconds()):
                break
        return uncertain

    def _write_down(
        self, worker: Worker, run: Run, ending: Ending, started_at: datetime
    ) -> None:
        """On the same connection, or on another where that one broke."""
        try:
            _end(worker, run, ending, started_at)
        except AgentError:
            try:
                with self._reopen() as another:
                    _end(another, run, ending, started_at)
            except AgentError as error:
                # The row stays claimed, and is found to be lost later.
                log.warning(
                    "ending_not_recorded", run_id=str(run.run_id), error=str(error)
                )


class _UnrecordedError(Exception):
    """Carries an ending that no ledger could take."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending)
        self.ending = ending


def _end(worker: Worker, run: Run, ending: Ending, started_at: datetime) -> None:
    worker.ledger.ended(
        run.run_id,
        ending.status,
        reason=None if isinstance(ending, Done) else ending.reason,
        plan_sha256=ending.plan.hash if isinstance(ending, Refused) else None,
        attempts=ending.attempts,
        started_at=started_at,
    )


def _pause(attempt: int) -> float:
    """Longer each time, and never the same for two who wait for each other."""
    doubled: timedelta = _FIRST_PAUSE * 2 ** min(attempt - 1, 10)
    longest = min(doubled, _LONGEST_PAUSE).total_seconds()
    return random.uniform(longest / 2, longest)  # noqa: S311 - no secret
