"""Which calls of the timer are due, by the monotonic clock.

APScheduler reads the wall clock alone: set back, it would wait for as long as the step,
and set ahead by years it would count every tick in between. Here a call has its time on
the monotonic clock, and APScheduler is told what that is on the wall.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from apscheduler.job import Job
from apscheduler.jobstores.base import BaseJobStore, ConflictingIdError, JobLookupError
from apscheduler.schedulers.base import BaseScheduler

from agent.ports import Clock


@dataclass(slots=True)
class _Timed:
    """A job of APScheduler, and when its next call is due on the monotonic clock."""

    job: Job
    due_at: float


@BaseJobStore.register
class MonotonicJobStore:
    """The jobs of a scheduler that only adds such as are due at once.

    APScheduler calls each method under one lock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._timed: dict[str, _Timed] = {}
        # What the wall clock showed when APScheduler last asked, and when that was.
        self._shown: datetime | None = None
        self._asked_at = clock.monotonic()

    def start(self, scheduler: BaseScheduler, alias: str) -> None:
        """What is there when the scheduler starts is due then, as what comes later."""

    def lookup_job(self, job_id: str) -> Job | None:
        timed = self._timed.get(job_id)
        return timed.job if timed else None

    def get_due_jobs(self, now: datetime) -> Sequence[Job]:
        """What is due, dated `now`: there is one tick to run, whatever the wall says."""
        self._shown, self._asked_at = now, self._clock.monotonic()
        due = [each.job for each in self._in_order() if each.due_at <= self._asked_at]
        for job in due:
            job.next_run_time = now
        return due

    def get_next_run_time(self) -> datetime | None:
        """When to ask again, by the wall clock as APScheduler saw it."""
        if not self._timed or self._shown is None:
            return None
        earliest = min(each.due_at for each in self._timed.values())
        return self._shown + timedelta(seconds=earliest - self._asked_at)

    def get_all_jobs(self) -> Sequence[Job]:
        return [each.job for each in self._in_order()]

    def add_job(self, job: Job) -> None:
        if job.id in self._timed:
            raise ConflictingIdError(job.id)
        self._timed[job.id] = _Timed(job, self._clock.monotonic())

    def update_job(self, job: Job) -> None:
        """Date the next call of a job that was due, or put another one in its place."""
        timed = self._timed.get(job.id)
        if timed is None:
            raise JobLookupError(job.id)
        if timed.job is job and self._shown is not None:
            # Reckoned from what it was dated: its interval, and what spreads it.
            pause: timedelta = job.next_run_time - self._shown
            timed.due_at = self._asked_at + pause.total_seconds()
        else:
            self._timed[job.id] = _Timed(job, self._clock.monotonic())

    def remove_job(self, job_id: str) -> None:
        if self._timed.pop(job_id, None) is None:
            raise JobLookupError(job_id)

    def remove_all_jobs(self) -> None:
        self._timed = {}

    def shutdown(self) -> None:
        self.remove_all_jobs()

    def _in_order(self) -> list[_Timed]:
        return sorted(self._timed.values(), key=lambda each: each.due_at)
