"""Which jobs of a file are due at the same time in the same database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from agent.bootstrap.ticking import schedule_of
from agent.config import Config, Job
from agent.domain.schedules.meeting import first_meeting


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Two jobs of one database, and the first time at which both are due."""

    job: Job
    earlier: Job
    at: datetime


def meetings(config: Config, *, after: datetime) -> Iterator[Meeting]:
    """For each job, the first one before it in the file that it meets."""
    live = [job for job in config.jobs if not _is_suspended(config, job)]
    for index, job in enumerate(live):
        found = (_meeting(job, earlier, after) for earlier in live[:index])
        yield from [each for each in found if each][:1]


def _meeting(job: Job, earlier: Job, after: datetime) -> Meeting | None:
    if (job.server, job.database) != (earlier.server, earlier.database):
        return None
    one, other = schedule_of(earlier), schedule_of(job)
    at = first_meeting(one, other, after=after) if one and other else None
    return Meeting(job=job, earlier=earlier, at=at) if at else None


def _is_suspended(config: Config, job: Job) -> bool:
    resets = next(each.resets for each in config.servers if each.name == job.server)
    return (
        config.suspended or job.suspended or (resets is not None and resets.suspended)
    )
