"""Twenty thousand sequences on a server with default settings, under fire."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count

import psycopg
import pytest

from agent.demo.embedded import EmbeddedPostgres
from agent.domain.grants import grants
from agent.domain.sequences import At, Position, Unused
from agent.domain.status import DatabaseStatus, State
from tests.postgres_servers import Database, database_on, role_name
from tests.sampled import sampler_at

SEQUENCES = 20_000
MAX_LOCKS = 256

# One transaction cannot make them all: the server's lock table is too small for that.
MAKE = """
DO $$
BEGIN
    FOR i IN 1..20000 LOOP
        EXECUTE format('CREATE SEQUENCE s_%s', i);
        IF i % 2 = 0 THEN
            PERFORM setval('s_' || i, i);
        END IF;
        IF i % 1000 = 0 THEN
            COMMIT;
        END IF;
    END LOOP;
END
$$;
"""

LOCKS = """
SELECT count(*)
FROM pg_locks AS l
INNER JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'relation' AND a.application_name = 'pg-sequence-agent'
GROUP BY l.pid
"""


@pytest.fixture(scope="module")
def crowded(postgres: EmbeddedPostgres) -> Iterator[Database]:
    """A server of its own, so that its settings are the defaults."""
    defaults = EmbeddedPostgres(postgres.binaries)
    with defaults, database_on(defaults) as database:
        database.execute(MAKE)
        database.execute("CREATE TABLE held (id serial)")
        yield database


@pytest.mark.timeout(300)
def test_a_crowded_database_is_read_right_while_it_is_locked_and_changed(
    crowded: Database,
) -> None:
    assert crowded.execute("SHOW max_locks_per_transaction") == [("64",)]
    sampler = sampler_at(crowded.dsn, max_locks=MAX_LOCKS)

    with ExitStack() as busy:
        busy.enter_context(_open(crowded, "ALTER SEQUENCE s_100 INCREMENT 2"))
        busy.enter_context(_open(crowded, "TRUNCATE held RESTART IDENTITY"))
        busy.enter_context(_running(_churn, crowded))
        watched = busy.enter_context(_running(_watch_locks, crowded))
        rounds = [sampler.sample() for _ in range(3)]

    for status in rounds:
        _assert_right(status)
        assert status.duration_seconds < 20
    assert 0 < max(watched) <= MAX_LOCKS


@pytest.mark.timeout(300)
def test_the_grants_of_a_crowded_database_fit_into_its_lock_table(
    crowded: Database,
) -> None:
    dsn = crowded.role("sampler")

    crowded.execute(grants(role_name(dsn)))

    _assert_all_readable(sampler_at(dsn).sample())


def _assert_all_readable(status: DatabaseStatus) -> None:
    assert status.error is None
    assert len(status.sequences) > SEQUENCES
    assert all(s.state.readable for s in status.sequences)


def _assert_right(status: DatabaseStatus) -> None:
    assert status.error is None
    positions = {
        s.sequence.name: s.position
        for s in status.sequences
        if s.sequence.name.startswith("s_")
    }
    assert positions == {f"s_{i}": _expected(i) for i in range(1, SEQUENCES + 1)}
    rest = {
        s.sequence.name: s.state
        for s in status.sequences
        if not s.sequence.name.startswith("s_")
    }
    assert rest.pop("held_id_seq") is State.LOCKED
    # What is dropped and made all the time is there or gone, and nothing else.
    assert set(rest.values()) <= {State.OK, State.UNUSED, State.VANISHED, State.LOCKED}


def _expected(i: int) -> Position:
    return At(i) if i % 2 == 0 else Unused(1)


@contextmanager
def _open(database: Database, statement: str) -> Iterator[None]:
    """A transaction that did something and does not end."""
    with database.connect() as connection, connection.transaction(force_rollback=True):
        connection.execute(statement.encode())
        yield


@contextmanager
def _running(
    work: Callable[[psycopg.Connection, threading.Event, list[int]], None],
    database: Database,
) -> Iterator[list[int]]:
    """Work that goes on beside the test, with what it saw."""
    seen: list[int] = []
    stop = threading.Event()
    with database.connect() as connection:
        thread = threading.Thread(target=work, args=(connection, stop, seen))
        thread.start()
        try:
            yield seen
        finally:
            stop.set()
            thread.join()


def _churn(
    connection: psycopg.Connection, stop: threading.Event, seen: list[int]
) -> None:
    for i in count():
        if stop.is_set():
            return
        seen.append(i)
        connection.execute(f"CREATE SEQUENCE churn_{i}".encode())
        if i >= 20:
            connection.execute(f"DROP SEQUENCE churn_{i - 20}".encode())


def _watch_locks(
    connection: psycopg.Connection, stop: threading.Event, seen: list[int]
) -> None:
    while not stop.is_set():
        seen += [row[0] for row in connection.execute(LOCKS.encode())]
