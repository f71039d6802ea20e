"""What others hold when a plan is made decides nothing before it is locked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from agent.domain.resets.gates import GATES
from agent.domain.resets.job import JobKind, Limits, ResetJob
from agent.domain.resets.runs import Done, Refused
from tests.postgres_servers import Database
from tests.resets.running import run
from tests.resets.target import Target, armed_target, job_for


@pytest.fixture
def target(database: Database) -> Target:
    return armed_target(database)


@contextmanager
def held(
    target: Target, statement: str, *, until: Callable[[], bool]
) -> Iterator[None]:
    """Somebody else's lock, which is let go when a condition holds."""
    with target.database.connect() as other:
        other.execute("BEGIN")
        other.execute(statement.encode())

        def let_go() -> None:
            while not until():
                threading.Event().wait(0.02)
            other.execute("ROLLBACK")

        holder = threading.Thread(target=let_go)
        holder.start()
        try:
            yield
        finally:
            holder.join()


def run_waits(target: Target) -> bool:
    """Whether the run itself, past its first plan, waits for the table."""
    [(waiting,)] = target.database.execute(
        "SELECT count(*) FROM pg_locks AS l WHERE NOT l.granted"
        " AND l.relation = 'public.users'::regclass AND l.mode IN"
        " ('AccessExclusiveLock', 'ShareRowExclusiveLock')"
    )
    return bool(waiting)


@pytest.mark.parametrize("kind", JobKind)
def test_a_plan_that_others_hold_is_waited_for(kind: JobKind, target: Target) -> None:
    """Nobody counted the table ever, so it cannot even be estimated."""
    job = replace(job_for(target.database.name), kind=kind)
    lock = "LOCK TABLE users IN ACCESS EXCLUSIVE MODE"

    with held(target, lock, until=lambda: run_waits(target)):
        outcome = run(target, job, lock_timeout=timedelta(seconds=20))

    assert isinstance(outcome, Done)


def refused_at_once(target: Target, job: ResetJob) -> bool:
    seen: list[bool] = []
    done = threading.Event()

    def watched() -> bool:
        seen.append(run_waits(target))
        return done.is_set()

    with held(target, "LOCK TABLE users IN ACCESS EXCLUSIVE MODE", until=watched):
        outcome = run(target, job)
        done.set()
    return isinstance(outcome, Refused) and not any(seen)


def test_a_plan_that_another_gate_refuses_is_not_waited_for(target: Target) -> None:
    job = replace(job_for(target.database.name), suspended=True)

    assert refused_at_once(target, job)


def test_too_many_rows_are_not_waited_for(target: Target) -> None:
    target.database.execute("ANALYZE users")
    job = replace(job_for(target.database.name), limits=Limits(rows=2))

    assert refused_at_once(target, job)


def test_gates_themselves_say_which_are_decided_under_the_locks() -> None:
    assert {gate.name for gate in GATES if gate.decided_under_locks} == {
        "rows_limit",
        "unreadable",
    }
