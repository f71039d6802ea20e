from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Event
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from agent.clock import SystemClock
from agent.domain.resets.ledger import RunRecord, Status
from agent.domain.resets.runs import Failed, Outcome, Taken, Tick
from agent.domain.schedules.cron import parse_cron
from agent.domain.schedules.ticks import (
    CronSchedule,
    Every,
    Schedule,
    next_ticks,
    schedule_text,
)
from agent.errors import AgentError
from agent.scheduling.jobs import Attention, Jobs, ScheduledJob
from agent.scheduling.timer import Timer
from tests.agents import until
from tests.stopped_clock import StoppedClock

THREE = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("minutes", "hours", "days"))
HOURLY = Every(interval=HOUR)


@dataclass
class FakeTarget:
    """A target that remembers its ticks; while it is `held`, runs do not end."""

    ran: list[Tick] = field(default_factory=list)
    noted: list[tuple[Tick, Status]] = field(default_factory=list)
    last: RunRecord | None = None
    broken: bool = False
    held: Event | None = None
    attended: int = 0

    def attend(self, job: str) -> Attention:
        del job
        self.attended += 1
        if self.broken:
            raise AgentError("connection refused")
        return Attention(
            armed_until=None, last_success=None, last_scheduled=self.last, lost=0
        )

    def note(self, tick: Tick, status: Status, reason: str) -> None:
        del reason
        self.noted.append((tick, status))

    def run(self, tick: Tick) -> Outcome:
        self.ran.append(tick)
        if self.held is not None:
            self.held.wait(10)
        return Taken() if not self.broken else Failed(reason="connection refused")


@dataclass
class Shown:
    """What a sink was told."""

    coming: dict[str, datetime | None] = field(default_factory=dict)
    lost_ticks: int = 0
    skips: int = 0
    ends: list[Outcome] = field(default_factory=list)

    def known(self, jobs: Sequence[ScheduledJob]) -> None:
        self.coming = {job.name: None for job in jobs}

    def next_run(self, job: str, at: datetime | None) -> None:
        self.coming[job] = at

    def attended(self, job: ScheduledJob, attention: Attention) -> None:
        del job, attention

    def missed(self, job: str, count: int) -> None:
        del job
        self.lost_ticks += count

    def skipped(self, job: str) -> None:
        del job
        self.skips += 1

    def ended(self, job: str, outcome: Outcome, *, seconds: float) -> None:
        del job, seconds
        self.ends.append(outcome)


@dataclass
class Stage:
    """Jobs on a clock that a test moves, and a timer that is real."""

    timer: Timer
    target: FakeTarget = field(default_factory=FakeTarget)
    shown: Shown = field(default_factory=Shown)
    clock: StoppedClock = field(default_factory=lambda: StoppedClock(THREE - MINUTE))

    def __post_init__(self) -> None:
        self.jobs = Jobs(timer=self.timer, clock=self.clock, sink=self.shown)

    def job(
        self, schedule: Schedule | None = HOURLY, **changed: object
    ) -> ScheduledJob:
        plain = ScheduledJob(
            name="nightly",
            server="staging",
            database="app",
            schedule=schedule,
            start_deadline=15 * MINUTE,
            suspended=False,
            target=self.target,
        )
        return replace(plain, **changed)  # type: ignore[arg-type]

    def begin(self, *jobs: ScheduledJob) -> None:
        self.jobs.apply(jobs)
        until(lambda: self.target.attended >= len(jobs), "a look at the target")
        # Only then is it known since when ticks count.
        until(self.known_since, "a beginning")

    def known_since(self) -> bool:
        return all(state.since for state in self.jobs._states.values())

    def at(self, moment: datetime) -> None:
        self.clock.move(moment - self.clock.now())
        self.jobs.look()

    def ticks(self) -> list[datetime]:
        return [tick.scheduled_for for tick in self.target.ran]


@pytest.fixture
def stage() -> Iterator[Stage]:
    timer = Timer(SystemClock())
    timer.start()
    yield Stage(timer)
    timer.stop(within=timedelta(seconds=5))


def nothing_more_runs(stage: Stage) -> None:
    """What was asked for runs in order, so that this one comes last."""
    stage.jobs.apply([stage.job(HOURLY, name="last")])
    before = len(stage.target.ran)
    (following,) = next_ticks(HOURLY, stage.clock.now(), 1)
    stage.at(following)
    until(lambda: len(stage.target.ran) > before, "the last run")
    assert [tick.job for tick in stage.target.ran[before:]] == ["last"]


def record(schedule: Schedule, at: datetime) -> RunRecord:
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
    )


