"""From a job in a file to the database that it is about."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from difflib import get_close_matches
from pathlib import Path

from agent import __version__
from agent.bootstrap.seed_files import read_seed
from agent.bootstrap.targets import endpoint_of
from agent.config import Config, Job
from agent.domain.filters import NameFilter
from agent.domain.resets.facts import Unknown
from agent.domain.resets.identity import job_sha256
from agent.domain.resets.job import Allowed, JobKind, Limits, ResetJob
from agent.domain.resets.ledger import RunRecord
from agent.domain.resets.plan import Plan
from agent.domain.resets.runs import Work
from agent.domain.resets.seeds import Seed
from agent.errors import AgentError
from agent.postgres.connect import Endpoint
from agent.postgres.resets.worker import Worker, open_worker
from agent.postgres.targets import open_target
from agent.services.planning import plan_job
from agent.services.resetting import Resetter


class UnknownJobError(AgentError):
    """A name that no job of the configuration has."""

    def __init__(self, name: str, known: list[str]) -> None:
        close = get_close_matches(name, known, n=3)
        among = ", ".join(map(repr, close or known)) or "none"
        hint = f"did you mean {among}?" if close else f"the jobs are: {among}"
        super().__init__(f"there is no job {name!r}; {hint}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What a target keeps of a job, the newest runs first.

    `unarmed` says why it has no marker; then it tells of no runs either.
    `armed_until` is None there, and where the marker has no end.
    """

    unarmed: str | None = None
    armed_until: datetime | None = None
    last_success: datetime | None = None
    runs: tuple[RunRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTarget:
    """A job, how to reach its database, and how it is carried out there."""

    job: ResetJob
    endpoint: Endpoint
    lock_timeout: timedelta
    attempts: int
    seeds: tuple[Path, ...] = ()

    def plan(self) -> Plan:
        """What the job would do now, with the seeds as they are now.

        Raises AgentError when that cannot be told.
        """
        seeds = self.read_seeds()
        with open_target(self.endpoint, self.job.database) as session:
            return plan_job(self.job, session, seeds=seeds)

    def work(self, expected_hash: str | None = None) -> Work:
        """What a run is to do beside running the seeds, which it reads by itself."""
        return Work(
            lock_timeout=self.lock_timeout,
            attempts=self.attempts,
            expected_hash=expected_hash,
        )

    def read_seeds(self) -> tuple[Seed, ...]:
        """The seeds as they are now. Raises SeedUnreadableError."""
        named = zip(self.seeds, self.job.seed_names, strict=True)
        return tuple(replace(read_seed(path), name=name) for path, name in named)

    def open_worker(self) -> AbstractContextManager[Worker]:
        return open_worker(self.endpoint, self.job.database, agent=identity())

    def records(self, *, limit: int) -> Records:
        """What the ledger has of the job; raises AgentError when it cannot be asked."""
        with self._open_briefly(self.endpoint) as worker:
            marker = worker.marker()
            if isinstance(marker, Unknown):
                return Records(unarmed=marker.reason)
            return Records(
                armed_until=marker.armed_until,
                last_success=worker.ledger.last_success(
                    self.job.name, job_sha256(self.job)
                ),
                runs=worker.ledger.newest(self.job.name, limit=limit),
            )

    def resetter(
        self,
        *,
        stopping: threading.Event,
        told: Callable[[str], None] = lambda _: None,
    ) -> Resetter:
        return Resetter(
            self.job,
            self.open_worker,
            clock=self.endpoint.clock,
            stopping=stopping,
            told=told,
            reopen=self._reopen,
            seeds=self.read_seeds,
        )

    def _reopen(self) -> AbstractContextManager[Worker]:
        """How a run ended is written down even when everything is to stop."""
        return self._open_briefly(replace(self.endpoint, stopping=threading.Event()))

    def _open_briefly(self, endpoint: Endpoint) -> AbstractContextManager[Worker]:
        patience = endpoint.deadlines.statement
        return open_worker(
            endpoint, self.job.database, agent=identity(), patience=patience
        )


def identity() -> str:
    """Who is at work, for the ledger."""
    return f"{socket.gethostname()}/{os.getpid()} {__version__}"


def job_target(
    config: Config,
    name: str,
    environ: Mapping[str, str],
    *,
    stopping: threading.Event | None = None,
) -> JobTarget:
    """Raises UnknownJobError."""
    jobs = {job.name: job for job in config.jobs}
    if name not in jobs:
        raise UnknownJobError(name, list(jobs))
    server = next(each for each in config.servers if each.name == jobs[name].server)
    # Checked when the file was loaded: no job may be for a server without `resets`.
    environment = server.resets.environment if server.resets else ""
    suspended = config.suspended or (
        server.resets is not None and server.resets.suspended
    )
    return JobTarget(
        job=_job(jobs[name], config, environment, suspended=suspended),
        endpoint=endpoint_of(server, config, environ, stopping=stopping),
        lock_timeout=jobs[name].locks.timeout,
        attempts=jobs[name].locks.attempts,
        seeds=jobs[name].seed,
    )


def _job(job: Job, config: Config, environment: str, *, suspended: bool) -> ResetJob:
    return ResetJob(
        name=job.name,
        kind=JobKind(job.kind),
        server=job.server,
        database=job.database,
        environment=environment,
        tables=_tables(job),
        sequences=job.sequences,
        limits=Limits(rows=job.limits.rows, bytes=job.limits.bytes),
        allowed=Allowed(
            triggers=job.allow.triggers,
            publications=job.allow.publications,
            subscriptions=job.allow.subscriptions,
            replication_slots=job.allow.replication_slots,
            untrusted_code=job.allow.untrusted_code,
            computed_defaults=job.allow.computed_defaults,
        ),
        suspended=job.suspended or suspended,
        seed_names=tuple(config.written(path) for path in job.seed),
        pinned_plan=job.plan,
    )


def _tables(job: Job) -> NameFilter | None:
    if job.tables is None:
        return None
    return NameFilter(include=job.tables.include, exclude=job.tables.exclude)
