"""One tick of a job, from the claim to its ending: one effect or none, and a record."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol
from uuid import UUID

import structlog

from agent.domain.resets.identity import job_sha256
from agent.domain.resets.job import ResetJob
from agent.domain.resets.ledger import Status
from agent.domain.resets.plan import Plan
from agent.domain.resets.runs import (
    Done,
    Early,
    Ending,
    Failed,
    Outcome,
    Refused,
    Run,
    Skipped,
    Taken,
    Tick,
    Uncertain,
    Waiting,
    Work,
)
from agent.domain.resets.seeds import Seed
from agent.domain.wording import counted
from agent.errors import AgentError, BusyError, NoLedgerError
from agent.ports import Clock

log = structlog.get_logger()

_FIRST_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(seconds=30)
_SHOWN_EVERY = timedelta(seconds=3)
_ASK_AGAIN_AFTER = timedelta(seconds=1)
_ASK_FOR = timedelta(seconds=30)


class Ledger(Protocol):
    """What a target keeps of the runs in it."""

    def claim(self, tick: Tick) -> UUID | Early | None: ...
    def note(self, tick: Tick, status: Status, reason: str) -> None: ...
    def touch(self, run_id: UUID) -> None: ...
    def ended(
        self,
        run_id: UUID,
        status: Status,
        *,
        reason: str | None,
        plan_sha256: str | None,
        attempts: int,
        seconds: float,
    ) -> None: ...
    def fate(self, run_id: UUID) -> Status | None: ...


class Worker(Protocol):
    """A connection to a target on which runs are carried out."""

    @property
    def ledger(self) -> Ledger: ...
    def plan(self, job: ResetJob, seeds: tuple[Seed, ...]) -> Plan: ...
    def perform(
        self,
        run: Run,
        job: ResetJob,
        work: Work,
        *,
        attempt: int,
        told: Callable[[str], None],
    ) -> Done | Refused | Skipped | Waiting | Uncertain: ...


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
        owned = replace(tick, job_sha256=job_sha256(self._job))
        try:
            claimed = self._claimed(owned, work)
            if isinstance(claimed, UUID):
                return self._run_claimed(Run(run_id=claimed, tick=owned), work)
        except AgentError as error:
            return Failed(reason=str(error))
        return claimed

    def _claimed(self, tick: Tick, work: Work) -> UUID | Outcome:
        """The id of the run, or what became of the tick without one."""
        while True:
            try:
                with self._open() as worker:
                    return self._claimed_by(worker, tick, work)
            except BusyError as error:
                self._told(f"{error}; trying again")
                if not self._may_wait(work) or self._stopping.wait(_pause(1)):
                    raise

    def _claimed_by(self, worker: Worker, tick: Tick, work: Work) -> UUID | Outcome:
        try:
            return worker.ledger.claim(tick) or Taken()
        except NoLedgerError as error:
            plan = worker.plan(self._job, work.seeds + self._seeds())
            # Without a marker and a ledger the gates refuse; they say why.
            return Failed(reason=str(error)) if plan.allowed else Refused(plan=plan)

    def _may_wait(self, work: Work) -> bool:
        return work.start_by is not None and self._clock.monotonic() < work.start_by

    def _run_claimed(self, run: Run, work: Work) -> Ending:
        began = self._clock.monotonic()
        try:
            ending = self._ending(run, work)
        except Exception as error:
            # A fault of our own: told by whoever calls us, and not as a loss.
            failed = Failed(reason=f"internal error: {error!r}")
            self._write_down(run, failed, seconds=self._clock.monotonic() - began)
            raise
        if isinstance(ending, Uncertain):
            ending = self._asked_for(run, ending)
        if not isinstance(ending, Done | Uncertain):
            self._write_down(run, ending, seconds=self._clock.monotonic() - began)
        return replace(ending, run_id=run.run_id)

    def _ending(self, run: Run, work: Work) -> Ending:
        """The whole transaction again where a lock could not be had, nowhere else."""
        try:
            work = replace(work, seeds=work.seeds + self._seeds())
        except AgentError as error:
            return Failed(reason=str(error))
        attempt = 1
        while isinstance(found := self._attempt(run, work, attempt), _Again):
            self._told(found.reason)
            if self._paused(run, _pause(attempt if found.counts else 1)):
                return Failed(reason="the agent was stopped", attempts=attempt)
            attempt += found.counts
        return found

    def _attempt(self, run: Run, work: Work, attempt: int) -> Ending | _Again:
        """One attempt, on a connection of its own.

        One that is idle between attempts may be cut off, by the server, a pooler or a
        firewall.
        """
        try:
            with self._open() as worker:
                found = worker.perform(
                    run, self._job, work, attempt=attempt, told=self._told
                )
        except BusyError as error:
            if attempt < work.attempts:
                return _Again(reason=f"{error}; trying again", counts=True)
            gave_up = f"gave up after {counted(attempt, 'attempt')}"
            return Failed(reason=f"{error}; {gave_up}", attempts=attempt)
        except AgentError as error:
            return Failed(reason=str(error), attempts=attempt)
        if not isinstance(found, Waiting):
            return found
        if self._may_wait(work):
            return _Again(reason=f"{found.reason}; waiting for it", counts=False)
        return Skipped(reason=found.reason, attempts=attempt)

    def _paused(self, run: Run, seconds: float) -> bool:
        """Wait between two attempts, and show that the run goes on; whether to stop."""
        until = self._clock.monotonic() + seconds
        while (left := until - self._clock.monotonic()) > 0:
            if self._stopping.wait(min(left, _SHOWN_EVERY.total_seconds())):
                return True
            # If it cannot be shown, the run may be given up by others: nothing is lost.
            with suppress(AgentError), self._open() as worker:
                worker.ledger.touch(run.run_id)
        return False

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

    def _write_down(self, run: Run, ending: Ending, *, seconds: float) -> None:
        try:
            with self._reopen() as worker:
                worker.ledger.ended(
                    run.run_id,
                    ending.status,
                    reason=ending.reason,
                    plan_sha256=ending.plan.hash
                    if isinstance(ending, Refused)
                    else None,
                    attempts=ending.attempts,
                    seconds=seconds,
                )
        except AgentError as error:
            # The row stays claimed, and is found to be lost later.
            log.warning("ending_not_recorded", run_id=str(run.run_id), error=str(error))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Again:
    """Another attempt is to be made; `counts` when it is one of the job's attempts."""

    reason: str
    counts: bool


def _pause(attempt: int) -> float:
    """Longer each time, and never the same for two who wait for each other."""
    doubled: timedelta = _FIRST_PAUSE * 2 ** min(attempt - 1, 10)
    longest = min(doubled, _LONGEST_PAUSE).total_seconds()
    return random.uniform(longest / 2, longest)  # noqa: S311 - no secret
