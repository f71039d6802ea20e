"""Making the plan of a job over one session with its database."""

from __future__ import annotations

from typing import Protocol

from agent.domain.resets.facts import Catalog, Measured
from agent.domain.resets.job import ResetJob
from agent.domain.resets.plan import Plan, plan, scope_of
from agent.domain.resets.seeds import Seed
from agent.domain.resets.verdicts import Scope


class Target(Protocol):
    """The database that a job is about, looked at over one connection."""

    def catalog(self) -> Catalog: ...
    def measured(self, catalog: Catalog, scope: Scope, *, exact: bool) -> Measured: ...


def plan_job(
    job: ResetJob,
    target: Target,
    *,
    seeds: tuple[Seed, ...] = (),
    exact: bool = False,
    expected_hash: str | None = None,
) -> Plan:
    """What the job would do now, with the seeds as they were read; changes nothing.

    Whoever is about to do it holds the locks, asks for `exact` counts, and gives the
    hash of the plan that was made before them.
    """
    catalog = target.catalog()
    scope = scope_of(job, catalog, seeded=bool(seeds))
    measured = target.measured(catalog, scope, exact=exact)
    return plan(job, catalog, measured, seeds=seeds, expected_hash=expected_hash)
