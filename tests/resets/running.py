"""Running a job on a target as somebody does by hand."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

from agent.domain.resets.job import ResetJob
from agent.domain.resets.runs import Outcome, Tick, Work
from agent.domain.resets.seeds import Seed
from agent.postgres.resets.worker import open_worker
from agent.services.resetting import Resetter
from tests.resets.target import CLOCK, Target, endpoint


def run(
    target: Target,
    job: ResetJob,
    *,
    seeds: tuple[Seed, ...] = (),
    lock_timeout: timedelta = timedelta(seconds=1),
) -> Outcome:
    resetter = Resetter(
        job,
        partial(open_worker, endpoint(target.dsn), job.database, agent="test/1"),
        clock=CLOCK,
        stopping=threading.Event(),
    )
    tick = Tick(
        job=job.name,
        trigger=f"hand:{uuid4()}",
        scheduled_for=datetime(2026, 11, 22, 3, 0, tzinfo=UTC),
    )
    return resetter.run(tick, Work(lock_timeout=lock_timeout, seeds=seeds))
