"""Whatever a database and a role prefer, and whatever its owner put on the search path."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from agent.domain.resets.job import JobKind
from agent.domain.resets.runs import Done, Work
from agent.domain.resets.seeds import Seed
from agent.postgres.arming import disarm
from agent.postgres.resets.worker import open_worker
from tests.hostile_schema import lay_on_path, ran
from tests.postgres_servers import Database
from tests.resets.target import (
    CLOCK,
    Target,
    armed_target,
    endpoint,
    unarmed_target,
)
from tests.resets.test_running import TICK, WORK, Bench
from tests.role_defaults import DEFAULTS, TIMEOUTS

# Qualified to the last operator, for whoever asks is subject to the same path.
_COUNTS = (
    "SELECT (SELECT pg_catalog.count(*) FROM public.users),"
    " (SELECT pg_catalog.count(*) FROM public.orders), s.last_value, s.is_called"
    " FROM public.users_id_seq AS s"
)


def _goes_as_ever(target: Target) -> None:
    """Arm, plan, reset, resync, the ledger and disarm."""
    target.arm()
    bench = Bench(target)
    resync = replace(bench.job, name="resync", kind=JobKind.RESYNC)
    later = replace(TICK, job="resync")

    assert target.plan(bench.job).allowed
    assert isinstance(bench.run(resync, later), Done)
    outcome = bench.run()
    assert isinstance(outcome, Done)
    assert outcome.rows_removed == 8
    record = bench.record()
    assert target.database.execute(_COUNTS) == [(0, 0, 1, False)]
    assert record.scheduled_for == TICK.scheduled_for
    opened = partial(open_worker, endpoint(target.dsn), target.database.name)
    with opened(agent="test/1") as worker:
        last = worker.ledger.last_success("nightly-reset", record.job_sha256)
    assert last is not None
    assert abs(CLOCK.now() - last) < timedelta(minutes=1)
    assert disarm(endpoint(target.database.dsn)).was_armed


@pytest.mark.parametrize("default", DEFAULTS)
def test_defaults_of_a_database_change_nothing(
    database: Database, default: str
) -> None:
    target = unarmed_target(database)
    target.as_admin(f"ALTER DATABASE {{db}} SET {default}")

    _goes_as_ever(target)


def test_defaults_of_a_role_change_nothing(database: Database) -> None:
    target = unarmed_target(database)
    for default in (
        *DEFAULTS,
        *(d for d, oldest in TIMEOUTS if database.major >= oldest),
    ):
        target.as_admin(f"ALTER ROLE {{role}} SET {default}")

    _goes_as_ever(target)


def test_a_pause_between_two_attempts_outlasts_the_timeout_of_idle_sessions(
    database: Database,
) -> None:
    if database.major < 14:
        pytest.skip("idle_session_timeout came with 14")
    bench = Bench(armed_target(database))
    bench.target.as_admin("ALTER ROLE {role} SET idle_session_timeout = '100ms'")
    with database.connect() as other:
        other.autocommit = False
        other.execute("SELECT count(*) FROM users")

        def release(said: str) -> None:
            if "trying again" in said:
                other.rollback()

        bench.react = release
        outcome = bench.run(
            work=Work(lock_timeout=timedelta(milliseconds=200), attempts=3)
        )

    assert isinstance(outcome, Done)
    assert outcome.attempts == 2


@pytest.mark.parametrize(
    "encoding",
    [
        "LATIN1",
        "LATIN2",
        "LATIN9",
        "WIN1252",
        "WIN1251",
        "EUC_JP",
        "SQL_ASCII",
        "KOI8R",
    ],
)
def test_a_database_of_any_encoding_is_reset(database: Database, encoding: str) -> None:
    with _in_encoding(database, encoding) as other:
        _goes_as_ever(unarmed_target(other))


def test_a_reason_that_the_encoding_lacks_is_recorded_all_the_same(
    database: Database,
) -> None:
    with _in_encoding(database, "LATIN1") as other:
        bench = Bench(armed_target(other))
        seed = Seed(name="→.sql", content=b"SELECT 1/0")

        bench.run(work=replace(WORK, seeds=(seed,)))

        assert "\\u2192.sql" in (bench.record().reason or "")


@contextmanager
def _in_encoding(database: Database, encoding: str) -> Iterator[Database]:
    """Another database of the same server, whose roles go with the first one."""
    other = Database(name=f"{database.name}_e", server=database.server)
    database.execute(
        f"CREATE DATABASE \"{other.name}\" ENCODING '{encoding}' TEMPLATE template0"
        " LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    try:
        yield other
    finally:
        database.execute(f'DROP DATABASE "{other.name}" WITH (FORCE)')
        database.roles.extend(other.roles)


def test_nothing_of_the_owner_of_a_database_runs_as_somebody_else(
    database: Database,
) -> None:
    target = unarmed_target(database)
    lay_on_path(database)

    _goes_as_ever(target)

    assert not ran(database)
