"""No wait outlasts its deadline, whatever the server or the network does."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from agent.demo.embedded import EmbeddedPostgres
from agent.domain.pace import Deadlines
from agent.postgres.connect import Endpoint, connection, milliseconds
from agent.postgres.errors import (
    DatabaseQueryError,
    DatabaseUnreachableError,
    DsnError,
)
from tests.postgres_servers import Database
from tests.sampled import CLOCK, sample

QUICK = Deadlines(
    connect=timedelta(seconds=2),
    statement=timedelta(milliseconds=300),
    lock=timedelta(milliseconds=100),
)


@contextmanager
def frozen(database: Database) -> Iterator[None]:
    """Every backend of the database stops dead; its kernel goes on acknowledging."""
    pids = [
        pid
        for (pid,) in database.execute(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    ]
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def endpoint(dsn: str, stopping: threading.Event | None = None) -> Endpoint:
    return Endpoint(
        conninfo=lambda: dsn,
        clock=CLOCK,
        deadlines=QUICK,
        stopping=stopping or threading.Event(),
    )


@contextmanager
def taking_less_than(*, seconds: float) -> Iterator[None]:
    started = CLOCK.monotonic()
    try:
        yield
    finally:
        assert CLOCK.monotonic() - started < seconds


def test_a_backend_that_stops_dead_is_given_up(database: Database) -> None:
    with (
        pytest.raises(DatabaseQueryError, match="did not answer in time") as raised,
        connection(endpoint(database.dsn), None) as opened,
        frozen(database),
        taking_less_than(seconds=5),
    ):
        opened.execute("SELECT 1")

    assert database.name in str(raised.value)


def test_a_statement_that_takes_too_long_is_ended_by_the_server(
    database: Database,
) -> None:
    database.execute("CREATE SEQUENCE s")
    with database.connect() as other, other.transaction(force_rollback=True):
        other.execute("LOCK TABLE pg_catalog.pg_depend")
        patient = Deadlines(
            statement=timedelta(milliseconds=300), lock=timedelta(seconds=30)
        )

        found = sample(database.dsn, deadlines=patient)

    assert found.error is not None
    assert "statement timeout" in found.error
    assert found.duration_seconds < 5


def test_a_locked_catalog_is_not_waited_for(database: Database) -> None:
    with database.connect() as other, other.transaction(force_rollback=True):
        other.execute("LOCK TABLE pg_catalog.pg_depend")

        found = sample(database.dsn, deadlines=QUICK)

    assert found.error is not None
    assert "lock timeout" in found.error


def test_a_stop_ends_a_wait_at_once(database: Database) -> None:
    stopping = threading.Event()
    threading.Timer(0.3, stopping.set).start()
    slow = Endpoint(conninfo=lambda: database.dsn, clock=CLOCK, stopping=stopping)

    with (
        pytest.raises(DatabaseQueryError, match="the agent is stopping"),
        connection(slow, None) as opened,
        taking_less_than(seconds=2),
    ):
        opened.execute("SELECT pg_sleep(9)")


def test_a_host_that_accepts_and_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        silent = endpoint(f"postgresql://u@127.0.0.1:{port}/app")

        with (
            taking_less_than(seconds=4),
            pytest.raises(DatabaseUnreachableError, match="timeout expired"),
            connection(silent, None),
        ):
            pass


def test_a_session_is_seen_by_its_name_and_may_only_read(database: Database) -> None:
    with connection(endpoint(database.dsn), None) as opened, opened.transaction():
        told = opened.execute(
            "SELECT current_setting('application_name'),"
            " current_setting('transaction_read_only')"
        ).fetchone()

    assert told == ("pg-sequence-agent", "on")


def test_no_connection_is_left_behind(
    postgres: EmbeddedPostgres, database: Database
) -> None:
    assert sample(database.dsn).error is None

    left = database.execute(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE application_name = 'pg-sequence-agent'"
        " AND datname = current_database()"
    )
    assert left == [(0,)]
    assert postgres.running


@pytest.mark.parametrize(
    "text", ["postgresql://u:secret@h:port/d", "host=h secret", "=secret"]
)
def test_what_is_no_dsn_is_not_repeated(text: str) -> None:
    with pytest.raises(DsnError) as raised, connection(endpoint(text), None):
        pass

    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("duration", "setting"),
    [
        (timedelta(seconds=2), "2000ms"),
        (timedelta(milliseconds=1), "1ms"),
        (timedelta(milliseconds=1.9), "2ms"),
        (timedelta(microseconds=1), "1ms"),
        (timedelta(0), "1ms"),
        (timedelta(seconds=-3), "1ms"),
    ],
)
def test_no_patience_is_the_shortest_and_never_an_endless_one(
    duration: timedelta, setting: str
) -> None:
    """The server takes 0 for: wait for ever."""
    assert milliseconds(duration) == setting
