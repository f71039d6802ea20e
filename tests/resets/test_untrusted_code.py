"""Code of a table's owner never runs as the agent, unless the job allows it by name."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from agent.domain.filters import NameFilter
from agent.domain.resets.job import JobKind, ResetJob
from agent.domain.resets.runs import Outcome, Tick, Work
from agent.postgres.resets.worker import open_worker
from agent.services.resetting import Resetter
from tests.postgres_servers import Database
from tests.resets.hostile import CONSTANT_CODE, HostileOwner
from tests.resets.target import CLOCK, Target, armed_target, endpoint, job_for

LOOT = NameFilter(include=("public.loot*",))


@pytest.fixture
def owner(database: Database) -> HostileOwner:
    return HostileOwner.of(armed_target(database))


def job_of(owner: HostileOwner, kind: JobKind) -> ResetJob:
    return replace(job_for(owner.database.name), kind=kind, tables=LOOT)


def run(target: Target, job: ResetJob) -> Outcome:
    resetter = Resetter(
        job,
        partial(open_worker, endpoint(target.dsn), job.database, agent="test/1"),
        clock=CLOCK,
        stopping=threading.Event(),
    )
    at = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
    return resetter.run(
        Tick(job=job.name, trigger="hand:1", scheduled_for=at),
        Work(lock_timeout=timedelta(seconds=1)),
    )


@pytest.mark.parametrize("kind", JobKind)
@pytest.mark.parametrize("trap", CONSTANT_CODE.values(), ids=CONSTANT_CODE)
def test_no_code_of_an_owner_runs_in_a_plan_or_a_run(
    trap: str, kind: JobKind, owner: HostileOwner
) -> None:
    if "STATISTICS" in trap and owner.database.major < 14:
        pytest.skip("statistics on expressions came with PostgreSQL 14")
    owner.run(trap)
    owner.target.as_admin("ALTER DATABASE {db} SET constraint_exclusion = on")
    job = job_of(owner, kind)

    owner.target.plan(job)
    run(owner.target, job)

    assert owner.ran_as_a_stranger == 0
