"""An administrator disarms a database, and a reset that runs is not cut off."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest

from agent.domain.pace import Deadlines
from agent.postgres.administering import ArmingError
from agent.postgres.arming import Disarmed, disarm
from tests.postgres.armed import (
    EVERYTHING,
    HOLD,
    armed,
    armed_for,
    disarmed,
    endpoint,
    schemas,
)
from tests.postgres_servers import Database

WAITING = "SELECT pid FROM pg_locks WHERE NOT granted"


@contextmanager
def holding(dsn: str) -> Iterator[psycopg.Connection]:
    """A transaction that holds the marker, as a reset does."""
    with psycopg.connect(dsn) as connection:
        connection.execute(HOLD.encode())
        yield connection


def test_disarming_ends_it_now_and_keeps_the_rest(database: Database) -> None:
    agent = database.role("agent")
    armed_for(database, agent)
    before = database.execute(EVERYTHING)

    done = disarmed(database)

    assert done.was_armed
    with holding(agent) as connection:
        assert connection.execute(HOLD.encode()).fetchall() == [("staging", False)]
    assert database.execute(EVERYTHING) == before


def test_disarming_twice_changes_nothing_more(database: Database) -> None:
    armed(database)
    disarmed(database)
    before = database.execute("SELECT * FROM sequence_agent.environment")

    again = disarmed(database)

    assert not again.was_armed
    assert again.marker is not None
    assert database.execute("SELECT * FROM sequence_agent.environment") == before


def test_disarming_ends_what_somebody_armed_by_hand_for_ever(
    database: Database,
) -> None:
    armed(database)
    database.execute("UPDATE sequence_agent.environment SET armed_until = 'infinity'")

    assert disarmed(database).was_armed
    assert not disarmed(database).was_armed


def test_disarming_what_never_was_armed_makes_nothing(database: Database) -> None:
    assert disarmed(database) == Disarmed(
        database=database.name, marker=None, was_armed=False
    )
    assert schemas(database) == []


def test_a_running_reset_keeps_its_marker_and_disarming_gives_up(
    database: Database,
) -> None:
    agent = database.role("agent")
    armed_for(database, agent)

    with holding(agent), pytest.raises(ArmingError, match=r"in use.* waited 0\.3 s"):
        disarmed(database)

    assert disarmed(database).was_armed


def test_disarming_waits_for_a_reset_that_ends_in_time(database: Database) -> None:
    agent = database.role("agent")
    armed_for(database, agent)
    patient = endpoint(database.dsn, Deadlines(lock=timedelta(seconds=20)))

    with ThreadPoolExecutor(1) as thread:
        with holding(agent) as connection:
            waiting = thread.submit(disarm, patient)
            while not database.execute(WAITING):
                assert not waiting.done()
            still = connection.execute(HOLD.encode()).fetchall()
            connection.commit()
        done = waiting.result()

    assert still == [("staging", True)]
    assert done.was_armed


def test_a_reset_that_comes_while_somebody_disarms_sees_it_disarmed(
    database: Database,
) -> None:
    agent = database.role("agent")
    armed_for(database, agent)

    with ThreadPoolExecutor(1) as thread:
        with database.connect() as admin, admin.transaction():
            admin.execute(
                "UPDATE sequence_agent.environment SET armed_until = clock_timestamp()"
            )
            waiting = thread.submit(_held, agent)
            while not database.execute(WAITING):
                assert not waiting.done()
        held = waiting.result()

    assert held == [("staging", False)]


def _held(dsn: str) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(HOLD.encode()).fetchall()
