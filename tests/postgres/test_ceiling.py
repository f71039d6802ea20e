"""Limits that others set for connections, and how they are lived with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event

import psycopg
import pytest

from agent.demo.embedded import EmbeddedPostgres
from agent.domain.filters import NameFilter
from agent.domain.status import DatabaseStatus
from agent.postgres.ceiling import Ceiling
from agent.services.surveying import Target, survey
from tests.postgres_servers import Database, database_on, role_name
from tests.sampled import CLOCK, server_at
from tests.stopped_clock import StoppedClock

GUESTS = 9
CONCURRENCY = 16


@contextmanager
def guests(database: Database) -> Iterator[list[str]]:
    """Some databases, each with a sequence."""
    names = [f"{database.name}_{number}" for number in range(GUESTS)]
    try:
        for name in names:
            database.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        yield names
    finally:
        for name in names:
            database.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def look(dsn: str, database: Database) -> tuple[DatabaseStatus, ...]:
    """As --all-databases does, at a server whose limits are not known yet."""
    server = server_at(dsn)
    endpoint = replace(server.endpoint, ceiling=Ceiling(CLOCK))
    target = Target(
        server=replace(server, endpoint=endpoint),
        databases=NameFilter(include=(f"{database.name}*",)),
    )
    return survey(
        [target],
        clock=CLOCK,
        concurrency=CONCURRENCY,
        progress=lambda _done, _all: None,
    )


@pytest.fixture
def logged(postgres: EmbeddedPostgres) -> Iterator[Database]:
    """A database of a server of its own, whose log can be read."""
    own = EmbeddedPostgres(postgres.binaries)
    with own, database_on(own) as database:
        yield database


def refusals(database: Database) -> int:
    return database.server.home.log.read_text().count("FATAL:  too many connections")


def test_limits_of_roles_and_databases_are_lived_with_and_nothing_storms_the_log(
    logged: Database,
) -> None:
    dsn = logged.role("guest", attributes="CONNECTION LIMIT 2")
    with guests(logged) as names:
        of_role = [look(dsn, logged) for _ in range(3)]
        refused_by_role = refusals(logged)

        unlimited = logged.role("free")
        logged.execute(f'ALTER DATABASE "{names[0]}" CONNECTION LIMIT 1')
        of_database = [look(unlimited, logged) for _ in range(3)]

    for statuses in (*of_role, *of_database):
        assert len(statuses) == GUESTS + 1
        assert {status.error for status in statuses} == {None}
    assert refused_by_role == 0


def test_a_limit_that_no_catalog_tells_is_learned_from_a_refusal(
    logged: Database,
) -> None:
    server = logged.server
    logged.execute("ALTER SYSTEM SET max_connections = 10")
    logged.execute("ALTER SYSTEM SET superuser_reserved_connections = 3")
    server.restart()
    dsn = logged.role("guest")
    with guests(logged):
        others = [psycopg.connect(dsn) for _ in range(5)]
        found = look(dsn, logged)
        for each in others:
            each.close()

    assert {status.error for status in found} == {None}


def test_a_limit_that_others_use_up_is_told_with_what_helps(logged: Database) -> None:
    dsn = logged.role("guest", attributes="CONNECTION LIMIT 1")
    with psycopg.connect(dsn):
        (found,) = look(dsn, logged)

    assert found.error is not None
    assert role_name(dsn) in found.error
    assert "sampling.concurrency" in found.error


def ceiling() -> tuple[Ceiling, StoppedClock]:
    clock = StoppedClock(datetime(2026, 1, 1, tzinfo=UTC))
    return Ceiling(clock), clock


def test_what_others_of_the_role_have_is_not_ours() -> None:
    subject, _ = ceiling()

    with subject.room(Event()):
        subject.granted(5, taken=4)  # one of them is ours

        assert subject._limit() == 2


def test_there_is_always_room_for_one() -> None:
    subject, _ = ceiling()

    subject.granted(2, taken=7)

    assert subject._limit() == 1


def test_a_refusal_is_no_verdict_while_others_of_ours_are_open() -> None:
    subject, _ = ceiling()
    with subject.room(Event()), subject.room(Event()), subject.room(Event()):
        assert subject.refused("too many")
        assert subject._limit() == 2
    assert subject.refusal is None


def test_a_limit_that_was_learned_is_tried_again_one_by_one() -> None:
    subject, clock = ceiling()
    with subject.room(Event()), subject.room(Event()):
        subject.refused("too many")

    limits = []
    for _ in range(3):
        limits.append(subject._limit())
        clock.move(timedelta(minutes=1))

    assert limits == [1, 2, 3]


def test_a_refusal_when_nothing_of_ours_is_open_is_not_tried_again_at_once() -> None:
    subject, clock = ceiling()
    with subject.room(Event()):
        assert not subject.refused("too many")

    assert subject.refusal == "too many"
    clock.move(timedelta(minutes=1))
    assert subject.refusal is None
