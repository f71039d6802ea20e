"""Jobs of one database that meet: each gets its turn, and the same job runs once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest

from agent.domain.filters import NameFilter
from agent.domain.resets.identity import job_sha256
from agent.domain.resets.ledger import Status
from agent.domain.resets.runs import Done, Skipped, Work
from tests.postgres_servers import Database
from tests.resets.target import CLOCK, armed_target
from tests.resets.test_running import TICK, WORK, Bench

_DATABASE = (
    "SELECT pg_try_advisory_xact_lock(hashtextextended('sequence_agent:run', 0))"
)
_JOB = (
    "SELECT pg_try_advisory_xact_lock(hashtextextended('sequence_agent:job:' || %s, 0))"
)


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(armed_target(database))


@contextmanager
def _at_work(
    bench: Bench, *, job_sha256: str | None = None
) -> Iterator[threading.Event]:
    """Somebody else's run, until the event is set."""
    over = threading.Event()
    with bench.target.database.connect(bench.target.dsn) as other:
        other.autocommit = False
        other.execute(_DATABASE)
        if job_sha256 is not None:
            other.execute(_JOB, [job_sha256])

        def leave(said: str) -> None:
            if "waiting" in said:
                other.rollback()
                over.set()

        bench.react = leave
        yield over
        other.rollback()


def _patient(seconds: float) -> Work:
    return replace(WORK, start_by=CLOCK.monotonic() + seconds)


def test_another_job_is_waited_for(bench: Bench) -> None:
    with _at_work(bench) as over:
        outcome = bench.run(work=_patient(60))

    assert isinstance(outcome, Done)
    assert over.is_set()
    assert outcome.attempts == 1


def test_another_job_is_not_waited_for_beyond_the_deadline(bench: Bench) -> None:
    with _at_work(bench):
        bench.react = lambda _: None
        outcome = bench.run(work=_patient(1))

    assert isinstance(outcome, Skipped)
    assert bench.record().status is Status.SKIPPED
    assert "another job is at work in this database" in (bench.record().reason or "")


def test_another_run_of_the_same_job_is_not_waited_for(bench: Bench) -> None:
    with _at_work(bench, job_sha256=job_sha256(bench.job)) as over:
        outcome = bench.run(work=_patient(60))

    assert isinstance(outcome, Skipped)
    assert outcome.reason == "another run of this job is at work"
    assert not over.is_set()


def test_each_of_three_jobs_that_meet_has_its_turn(bench: Bench) -> None:
    """None is starved, however often they meet."""
    patterns = ("public.*", "public.orders", "public.ord*")
    jobs = [
        replace(bench.job, name=name, tables=NameFilter(include=(name,)))
        for name in patterns
    ]
    with ThreadPoolExecutor(len(jobs)) as threads:
        outcomes = list(
            threads.map(
                lambda job: Bench(bench.target).run(
                    job, replace(TICK, job=job.name), _patient(60)
                ),
                jobs * 2,
            )
        )

    kinds = [type(each).__name__ for each in outcomes]
    assert kinds.count("Done") == 3
    assert kinds.count("Taken") == 3
