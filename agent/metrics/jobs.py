"""What becomes of jobs, counted from the start on; each series is there before it is needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from agent.domain.resets.gates import GATES
from agent.domain.resets.ledger import Status
from agent.domain.resets.runs import Done, Early, Outcome, Refused, Taken

_OUTCOMES = tuple(status for status in Status if status is not Status.CLAIMED)
_Family = Counter | Gauge | Histogram
_DURATION_BUCKETS = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)


class Job(Protocol):
    """What a job is called, and where it works."""

    @property
    def name(self) -> str: ...
    @property
    def server(self) -> str: ...
    @property
    def database(self) -> str: ...


class Attention(Protocol):
    """What the target of a job says between runs."""

    @property
    def ahead(self) -> timedelta: ...
    @property
    def armed_until(self) -> datetime | None: ...
    @property
    def last_success(self) -> datetime | None: ...
    @property
    def lost(self) -> int: ...
    @property
    def strangers(self) -> int: ...


class JobMetrics:
    """The metrics of jobs and their targets."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._names: frozenset[str] = frozenset()
        self._targets: frozenset[tuple[str, str]] = frozenset()
        self._runs = Counter(
            "sequence_agent_job_runs",
            "Ticks of the job by what became of them.",
            ["job", "outcome"],
            registry=registry,
        )
        self._refusals = Counter(
            "sequence_agent_job_refusals",
            "Runs that a gate refused; one run may be refused by several.",
            ["job", "gate"],
            registry=registry,
        )
        self._rows = Counter(
            "sequence_agent_job_truncated_rows",
            "Rows that the job removed.",
            ["job"],
            registry=registry,
        )
        self._sequences = Counter(
            "sequence_agent_job_restarted_sequences",
            "Sequences that the job put back or moved on.",
            ["job"],
            registry=registry,
        )
        self._duration = Histogram(
            "sequence_agent_job_duration_seconds",
            "Time that runs took, from the claim to the ending.",
            ["job"],
            buckets=_DURATION_BUCKETS,
            registry=registry,
        )
        self._last_success = Gauge(
            "sequence_agent_job_last_success_timestamp_seconds",
            "When the job last succeeded, by any agent; 0 is never.",
            ["job"],
            registry=registry,
        )
        self._next_run = Gauge(
            "sequence_agent_job_next_run_timestamp_seconds",
            "When the job is to run next; 0 where nothing is to start it.",
            ["job"],
            registry=registry,
        )
        self._shared = Gauge(
            "sequence_agent_job_name_shared",
            "1 if a job of the same name that does something else has ticks too.",
            ["job"],
            registry=registry,
        )
        self._skew = Gauge(
            "sequence_agent_target_clock_skew_seconds",
            "How far the agent's clock is ahead of that of a job's target; below 0 behind.",
            ["server", "datname"],
            registry=registry,
        )
        self._armed_until = Gauge(
            "sequence_agent_target_armed_until_timestamp_seconds",
            "Until when the target of a job is armed; 0 is not at all.",
            ["server", "datname"],
            registry=registry,
        )

        self._of_each_job: tuple[_Family, ...] = (
            *(self._rows, self._sequences, self._duration),
            *(self._last_success, self._next_run, self._shared),
        )

    def known(self, jobs: Sequence[Job]) -> None:
        """Show these jobs, and no others."""
        names = frozenset(job.name for job in jobs)
        targets = frozenset((job.server, job.database) for job in jobs)
        for name in self._names - names:
            for family, labels in self._series(name):
                family.remove(*labels)
        for name in names - self._names:
            for family, labels in self._series(name):
                family.labels(*labels)
        self._names = names
        self._known_targets(targets)

    def _known_targets(self, targets: frozenset[tuple[str, str]]) -> None:
        for family in (self._armed_until, self._skew):
            for target in self._targets - targets:
                family.remove(*target)
            for target in targets - self._targets:
                family.labels(*target)
        self._targets = targets

    def next_run(self, job: str, at: datetime | None) -> None:
        if job in self._names:
            self._next_run.labels(job).set(at.timestamp() if at else 0)

    def attended(self, job: Job, attention: Attention) -> None:
        if job.name not in self._names:
            return
        armed, success = attention.armed_until, attention.last_success
        self._armed_until.labels(job.server, job.database).set(
            armed.timestamp() if armed else 0
        )
        ahead = attention.ahead.total_seconds()
        self._skew.labels(job.server, job.database).set(ahead)
        self._shared.labels(job.name).set(int(attention.strangers > 0))
        if success is not None:
            self._last_success.labels(job.name).set(success.timestamp())
        self._runs.labels(job.name, Status.LOST.value).inc(attention.lost)

    def missed(self, job: str, count: int) -> None:
        if job in self._names:
            self._runs.labels(job, Status.MISSED.value).inc(count)

    def skipped(self, job: str) -> None:
        if job in self._names:
            self._runs.labels(job, Status.SKIPPED.value).inc()

    def ended(self, job: str, outcome: Outcome, *, seconds: float) -> None:
        # Whoever has a tick counts it, and a job that is gone is not shown again.
        if isinstance(outcome, Taken | Early) or job not in self._names:
            return
        self._duration.labels(job).observe(seconds)
        if outcome.status in _OUTCOMES:
            self._runs.labels(job, outcome.status.value).inc()
        if isinstance(outcome, Refused):
            for verdict in outcome.plan.refusals:
                self._refusals.labels(job, verdict.gate).inc()
        if isinstance(outcome, Done):
            self._rows.labels(job).inc(outcome.rows_removed)
            self._sequences.labels(job).inc(len(outcome.after.values))

    def _series(self, job: str) -> Iterator[tuple[_Family, tuple[str, ...]]]:
        """All that a job has, each with its labels."""
        for outcome in _OUTCOMES:
            yield self._runs, (job, outcome.value)
        for gate in GATES:
            yield self._refusals, (job, gate.name)
        yield from ((family, (job,)) for family in self._of_each_job)
