"""Whose a tick is: the hash of what a job does, without a server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.domain.filters import NameFilter
from agent.domain.resets.identity import job_sha256
from agent.domain.resets.job import Allowed, JobKind, Limits, ResetJob

JOB = ResetJob(
    name="nightly",
    kind=JobKind.RESET,
    server="staging",
    database="app",
    environment="staging",
    tables=NameFilter(include=("a.*", "b.*"), exclude=("a.x", "b.x")),
    sequences=("a.s", "b.s"),
    allowed=Allowed(triggers=("a.t.x", "a.t.y"), computed_defaults=("a.t.n", "a.t.m")),
    seed_names=("one.sql", "two.sql"),
)
WHAT_IT_DOES = {
    "kind": JobKind.RESYNC,
    "environment": "qa",
    "tables": replace(JOB.tables or NameFilter(), include=("a.*",)),
    "sequences": ("a.s",),
    "allowed": replace(JOB.allowed, triggers=("a.t.x",)),
    "seed_names": ("two.sql", "one.sql"),
}
HOW_IT_IS_SPELLED = {
    "name": "weekly",
    "server": "10.0.0.7",
    "database": "other",
    "limits": Limits(rows=1, bytes=1),
    "suspended": True,
    "pinned_plan": "sha256:00",
    "sequences": ("b.s", "a.s"),
    "tables": NameFilter(include=("b.*", "a.*"), exclude=("b.x", "a.x")),
    "allowed": replace(
        JOB.allowed,
        triggers=("a.t.y", "a.t.x"),
        computed_defaults=("a.t.m", "a.t.n"),
        publications=("p",),
        subscriptions=("s",),
        replication_slots=("r",),
        untrusted_code=("a.t",),
    ),
}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *WHAT_IT_DOES.items(),
        ("tables", None),
        ("tables", NameFilter(include=("a.*", "b.*"), exclude=("a.x",))),
        ("allowed", replace(JOB.allowed, computed_defaults=("a.t.n",))),
    ],
)
def test_a_job_that_does_something_else_is_another(field: str, value: object) -> None:
    assert job_sha256(replace(JOB, **{field: value})) != job_sha256(JOB)  # type: ignore[arg-type]


@pytest.mark.parametrize(("field", "value"), HOW_IT_IS_SPELLED.items())
def test_a_job_that_does_the_same_is_the_same(field: str, value: object) -> None:
    assert job_sha256(replace(JOB, **{field: value})) == job_sha256(JOB)  # type: ignore[arg-type]


def test_ticks_in_the_ledger_belong_to_a_job_from_release_to_release() -> None:
    """Another value here takes the past from every job: the ledger would not know them."""
    bare = replace(JOB, tables=None, sequences=(), seed_names=(), allowed=Allowed())

    assert (job_sha256(JOB), job_sha256(bare)) == (
        "ac851b6c6d3625993d8ad11ccf8454fde0247c63e950d569b84278fd49b50878",
        "6d021221a9544dea99c3f44ef49ca4f34d45b18a10688361129a67f5bbd404dd",
    )
