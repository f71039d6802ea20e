"""What the metrics of jobs say of what was found between runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.domain.resets.runs import Early
from agent.metrics.lines import Format
from agent.metrics.own import OwnMetrics
from tests.metrics.parsing import PARSE

SKEW = "sequence_agent_target_clock_skew_seconds"
SHARED = "sequence_agent_job_name_shared"


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job of a file."""

    name: str = "nightly"
    server: str = "staging"
    database: str = "app"


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the target of a job said."""

    ahead: timedelta = timedelta()
    armed_until: datetime | None = None
    last_success: datetime | None = None
    lost: int = 0
    strangers: int = 0


def values(metrics: OwnMetrics, name: str) -> list[float]:
    families = PARSE[Format.TEXT](metrics.text(Format.TEXT).decode())
    return [s.value for family in families for s in family.samples if s.name == name]


def metrics_of(*jobs: Job) -> OwnMetrics:
    metrics = OwnMetrics(version="1.2.3")
    metrics.jobs.known(jobs)
    return metrics


def test_a_job_shows_that_nothing_was_found_before_anything_was_asked() -> None:
    metrics = metrics_of(Job())

    assert values(metrics, SKEW) == [0]
    assert values(metrics, SHARED) == [0]


def test_a_clock_that_is_behind_has_a_skew_below_nothing() -> None:
    metrics = metrics_of(Job())

    metrics.jobs.attended(Job(), Found(ahead=timedelta(milliseconds=-2500)))

    assert values(metrics, SKEW) == [-2.5]


def test_a_shared_name_is_shown_for_as_long_as_it_is_shared() -> None:
    metrics = metrics_of(Job())

    metrics.jobs.attended(Job(), Found(strangers=2))
    assert values(metrics, SHARED) == [1]
    metrics.jobs.attended(Job(), Found(strangers=0))

    assert values(metrics, SHARED) == [0]


def test_a_target_without_jobs_has_no_skew() -> None:
    metrics = metrics_of(Job(), Job(name="other", database="another"))
    metrics.jobs.attended(Job(), Found(ahead=timedelta(seconds=1)))

    metrics.jobs.known([Job(name="other", database="another")])

    assert values(metrics, SKEW) == [0]


def test_a_tick_that_was_early_is_no_run() -> None:
    metrics = metrics_of(Job())

    metrics.jobs.ended("nightly", Early(ahead=timedelta(hours=1)), seconds=0.1)

    assert set(values(metrics, "sequence_agent_job_runs_total")) == {0}
    assert values(metrics, "sequence_agent_job_duration_seconds_count") == [0]
