"""However a seed waits for locks, it holds the tables no longer than was announced."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from agent.domain.resets.runs import Done, Failed, Outcome, Work
from agent.postgres.connect import BoundedConnection
from agent.postgres.connect import connection as connected
from agent.postgres.resets.seed_session import session
from agent.postgres.resets.seed_watch import LockWatch
from tests.eventually import eventually
from tests.postgres_servers import Database
from tests.resets.seeding import Listening, begun, seeds_of
from tests.resets.target import CLOCK, armed_target, endpoint
from tests.resets.test_running import Bench

PATIENCE = timedelta(milliseconds=500)
# For a busy machine; what would wait for ever is not mistaken for this.
TOLERANCE = 6.0

BESIDE = """\
CREATE TABLE kept.busy (id integer PRIMARY KEY, text text);
INSERT INTO kept.busy VALUES (1);
CREATE FUNCTION kept.waits() RETURNS void LANGUAGE plpgsql SET lock_timeout = 0 AS $$
BEGIN UPDATE kept.busy SET text = 'ours' WHERE id = 1; END $$;
CREATE FUNCTION kept.waits_for_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM kept.waits(); RETURN NULL; END $$;
CREATE TABLE kept.rows (id integer);
CREATE TRIGGER waits AFTER INSERT ON kept.rows
    FOR EACH ROW EXECUTE FUNCTION kept.waits_for_row();
