"""A run behind PgBouncer in transaction mode, where each transaction may meet another backend."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial

import psycopg
import pytest

from agent.domain.resets.ledger import Status
from agent.domain.resets.runs import Done, Outcome, Taken
from agent.postgres.resets.worker import open_worker
from agent.services.resetting import Resetter
from tests.pooling import pooling
from tests.postgres_servers import Database
from tests.resets.target import CLOCK, Target, armed_target, endpoint
from tests.resets.test_running import EMPTY, TICK, WORK, Bench


@pytest.fixture
def target(database: Database) -> Target:
    return armed_target(database)


@pytest.fixture
def pooled(target: Target) -> Iterator[str]:
    """The DSN of the target, through a pooler."""
    with pooling(target.dsn) as dsn:
        yield dsn


def run(target: Target, dsn: str) -> Outcome:
    resetter = Resetter(
        Bench(target).job,
        partial(open_worker, endpoint(dsn), target.database.name, agent="pooled/1"),
        clock=CLOCK,
        stopping=threading.Event(),
    )
    return resetter.run(TICK, WORK)


def test_a_run_behind_a_pooler_has_one_effect(target: Target, pooled: str) -> None:
    outcome = run(target, pooled)
    again = run(target, pooled)

    bench = Bench(target)
    assert isinstance(outcome, Done)
    assert again == Taken()
    assert bench.tables() == EMPTY
    assert bench.record().status is Status.SUCCEEDED


def test_of_agents_behind_a_pooler_one_has_the_tick(
    target: Target, pooled: str
) -> None:
    outcomes: list[Outcome] = []
    threads = [
        threading.Thread(target=lambda: outcomes.append(run(target, pooled)))
        for _ in range(4)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(type(each).__name__ for each in outcomes) == [
        "Done",
        "Taken",
        "Taken",
        "Taken",
    ]
    assert Bench(target).tables() == EMPTY


def test_a_run_leaves_no_setting_to_the_next_client(
    target: Target, pooled: str
) -> None:
    asked = (
        "SELECT string_agg(concat_ws('=', name, setting), ',' ORDER BY name)"
        " FROM pg_settings WHERE name NOT IN ('application_name')"
    )
    with psycopg.connect(pooled, autocommit=True, prepare_threshold=None) as client:
        untouched = {client.execute(asked).fetchone() for _ in range(8)}

    run(target, pooled)

    with psycopg.connect(pooled, autocommit=True, prepare_threshold=None) as client:
        found = {client.execute(asked).fetchone() for _ in range(8)}
    assert found == untouched
    assert len(found) == 1


def test_a_run_that_was_killed_is_lost_though_the_pooler_keeps_its_backend(
    target: Target, pooled: str
) -> None:
    opened = partial(open_worker, endpoint(pooled), target.database.name)
    with opened(agent="killed/1") as worker:
        worker.ledger.claim(TICK)
    bench = Bench(target)
    bench.silent_for("21 seconds")

    with opened(agent="pooled/1") as worker:
        (lost,) = worker.ledger.mark_lost()

    assert lost.job == TICK.job
    assert bench.record().status is Status.LOST