def test_a_tick_runs_at_its_time_and_once(stage: Stage) -> None:
    stage.begin(stage.job())

    stage.at(THREE - timedelta(seconds=1))
    stage.at(THREE + timedelta(seconds=1))
    stage.at(THREE + timedelta(seconds=2))

    until(lambda: stage.target.ran, "a run")
    until(lambda: stage.shown.ends, "its end")
    assert stage.ticks() == [THREE]
    assert stage.target.ran[0].trigger == "schedule"
    assert stage.target.ran[0].schedule == "every 3600s"


def test_what_comes_next_is_told(stage: Stage) -> None:
    zone = CronSchedule(cron=parse_cron("0 3 * * *"), zone=ZoneInfo("UTC"))
    stage.begin(stage.job(zone))

    stage.at(THREE - MINUTE)
    assert stage.shown.coming == {"nightly": THREE}

    stage.at(THREE + MINUTE)
    assert stage.shown.coming == {"nightly": THREE + DAY}


def test_a_job_by_hand_and_a_suspended_one_have_no_ticks(stage: Stage) -> None:
    stage.begin(stage.job(None, name="by hand"), stage.job(suspended=True))

    stage.at(THREE + MINUTE)

    assert stage.shown.coming == {"by hand": None, "nightly": None}
    nothing_more_runs(stage)


def test_after_a_restart_a_tick_that_is_not_too_late_runs(stage: Stage) -> None:
    stage.target.last = record(HOURLY, THREE - HOUR)
    stage.clock.move(10 * MINUTE)

    stage.begin(stage.job())
    stage.jobs.look()

    until(lambda: stage.ticks() == [THREE], "the run")


def test_ticks_that_came_while_nobody_was_there_are_missed_and_not_caught_up(
    stage: Stage,
) -> None:
    stage.target.last = record(HOURLY, THREE - 5 * HOUR)
    stage.clock.move(31 * MINUTE)

    stage.begin(stage.job())
    stage.jobs.look()

    until(lambda: len(stage.target.noted) == 5, "five notes")
    assert {status for _, status in stage.target.noted} == {Status.MISSED}
    assert stage.shown.lost_ticks == 5
    nothing_more_runs(stage)


def test_a_schedule_that_was_edited_while_nobody_was_there_fires_nothing(
    stage: Stage,
) -> None:
    stage.target.last = record(Every(interval=DAY), THREE - HOUR)
    stage.clock.move(10 * MINUTE)

    stage.begin(stage.job())
    stage.jobs.look()

    nothing_more_runs(stage)
    assert stage.target.noted == []


def test_an_edited_schedule_begins_now(stage: Stage) -> None:
    stage.begin(stage.job(Every(interval=DAY)))
    stage.at(THREE + MINUTE)

    stage.jobs.apply([stage.job(HOURLY)])
    stage.jobs.look()

    nothing_more_runs(stage)


def test_a_resumed_job_begins_now(stage: Stage) -> None:
    stage.begin(stage.job(suspended=True))
    stage.at(THREE + MINUTE)

    stage.jobs.apply([stage.job()])
    stage.jobs.look()

    nothing_more_runs(stage)


def test_a_job_that_is_still_at_work_skips_its_next_tick(stage: Stage) -> None:
    stage.target.held = Event()
    stage.begin(stage.job())
    stage.at(THREE)
    until(lambda: stage.target.ran, "the first run")

    stage.at(THREE + HOUR)
    until(lambda: stage.target.noted, "a note")
    stage.target.held.set()

    ((tick, status),) = stage.target.noted
    assert (tick.scheduled_for, status) == (THREE + HOUR, Status.SKIPPED)
    assert stage.ticks() == [THREE]
    assert stage.shown.skips == 1


def test_a_clock_that_is_set_back_brings_no_tick_again(stage: Stage) -> None:
    stage.begin(stage.job())
    stage.at(THREE)
    until(lambda: stage.shown.ends, "the run")

    stage.at(THREE - MINUTE)
    stage.at(THREE)

    assert stage.ticks() == [THREE]


def test_a_target_that_cannot_be_reached_at_the_start_has_its_ticks_all_the_same(
    stage: Stage,
) -> None:
    stage.target.broken = True
    stage.begin(stage.job())

    stage.at(THREE)

    until(lambda: stage.shown.ends, "the end")
    assert stage.shown.ends == [Failed(reason="connection refused")]


def test_a_job_that_is_gone_from_the_configuration_ticks_no_more(stage: Stage) -> None:
    stage.begin(stage.job())

    stage.jobs.apply([])
    stage.at(THREE)

    assert stage.shown.coming == {}
    assert stage.target.ran == []
