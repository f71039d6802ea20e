"""Every way in which a target can be wrong, on real servers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.postgres_servers import Database
from tests.resets.target import armed_target, job_for, refusals
from tests.resets.wrong_targets import WRONG_TARGETS, WrongTarget


@pytest.mark.parametrize("case", WRONG_TARGETS, ids=lambda case: case.name)
def test_a_wrong_target_is_refused_by_the_gate_for_it(
    case: WrongTarget, database: Database
) -> None:
    if database.major < case.oldest:
        pytest.skip(f"needs PostgreSQL {case.oldest}")
    target = armed_target(database)
    if case.made:
        target.as_agent(case.made)
    if case.wrong:
        target.as_admin(case.wrong)
    before = target.contents()
    changes: dict[str, Any] = dict(case.job)

    plan = target.plan(replace(job_for(database.name), **changes), options=case.options)

    assert refusals(plan) == case.refused, [(v.gate, v.detail) for v in plan.refusals]
    assert plan.allowed is not bool(case.refused)
    assert case.told in " ".join(verdict.detail for verdict in plan.refusals)
    assert all(verdict.remedy for verdict in plan.refusals)
    assert target.contents() == before
