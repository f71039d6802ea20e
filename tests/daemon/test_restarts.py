"""What runs after the agent was away: the newest tick, unless it is of another time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from threading import Event
from uuid import uuid4

import pytest
from psycopg.types.json import Jsonb

from agent.bootstrap.ticking import scheduled_jobs
from agent.config.loading import parse
from agent.demo.embedded import free_port
from agent.domain.resets.ledger import RunRecord, Status
from agent.domain.schedules.missed import ABSENT
from agent.domain.schedules.ticks import Every, latest_tick, next_ticks
from agent.postgres.resets.worker import open_worker
from tests.agents import CLOCK, RunningAgent, agent_on, until
from tests.postgres_servers import Database
from tests.resets.target import Target, armed_target, endpoint

JOB = "nightly-reset"
BEAT = Every(interval=timedelta(seconds=5))
SECOND = timedelta(seconds=1)
WEEKLY = Every(interval=timedelta(days=7))
RUNNING = "suspended: false"
SUSPENDED = "suspended: true"


def config(
    target: Target,
    *,
    all_jobs: str = RUNNING,
    on_server: str = RUNNING,
    schedule: str = "schedule: {every: 5s}",
    job: str = RUNNING,
    deadline: str = "300d",
) -> str:
    return dedent(
        f"""\
        listen: {{host: 127.0.0.1, port: {free_port()}}}
        log: {{format: json}}
        {all_jobs}
        servers:
          - name: staging
            dsn: '{target.dsn}'
            databases: {{include: ['{target.database.name}']}}
            resets: {{environment: staging, {on_server}}}
        jobs:
          - name: {JOB}
            kind: reset
            server: staging
            database: {target.database.name}
            {schedule}
            start_deadline: {deadline}
            tables: {{include: ["public.*"]}}
            {job}
        """
    )


def without_jobs(target: Target) -> str:
    return config(target).partition("jobs:")[0]


@dataclass(frozen=True, kw_only=True)
class Lives:
    """An agent that is started and stopped on one file, and the target of its job."""

    target: Target
    file: Path

    @contextmanager
    def life(self, text: str | None = None) -> Iterator[RunningAgent]:
        """One life, on another text if there is one; it ends in order."""
        if text is not None:
            self.file.write_text(text)
        with agent_on(self.file) as agent:
            agent.wait_ready()
            yield agent
            agent.terminate()

    def records(self) -> tuple[RunRecord, ...]:
        name = self.target.database.name
        with open_worker(endpoint(self.target.dsn), name, agent="test/1") as worker:
            return worker.ledger.newest(JOB, limit=100)

    def ran(self) -> set[datetime]:
        return {
            record.scheduled_for
            for record in self.records()
            if record.status is not Status.MISSED
        }

    def another_run(self) -> datetime:
        before = self.ran()
        return max(until(lambda: self.ran() - before, "a run"))

    def write_record(self, at: datetime, schedule: str, status: Status) -> None:
        """What an earlier life of the agent would have left in the ledger."""
        now = CLOCK.now().isoformat()
        row = {
            "run_id": str(uuid4()),
            "job": JOB,
            "job_sha256": self._job_sha256(),
            "trigger": "schedule",
            "scheduled_for": at.isoformat(),
            "status": status.value,
            "agent": "earlier/1",
            "before": {"schedule": schedule},
            "attempts": 1,
            "claimed_at": now,
            "seen_at": now,
            "finished_at": now,
        }
        with self.target.database.connect() as connection:
            connection.execute(
                "INSERT INTO sequence_agent.job_run SELECT ("
                "jsonb_populate_record(NULL::sequence_agent.job_run, %s)).*",
                [Jsonb(row)],
            )

    def _job_sha256(self) -> str:
        text = config(self.target).encode()
        loaded = parse(text, self.file, os.environ)
        (job,) = scheduled_jobs(loaded, os.environ, stopping=Event())
        return job.job_sha256


@pytest.fixture
def lives(database: Database, tmp_path: Path) -> Lives:
    """Lives that have not begun."""
    file = tmp_path / "sequence-agent.yaml"
    return Lives(target=armed_target(database), file=file)


@dataclass(frozen=True, kw_only=True)
class Rare:
    """A schedule with a tick in some seconds, and none for days around it.

    However long an agent takes to start on a busy machine, no other tick comes.
    """

    tick: datetime
    every: Every

    @property
    def text(self) -> str:
        return f"schedule: {{every: {self.every.interval // SECOND}s}}"

    def pass_by(self) -> None:
        until(lambda: CLOCK.now() > self.tick, "a tick that nobody runs")


def rare(lives: Lives) -> Rare:
    """One whose last tick ran."""
    soon = int(CLOCK.now().timestamp()) + 5
    at, parts = next(
        (second, parts)
        for second in range(soon, soon + 60)
        for parts in range(2000, 4000)
        if second % parts == 0
    )
    tick = datetime.fromtimestamp(at, UTC)
    every = Every(interval=SECOND * (at // parts))
    text = f"every {at // parts}s"
    lives.write_record(tick - every.interval, text, Status.SUCCEEDED)
    return Rare(tick=tick, every=every)


def looked_at_twice(agent: RunningAgent) -> None:
    """The job was looked at since its database was asked, and ticks began to count."""
    armed = "sequence_agent_target_armed_until_timestamp_seconds"
    until(
        lambda: any(v for k, v in agent.metrics().items() if k.startswith(armed)),
        "an answer of the database",
    )
    looked = CLOCK.monotonic() + 2.5
    until(lambda: CLOCK.monotonic() > looked, "two looks")


WEEKS = "schedule: {every: 7d}"
OTHER_CONFIGURATIONS: dict[str, Callable[[Target], str]] = {
    "job suspended": lambda target: config(target, schedule=WEEKS, job=SUSPENDED),
    "server suspended": lambda target: config(
        target, schedule=WEEKS, on_server=SUSPENDED
    ),
    "all suspended": lambda target: config(target, schedule=WEEKS, all_jobs=SUSPENDED),
    "job left out": without_jobs,
    "job by hand": lambda target: config(target, schedule=""),
    "rescheduled": lambda target: config(target, schedule="schedule: {every: 300d}"),
}


@pytest.mark.parametrize("other", OTHER_CONFIGURATIONS)
def test_a_tick_of_another_configuration_does_not_run_after_a_restart(
    lives: Lives, other: str
) -> None:
    lives.target.as_admin(
        "UPDATE sequence_agent.environment SET armed_at = now() - interval '30 days'"
    )
    newest = latest_tick(WEEKLY, CLOCK.now())
    assert newest is not None
    before = newest - WEEKLY.interval
    lives.write_record(before, "every 604800s", Status.SUCCEEDED)
    with lives.life(OTHER_CONFIGURATIONS[other](lives.target)):
        pass

    with lives.life(config(lives.target, schedule=WEEKS)) as agent:
        looked_at_twice(agent)

    assert lives.ran() == {before}


def test_a_tick_from_before_a_file_was_edited_back_does_not_run(lives: Lives) -> None:
    seldom = rare(lives)
    text = config(lives.target, schedule=seldom.text, job=SUSPENDED)
    lives.file.write_text(text)
    seldom.pass_by()

    with lives.life(text.replace(SUSPENDED, RUNNING)) as agent:
        looked_at_twice(agent)

    assert seldom.tick not in lives.ran()


def test_a_tick_of_an_absence_runs_where_nobody_touched_the_file(lives: Lives) -> None:
    seldom = rare(lives)
    lives.file.write_text(config(lives.target, schedule=seldom.text))
    seldom.pass_by()

    with lives.life():
        until(lambda: seldom.tick in lives.ran(), "the run that was due")


def test_a_tick_from_before_the_database_was_armed_again_does_not_run(
    lives: Lives,
) -> None:
    seldom = rare(lives)
    lives.file.write_text(config(lives.target, schedule=seldom.text))
    seldom.pass_by()
    lives.target.arm()

    with lives.life() as agent:
        looked_at_twice(agent)

    assert seldom.tick not in lives.ran()


def test_what_nobody_had_in_force_is_written_down_as_missed(lives: Lives) -> None:
    lives.target.as_admin(
        "UPDATE sequence_agent.environment SET armed_at = now() - interval '30 days'"
    )
    newest = latest_tick(WEEKLY, CLOCK.now())
    assert newest is not None
    before = newest - WEEKLY.interval
    lives.write_record(before, "every 604800s", Status.SUCCEEDED)

    with lives.life(config(lives.target, schedule=WEEKS, deadline="5s")) as agent:
        until(lambda: len(lives.records()) == 2, "a record of it")
        counted = f'sequence_agent_job_runs_total{{job="{JOB}",outcome="missed"}}'
        assert agent.metrics()[counted] == 1

    (missed,) = (each for each in lives.records() if each.scheduled_for == newest)
    assert (missed.status, missed.reason) == (Status.MISSED, ABSENT)


def test_rows_from_the_future_keep_no_tick_from_running(lives: Lives) -> None:
    (tick,) = next_ticks(BEAT, CLOCK.now() + timedelta(days=1), 1)
    lives.write_record(tick, "every 5s", Status.MISSED)

    with lives.life(config(lives.target)):
        lives.another_run()
