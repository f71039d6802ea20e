"""Jobs on a clock that a test moves, whose target only remembers what was asked of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any
from uuid import uuid4

from agent.domain.resets.ledger import RunRecord, Status
from agent.domain.resets.runs import Early, Failed, Outcome, Taken, Tick
from agent.domain.schedules.ticks import Every, Schedule, schedule_text
from agent.errors import AgentError
from agent.scheduling.jobs import Jobs
from agent.scheduling.scheduled import Attention, ScheduledJob
from agent.scheduling.timer import Timer
from tests.agents import until
from tests.stopped_clock import StoppedClock

THREE = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DEADLINE = 15 * MINUTE
HOURLY = Every(interval=HOUR)
LONG_AGO = 400 * DAY


@dataclass
class FakeTarget:
    """A target that remembers its ticks; while it is `held`, runs do not end.

    Its clock is `behind` that of the agent; like the real one, it lets no tick begin
    before its time.
    """

    clock: StoppedClock
    behind: timedelta = timedelta()
    armed_at: datetime | None = None
    last: RunRecord | None = None
    strangers: int = 0
    broken: bool = False
    held: Event | None = None
    reluctant: Event | None = None
    asked: int = 0
    ran: list[Tick] = field(default_factory=list)
    start_bys: list[float] = field(default_factory=list)
    early: list[Tick] = field(default_factory=list)
    noted: list[tuple[datetime, Status, str]] = field(default_factory=list)
    tidied: int = 0

    def now(self) -> datetime:
        return self.clock.now() - self.behind

    def attend(self, job: str) -> Attention:
        del job
        self.asked += 1
        if self.reluctant is not None:
            self.reluctant.wait(10)
        if self.broken:
            raise AgentError("connection refused")
        return Attention(
            server_now=self.now(),
            measured_at=self.clock.monotonic(),
            ahead=self.behind,
            armed_at=self.armed_at,
            last_scheduled=self.last,
            strangers=self.strangers,
        )

    def tidy(self) -> None:
        self.tidied += 1

    def note(self, tick: Tick, status: Status, reason: str) -> None:
        if self.reluctant is not None:
            self.reluctant.wait(10)
        self.noted.append((tick.scheduled_for, status, reason))

    def run(self, tick: Tick, *, start_by: float) -> Outcome:
        if tick.scheduled_for > self.now():
            self.early.append(tick)
            return Early(ahead=tick.scheduled_for - self.now())
        self.ran.append(tick)
        self.start_bys.append(start_by)
        if self.held is not None:
            self.held.wait(10)
        return Taken() if not self.broken else Failed(reason="connection refused")


@dataclass
class Shown:
    """What a sink was told."""

    coming: dict[str, datetime | None] = field(default_factory=dict)
    attentions: list[str] = field(default_factory=list)
    lost_ticks: int = 0
    skips: int = 0
    ends: list[Outcome] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def known(self, jobs: Sequence[ScheduledJob]) -> None:
        self.coming = {job.name: None for job in jobs}

    def next_run(self, job: str, at: datetime | None) -> None:
        self.coming[job] = at

    def attended(self, job: ScheduledJob, attention: Attention) -> None:
        del attention
        self.attentions.append(job.name)

    def missed(self, job: str, count: int) -> None:
        del job
        self.lost_ticks += count

    def skipped(self, job: str) -> None:
        del job
        self.skips += 1

    def ended(self, job: str, outcome: Outcome, *, seconds: float) -> None:
        del job
        self.ends.append(outcome)
        self.seconds.append(seconds)


class Stage:
    """Jobs on a clock that a test moves, and a timer that is real."""

    def __init__(self, timer: Timer, now: datetime = THREE - MINUTE) -> None:
        self.timer = timer
        self.clock = StoppedClock(now)
        self.target = FakeTarget(self.clock)
        self.shown = Shown()
        self._in_force: Sequence[ScheduledJob] = ()
        self.restart()

    def restart(self) -> None:
        """A new life of the agent, which knows of the one before what the ledger says."""
        self.jobs = Jobs(timer=self.timer, clock=self.clock, sink=self.shown)

    def job(self, schedule: Schedule | None = HOURLY, **changed: Any) -> ScheduledJob:
        plain = ScheduledJob(
            name="nightly",
            job_sha256="one",
            server="staging",
            database="app",
            schedule=schedule,
            start_deadline=DEADLINE,
            suspended=False,
            target=self.target,
        )
        return replace(plain, **changed)

    def apply(
        self, *jobs: ScheduledJob, unchanged_for: timedelta = timedelta()
    ) -> None:
        """Put jobs into force, and let their targets be asked, as far as they answer."""
        self._in_force = jobs
        asked = len(self.shown.attentions)
        self.jobs.apply(jobs, unchanged_for=unchanged_for)
        if self.target.broken:
            until(lambda: all(s.since for s in self.jobs._standings.values()), "since")
        else:
            until(lambda: len(self.shown.attentions) >= asked + len(jobs), "answers")

    def attend(self) -> None:
        """Ask the targets again."""
        self.apply(*self._in_force)

    def attend_in_vain(self) -> None:
        """Ask the broken target again, and once more, for that comes after the first."""
        for _ in range(2):
            self._ask()

    def _ask(self) -> None:
        asked = self.target.asked
        self.jobs.apply(self._in_force)
        until(lambda: self.target.asked > asked, "a question")

    def at(self, moment: datetime) -> None:
        """Look at the jobs when the agent's clock shows this."""
        if self.target.held is None and self.target.reluctant is None:
            self._settle()
        self.clock.move(moment - self.clock.now())
        self.jobs.look()

    def ticks(self) -> list[datetime]:
        """What ran, when all that was begun has ended."""
        self._settle()
        return [tick.scheduled_for for tick in self.target.ran]

    def _settle(self) -> None:
        standings = self.jobs._standings.values()
        until(lambda: not any(each.busy for each in standings), "an end")


def record(schedule: Schedule, at: datetime, *, job_sha256: str = "one") -> RunRecord:
    before: Mapping[str, object] = {"schedule": schedule_text(schedule)}
    return RunRecord(
        run_id=uuid4(),
        job="nightly",
        trigger="schedule",
        scheduled_for=at,
        status=Status.SUCCEEDED,
        reason=None,
        plan_sha256=None,
        before=before,
        after=None,
        agent="before/1",
        claimed_at=at,
        started_at=at,
        finished_at=at,
        attempts=1,
        job_sha256=job_sha256,
    )
