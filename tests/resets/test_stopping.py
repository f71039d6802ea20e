"""A stop ends a run at once, wherever it is, with nothing half done."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from agent.domain.resets.ledger import Status
from agent.domain.resets.runs import Failed, Outcome, Work
from agent.domain.resets.seeds import Seed
from agent.postgres.resets.worker import Worker, open_worker
from agent.services.resetting import Resetter
from tests.eventually import eventually
from tests.postgres_servers import Database
from tests.resets.target import CLOCK, armed_target, endpoint
from tests.resets.test_running import TICK, Bench

PATIENT = Work(lock_timeout=timedelta(seconds=30))
SLOW_SEED = replace(PATIENT, seeds=(Seed("slow.sql", b"SELECT pg_sleep(60)"),))
# A count is too quick to be met by chance: the stop is waited for there.
COUNTING = "to be stopped while it counts"
SLOW_TABLES = """\
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$;
CREATE TRIGGER slow BEFORE TRUNCATE ON orders
    FOR EACH STATEMENT EXECUTE FUNCTION slow();
"""


@pytest.fixture
def bench(database: Database) -> Bench:
    if database.major < 14:
        pytest.skip("before 14 a server does not see that its client is gone")
    return Bench(armed_target(database))


def run_and_stop(
    bench: Bench, work: Work, *, when: Callable[[], bool]
) -> tuple[Outcome, float]:
    """The outcome, and how many seconds after the stop it was there."""
    found: list[Outcome] = []
    thread = threading.Thread(target=lambda: found.append(_run(bench, work)))
    thread.start()
    eventually(when)
    began = CLOCK.monotonic()
    bench.stopping.set()
    thread.join()
    return found[0], CLOCK.monotonic() - began


def _run(bench: Bench, work: Work) -> Outcome:
    """As the daemon does: everything stops but what is written down."""
    name = bench.target.database.name
    heeding = replace(endpoint(bench.target.dsn), stopping=bench.stopping)
    resetter = Resetter(
        replace(
            bench.job,
            allowed=replace(bench.job.allowed, triggers=("public.orders.slow",)),
        ),
        partial(open_worker, heeding, name, agent="test/1"),
        clock=CLOCK,
        stopping=bench.stopping,
        told=partial(_hear, bench),
        reopen=partial(open_worker, endpoint(bench.target.dsn), name, agent="test/1"),
    )
    return resetter.run(TICK, work)


def _hear(bench: Bench, said: str) -> None:
    bench.heard.append(said)
    if said == "counting rows" and bench.heard[0] == COUNTING:
        bench.stopping.wait()


def at_work_with(bench: Bench, query: str, *, wait: str = "") -> Callable[[], bool]:
    """Whether a backend of the agent is in that statement."""

    def holds() -> bool:
        return bool(
            bench.target.database.execute(
                "SELECT pid FROM pg_stat_activity WHERE state = 'active'"
                " AND datname = current_database() AND usename = %s"
                " AND query LIKE %s AND coalesce(wait_event_type, '') LIKE %s",
                [bench.target.role, f"%{query}%", wait or "%"],
            )
        )

    return holds


def check(bench: Bench, before: object) -> None:
    """Nothing is done, the ledger says so, and the server does not go on by itself."""
    with bench.target.database.connect() as connection, connection.transaction():
        connection.execute("SET LOCAL lock_timeout = '2s'")
        connection.execute("LOCK TABLE users, orders")
    assert bench.tables() == before
    assert bench.record().status is Status.FAILED


def test_a_stop_while_a_lock_is_waited_for(bench: Bench) -> None:
    before = bench.tables()
    with bench.target.database.connect() as other, other.transaction():
        other.execute("SELECT FROM users")

        outcome, seconds = run_and_stop(
            bench, PATIENT, when=at_work_with(bench, "LOCK TABLE", wait="Lock")
        )

    assert isinstance(outcome, Failed)
    assert seconds < 2
    check(bench, before)


def test_a_stop_while_rows_are_counted(bench: Bench) -> None:
    before = bench.tables()

    bench.heard.append(COUNTING)

    outcome, seconds = run_and_stop(
        bench, PATIENT, when=lambda: "counting rows" in bench.heard
    )

    assert isinstance(outcome, Failed)
    assert seconds < 2
    check(bench, before)


def test_a_stop_while_tables_are_emptied(bench: Bench) -> None:
    bench.target.as_agent(SLOW_TABLES)
    before = bench.tables()

    outcome, seconds = run_and_stop(
        bench, PATIENT, when=at_work_with(bench, "TRUNCATE TABLE", wait="Timeout")
    )

    assert isinstance(outcome, Failed)
    assert seconds < 2
    check(bench, before)


def test_a_stop_while_a_seed_runs(bench: Bench) -> None:
    before = bench.tables()

    outcome, seconds = run_and_stop(
        bench, SLOW_SEED, when=at_work_with(bench, "seed", wait="Timeout")
    )

    assert isinstance(outcome, Failed)
    assert seconds < 2
    check(bench, before)


def test_a_stop_between_two_attempts(bench: Bench) -> None:
    before = bench.tables()
    work = Work(lock_timeout=timedelta(milliseconds=100), attempts=20)
    with bench.target.database.connect() as other, other.transaction():
        other.execute("SELECT FROM users")

        outcome, seconds = run_and_stop(
            bench, work, when=lambda: any("again" in said for said in bench.heard)
        )

    assert isinstance(outcome, Failed)
    assert seconds < 2
    check(bench, before)


def test_a_server_does_not_go_on_for_an_agent_that_is_gone(bench: Bench) -> None:
    before, began = bench.tables(), CLOCK.monotonic()
    sockets: list[socket.socket] = []

    @contextmanager
    def opened() -> Iterator[Worker]:
        name = bench.target.database.name
        with open_worker(endpoint(bench.target.dsn), name, agent="test/1") as worker:
            sockets.append(socket.socket(fileno=os.dup(worker.connection.fileno())))
            yield worker

    def cut(said: str) -> None:
        # The server sees the same of an agent that was killed.
        if said.startswith("running"):
            threading.Timer(0.5, sockets[-1].shutdown, [socket.SHUT_RDWR]).start()

    resetter = Resetter(
        bench.job, opened, clock=CLOCK, stopping=bench.stopping, told=cut
    )

    outcome = resetter.run(TICK, SLOW_SEED)

    for each in sockets:
        each.close()
    assert isinstance(outcome, Failed)
    check(bench, before)
    assert CLOCK.monotonic() - began < 10
