"""A job that has a schedule, and what its database says of it between runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from agent.domain.resets.ledger import RunRecord, Status
from agent.domain.resets.runs import Outcome, Tick
from agent.domain.schedules.ticks import Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """What the target of a job says between runs; None is not known.

    `server_now` is what the server's clock showed at `measured_at` on our monotonic
    one, and `ahead` by how much our own wall clock was ahead of it then. `lost` are
    ticks that were just found to have been given up. `strangers` are ticks that
    something else had which has the same name.
    """

    server_now: datetime
    measured_at: float
    ahead: timedelta
    armed_at: datetime | None = None
    armed_until: datetime | None = None
    last_success: datetime | None = None
    last_scheduled: RunRecord | None = None
    lost: int = 0
    strangers: int = 0


class JobTarget(Protocol):
    """The database that a job is about."""

    def attend(self, job: str) -> Attention: ...
    def tidy(self) -> None: ...
    def note(self, tick: Tick, status: Status, reason: str) -> None: ...

    def run(self, tick: Tick, *, start_by: float) -> Outcome:
        """`start_by` is until when, on the monotonic clock, it may still begin."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledJob:
    """A job as the configuration has it; without a schedule it runs only by hand.

    `job_sha256` is what it does, whatever its name.
    """

    name: str
    job_sha256: str
    server: str
    database: str
    schedule: Schedule | None
    start_deadline: timedelta
    suspended: bool
    target: JobTarget

    @property
    def live(self) -> Schedule | None:
        """The schedule, unless nothing is to start by it."""
        return None if self.suspended else self.schedule

    def same_as(self, other: ScheduledJob) -> bool:
        """Whether the ticks of the one are those of the other."""
        return self._identity == other._identity

    @property
    def _identity(self) -> tuple[object, ...]:
        return (self.job_sha256, self.server, self.database, self.live)
