"""From the jobs of a file to jobs that run at their ticks."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from agent.bootstrap.resets import JobTarget, job_target
from agent.config import Config, Job
from agent.domain.resets.facts import Unknown
from agent.domain.resets.ledger import Status
from agent.domain.resets.runs import Outcome, Tick
from agent.domain.schedules.cron import parse_cron
from agent.domain.schedules.ticks import CronSchedule, Every, Schedule
from agent.scheduling.jobs import Attention, ScheduledJob


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

    def attend(self, job: str) -> Attention:
        with self.found.open_worker() as worker:
            marker = worker.marker()
            if isinstance(marker, Unknown):  # then there is no ledger either
                return Attention(
                    armed_until=None, last_success=None, last_scheduled=None, lost=0
                )
            ledger = worker.ledger
            return Attention(
                armed_until=marker.armed_until,
                last_success=ledger.last_success(job),
                last_scheduled=ledger.last_scheduled(job),
                lost=len(ledger.mark_lost(job)),
            )

    def note(self, tick: Tick, status: Status, reason: str) -> None:
        with self.found.open_worker() as worker:
            worker.ledger.note(tick, status, reason)

    def run(self, tick: Tick) -> Outcome:
        return self.found.resetter(stopping=self.stopping).run(tick, self.found.work())


def _scheduled(
    config: Config, job: Job, environ: Mapping[str, str], stopping: threading.Event
) -> ScheduledJob:
    found = job_target(config, job.name, environ, stopping=stopping)
    return ScheduledJob(
        name=job.name,
        server=job.server,
        database=job.database,
        schedule=schedule_of(job),
        start_deadline=job.start_deadline,
        suspended=found.job.suspended,
        target=_Target(found=found, stopping=stopping),
    )
