"""From the jobs of a file to jobs that run at their ticks."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from agent.bootstrap.resets import JobTarget, job_target
from agent.config import Config, Job
from agent.domain.resets.facts import Unknown
from agent.domain.resets.identity import job_sha256
from agent.domain.resets.ledger import Status
from agent.domain.resets.runs import Outcome, Tick
from agent.domain.schedules.cron import parse_cron
from agent.domain.schedules.ticks import CronSchedule, Every, Schedule
from agent.postgres.resets.worker import Worker
from agent.scheduling.scheduled import Attention, ScheduledJob


def scheduled_jobs(
    config: Config, environ: Mapping[str, str], *, stopping: threading.Event
) -> tuple[ScheduledJob, ...]:
    """All jobs of the file; `stopping` ends their runs with nothing half done."""
    return tuple(_scheduled(config, job, environ, stopping) for job in config.jobs)


def schedule_of(job: Job) -> Schedule | None:
    """When the job runs; None is only by hand."""
    if job.schedule is None:
        return None
    if job.schedule.every is not None:
        return Every(interval=job.schedule.every)
    # Checked when the file was loaded: it is one of the two.
    cron = parse_cron(job.schedule.cron or "")
    return CronSchedule(cron=cron, zone=ZoneInfo(job.schedule.timezone))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """The target of a job, as its ticks need it."""

    found: JobTarget
    stopping: threading.Event

    @property
    def identity(self) -> str:
        return job_sha256(self.found.job)

    def attend(self, job: str) -> Attention:
        with self.found.open_worker() as worker:
            measured = self._measured(worker)
            marker = worker.marker()
            if isinstance(marker, Unknown):  # then there is no ledger either
                return measured
            ledger = worker.ledger
            return replace(
                measured,
                armed_at=marker.armed_at,
                armed_until=marker.armed_until,
                last_success=ledger.last_success(job, self.identity),
                last_scheduled=ledger.last_scheduled(job, self.identity),
                lost=len(ledger.mark_lost(job)),
                strangers=ledger.strangers(job, self.identity),
            )

    def _measured(self, worker: Worker) -> Attention:
        """What the clocks show; the server looks at its own half-way, more or less."""
        clock = self.found.endpoint.clock
        asked_at, asked = clock.monotonic(), clock.now()
        shown = worker.now()
        half_way = (clock.monotonic() - asked_at) / 2
        return Attention(
            server_now=shown,
            measured_at=asked_at + half_way,
            ahead=asked + timedelta(seconds=half_way) - shown,
        )

    def tidy(self) -> None:
        """Shorten the ledger, if there is one."""
        with self.found.open_worker() as worker:
            worker.ledger.prune()

    def note(self, tick: Tick, status: Status, reason: str) -> None:
        with self.found.open_worker() as worker:
            owned = replace(tick, job_sha256=self.identity)
            worker.ledger.note(owned, status, reason)

    def run(self, tick: Tick, *, start_by: float) -> Outcome:
        work = replace(self.found.work(self.found.job.pinned_plan), start_by=start_by)
        return self.found.resetter(stopping=self.stopping).run(tick, work)


def _scheduled(
    config: Config, job: Job, environ: Mapping[str, str], stopping: threading.Event
) -> ScheduledJob:
    found = job_target(config, job.name, environ, stopping=stopping)
    return ScheduledJob(
        name=job.name,
        job_sha256=job_sha256(found.job),
        server=job.server,
        database=job.database,
        schedule=schedule_of(job),
        start_deadline=job.start_deadline,
        suspended=found.job.suspended,
        target=_Target(found=found, stopping=stopping),
    )
