"""What there is to say of each job of a file: when it runs, and what became of its runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from agent.bootstrap.resets import JobTarget, Records, job_target
from agent.bootstrap.ticking import schedule_of
from agent.config import Config, Job
from agent.domain.resets.job import ResetJob
from agent.domain.schedules.ticks import Schedule, next_ticks
from agent.errors import AgentError


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOverview:
    """A job and its past; with an error its target could not be asked.

    A suspended job, and one without a schedule, has no next tick.
    """

    job: ResetJob
    schedule: Schedule | None
    next_ticks: tuple[datetime, ...]
    records: Records | None
    error: str | None


def job_overviews(
    config: Config,
    environ: Mapping[str, str],
    *,
    now: datetime,
    ticks: int,
    runs: int,
) -> Sequence[JobOverview]:
    """In the order of the file, with so many ticks and runs of each."""

    def overview(job: Job) -> JobOverview:
        found = job_target(config, job.name, environ)
        schedule = schedule_of(job)
        live = None if found.job.suspended else schedule
        records, error = _asked(found, runs)
        return JobOverview(
            job=found.job,
            schedule=schedule,
            next_ticks=next_ticks(live, now, ticks) if live else (),
            records=records,
            error=error,
        )

    with ThreadPoolExecutor(max_workers=config.sampling.concurrency) as pool:
        return tuple(pool.map(overview, config.jobs))


def _asked(found: JobTarget, runs: int) -> tuple[Records | None, str | None]:
    try:
        return found.records(limit=runs), None
    except AgentError as error:
        return None, str(error)