CREATE TABLE kept.deferred (id integer);
CREATE CONSTRAINT TRIGGER waits AFTER INSERT ON kept.deferred
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION kept.waits_for_row();
CREATE TABLE kept.refers (id integer REFERENCES kept.busy);
"""


@pytest.fixture
def bench(database: Database) -> Bench:
    target = armed_target(database)
    target.as_admin("CREATE SCHEMA kept; GRANT ALL ON SCHEMA kept TO {role}")
    target.as_agent(BESIDE)
    return Bench(target)


@contextmanager
def held(bench: Bench) -> Iterator[psycopg.Connection]:
    """The row of `kept.busy`, by somebody else, to the end."""
    with bench.target.database.connect() as other, other.transaction():
        other.execute("DELETE FROM kept.busy WHERE id = 1")
        other.execute("SELECT pg_advisory_lock(5)")
        yield other


def seeded(
    bench: Bench, *texts: str, attempts: int = 1, patience: timedelta = PATIENCE
) -> Outcome:
    work = Work(lock_timeout=patience, attempts=attempts, seeds=seeds_of(*texts))
    return bench.run(work=work)


WAITS = {
    "a statement": "UPDATE kept.busy SET text = 'ours' WHERE id = 1",
    "a statement without patience": (
        "SET lock_timeout = 0; SET statement_timeout = 0;"
        "UPDATE kept.busy SET text = 'ours' WHERE id = 1"
    ),
    "more patience": "SET LOCAL lock_timeout = '1h'; LOCK TABLE kept.busy",
    "in one batch": (
        "SELECT set_config('lock_timeout', '0', false);"
        "UPDATE kept.busy SET text = 'ours' WHERE id = 1"
    ),
    "a function without patience": "SELECT kept.waits()",
    "a block without patience": (
        "DO $$ BEGIN SET lock_timeout = 0; UPDATE kept.busy SET id = 1; END $$"
    ),
    "again and again": (
        "DO $$ BEGIN LOOP BEGIN SET LOCAL lock_timeout = '90ms';"
        " UPDATE kept.busy SET id = 1; EXCEPTION WHEN lock_not_available THEN NULL;"
        " END; END LOOP; END $$"
    ),
    "whoever cancels it": (
        "DO $$ BEGIN SET LOCAL lock_timeout = 0; FOR i IN 1..3 LOOP BEGIN"
        " UPDATE kept.busy SET id = 1; EXCEPTION WHEN query_canceled THEN NULL;"
        " END; END LOOP; END $$"
    ),
    "an advisory lock": "DO $$ BEGIN SET lock_timeout = 0; PERFORM pg_advisory_lock(5); END $$",
    "the rows of COPY": "COPY kept.rows (id) FROM stdin;\n1\n\\.\n",
    "the references of COPY": (
        "SET lock_timeout = 0;\nCOPY kept.refers (id) FROM stdin;\n1\n\\.\n"
    ),
    "what it deferred": "INSERT INTO kept.deferred VALUES (1)",
}  # fmt: skip


@pytest.mark.parametrize("wait", WAITS)
def test_a_seed_waits_no_longer_than_was_announced(bench: Bench, wait: str) -> None:
    before = bench.tables()
    began = CLOCK.monotonic()
    with held(bench):
        outcome = seeded(bench, f"INSERT INTO users (id) VALUES (1);\n{WAITS[wait]}")
        seconds = CLOCK.monotonic() - began
        # Nobody else has to wait for what the reset had locked.
        with bench.target.database.connect() as client:
            client.execute("SET lock_timeout = '1s'")
            client.execute("SELECT FROM users")

    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith("seed '1.sql'")
    assert "waited for locks for longer than 0.5 s" in outcome.reason
    assert outcome.reason.endswith("; gave up after 1 attempt")
    assert seconds < TOLERANCE
    assert {k: v for k, v in bench.tables().items() if k != "kept.busy"} == {
        k: v for k, v in before.items() if k != "kept.busy"
    }


def test_the_line_that_waits_is_told(bench: Bench) -> None:
    with held(bench):
        outcome = seeded(bench, "SELECT 1;\n\nSELECT kept.waits();\nSELECT 2")

    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith("seed '1.sql', line 3: waited for locks")


def test_another_attempt_may_have_what_the_first_waited_for(bench: Bench) -> None:
    with held(bench) as other:

        def release(said: str) -> None:
            if said.endswith("trying again"):
                other.execute("ROLLBACK")

        bench.heard = Listening(release)
        outcome = seeded(bench, "SELECT kept.waits()", attempts=3)

    assert isinstance(outcome, Done)
    assert outcome.attempts == 2


def test_a_deadlock_may_be_no_more_at_the_next_attempt(bench: Bench) -> None:
    with bench.target.database.connect() as other, other.transaction():
        other.execute("SET LOCAL deadlock_timeout = '1min'")
        other.execute("SELECT FROM kept.busy WHERE id = 1 FOR UPDATE")
        crossing = threading.Thread(target=other.execute, args=["SELECT FROM users"])

        def cross(said: str) -> None:
            if said.startswith("running") and not crossing.ident:
                crossing.start()
            if said.endswith("trying again"):
                crossing.join()
                other.execute("ROLLBACK")

        bench.heard = Listening(cross)
        outcome = seeded(
            bench,
            # Until the other waits for us, if it is there.
            "DO $$ BEGIN WHILE EXISTS (SELECT FROM pg_locks WHERE pid <> pg_backend_pid()"
            " AND relation = 'kept.busy'::regclass) AND NOT EXISTS (SELECT FROM pg_locks"
            " WHERE NOT granted) LOOP PERFORM pg_sleep(0.01); END LOOP; END $$;\n"
            "SELECT FROM kept.busy WHERE id = 1 FOR UPDATE",
            attempts=2,
            patience=timedelta(seconds=20),
        )

    assert isinstance(outcome, Done)
    [again] = [said for said in bench.heard if said.endswith("trying again")]
    assert again.startswith("seed '1.sql', line 2: deadlock detected")


def test_waits_are_added_up(bench: Bench) -> None:
    """Each is short enough; together they keep others out for ever."""
    bench.target.as_agent("INSERT INTO kept.busy SELECT generate_series(2, 100)")
    seed = (
        "DO $$ BEGIN SET LOCAL lock_timeout = '200ms'; LOOP BEGIN"
        " UPDATE kept.busy SET text = '' WHERE id = 1 + (random() * 99)::int;"
        " PERFORM pg_advisory_xact_lock(5);"
        " EXCEPTION WHEN lock_not_available THEN PERFORM pg_sleep(0.1); END;"
        " END LOOP; END $$"
    )
    began = CLOCK.monotonic()
    with held(bench):
        outcome = seeded(bench, seed)

    assert isinstance(outcome, Failed)
    assert "waited for locks for longer than 0.5 s" in outcome.reason
    assert CLOCK.monotonic() - began < TOLERANCE


# The second connection.


def test_without_a_second_connection_the_server_bounds_the_waits(bench: Bench) -> None:
    bench.target.as_admin("ALTER ROLE {role} CONNECTION LIMIT 1")
    began = CLOCK.monotonic()
    with held(bench):
        outcome = seeded(bench, WAITS["a statement without patience"])

    assert isinstance(outcome, Failed)
    assert "waited for locks for longer than 0.5 s" in outcome.reason
    assert CLOCK.monotonic() - began < TOLERANCE


def test_it_is_told_when_nobody_could_watch(bench: Bench) -> None:
    bench.target.as_admin("ALTER ROLE {role} CONNECTION LIMIT 1")

    outcome = seeded(bench, "SELECT pg_sleep(1)")

    assert isinstance(outcome, Done)
    [said] = [said for said in bench.heard if said.startswith("nobody watched")]
    assert said.startswith("nobody watched the locks of 1.sql: cannot connect to ")


@pytest.mark.parametrize(("seconds", "connections"), [(0.0, 0), (1.0, 1)])
def test_a_second_connection_is_for_seeds_that_take_their_time(
    bench: Bench, seconds: float, connections: int
) -> None:
    opened: list[BoundedConnection] = []

    @contextmanager
    def watch() -> Iterator[BoundedConnection]:
        with connected(endpoint(bench.target.dsn), None) as second:
            opened.append(second)
            yield second

    with begun(bench) as connection:
        held_by_us = session(connection).holdings
        with LockWatch(watch, held_by_us, patience=PATIENCE, clock=CLOCK) as looking:
            connection.execute("SELECT pg_sleep(%s)", [seconds])

    assert len(opened) == connections
    eventually(lambda: all(each.closed for each in opened))
    assert not looking.cancelled


def test_a_server_that_is_another_is_not_looked_at(bench: Bench) -> None:
    """Behind one name there may be several; a process has the same number there."""
    with begun(bench) as connection, held(bench):
        ours = replace(session(connection).holdings, server="another")
        connection.execute("SET LOCAL statement_timeout = '2s'")
        watch = LockWatch(
            lambda: connected(endpoint(bench.target.dsn), bench.target.database.name),
            ours,
            patience=timedelta(milliseconds=100),
            clock=CLOCK,
        )
        with (
            watch,
            pytest.raises(psycopg.errors.QueryCanceled, match="statement timeout"),
        ):
            connection.execute("SELECT kept.waits()")

    assert watch.blind == "a second connection leads to another server"
    assert not watch.cancelled


def test_nothing_is_cancelled_when_the_watch_is_over(bench: Bench) -> None:
    with begun(bench) as connection, held(bench):
        connection.execute("SET LOCAL statement_timeout = '2s'")
        with LockWatch(
            lambda: connected(endpoint(bench.target.dsn), bench.target.database.name),
            session(connection).holdings,
            patience=timedelta(milliseconds=200),
            clock=CLOCK,
        ) as watch:
            connection.execute("SELECT pg_sleep(0.3)")
        with pytest.raises(psycopg.errors.QueryCanceled, match="statement timeout"):
            connection.execute("SELECT kept.waits()")

    assert not watch.cancelled
