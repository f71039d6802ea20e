"""Samples a database in a test, as the agent would."""

from __future__ import annotations

from agent.clock import SystemClock
from agent.domain.pace import Deadlines
from agent.domain.status import DatabaseStatus
from agent.postgres.connect import Endpoint
from agent.postgres.servers import PostgresServer
from agent.services.sampling import Sampler, SamplingPlan

CLOCK = SystemClock()


def server_at(
    dsn: str, *, deadlines: Deadlines | None = None, max_locks: int = 256
) -> PostgresServer:
    return PostgresServer(
        name="test",
        endpoint=Endpoint(
            conninfo=lambda: dsn, clock=CLOCK, deadlines=deadlines or Deadlines()
        ),
        max_locks=max_locks,
    )


def sampler_at(
    dsn: str,
    *,
    plan: SamplingPlan | None = None,
    deadlines: Deadlines | None = None,
    max_locks: int = 256,
) -> Sampler:
    return Sampler(
        server_at(dsn, deadlines=deadlines, max_locks=max_locks),
        None,
        plan=plan or SamplingPlan(),
        clock=CLOCK,
    )


def sample(dsn: str, *, deadlines: Deadlines | None = None) -> DatabaseStatus:
    return sampler_at(dsn, deadlines=deadlines).sample()
