"""Code of a table's owner never runs as the agent, unless the job allows it by name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.domain.filters import NameFilter
from agent.domain.resets.job import JobKind, ResetJob
from tests.postgres_servers import Database
from tests.resets.hostile import CONSTANT_CODE, HostileOwner
from tests.resets.running import run
from tests.resets.target import armed_target, job_for

LOOT = NameFilter(include=("public.loot*",))


@pytest.fixture
def owner(database: Database) -> HostileOwner:
    return HostileOwner.of(armed_target(database))


def job_of(owner: HostileOwner, kind: JobKind) -> ResetJob:
    return replace(job_for(owner.database.name), kind=kind, tables=LOOT)


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
