"""Whoever holds what a run waits for is named, with what helps to find them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import cast

import psycopg
import pytest

from agent.demo.embedded import EmbeddedPostgres
from agent.domain.resets.job import JobKind
from agent.domain.resets.runs import Failed, Work
from agent.postgres.connect import connection
from agent.postgres.reading import ReadOnly
from agent.postgres.resets.holders import WantedLock, holders_of
from tests.postgres_servers import Database, Source, binaries_of, database_on
from tests.resets.target import Target, armed_target, endpoint
from tests.resets.test_running import Bench

WORK = Work(lock_timeout=timedelta(milliseconds=200))


@pytest.fixture
def target(database: Database) -> Target:
    return armed_target(database)


@contextmanager
def holding(
    target: Target, statement: str, *, application: str = "batch"
) -> Iterator[int]:
    """A transaction that stays open; the process id of its backend."""
    with (
        psycopg.connect(target.database.dsn, application_name=application) as other,
        other.transaction(force_rollback=True),
    ):
        other.execute(statement.encode())
        yield other.info.backend_pid


def holders(target: Target, wanted: WantedLock, *tables: str) -> tuple[str, ...]:
    oids = [
        target.database.execute("SELECT %s::regclass::oid::int", [each])[0][0]
        for each in tables or ("users",)
    ]
    chosen = endpoint(target.dsn)
    with connection(chosen, target.database.name) as opened:
        reading = ReadOnly(connection=opened, deadlines=chosen.deadlines)
        return holders_of(reading, oids, wanted=wanted)


def test_nobody_is_named_where_nobody_holds_anything(target: Target) -> None:
    assert holders(target, WantedLock.ACCESS_EXCLUSIVE) == ()


def test_a_holder_is_named_by_process_role_and_application(target: Target) -> None:
    with holding(target, "SELECT FROM users") as pid:
        [told] = holders(target, WantedLock.ACCESS_EXCLUSIVE)

    assert told == f"pid {pid} (role postgres, application 'batch')"


def test_who_may_see_it_hears_since_when_and_in_what_state(target: Target) -> None:
    target.as_admin("GRANT pg_read_all_stats TO {role}")
    with holding(target, "SELECT FROM users"):
        [told] = holders(target, WantedLock.ACCESS_EXCLUSIVE)

    assert ", idle in transaction since 20" in told
    assert told.endswith(" UTC)")


def test_what_somebody_runs_is_not_told(target: Target) -> None:
    target.as_admin("GRANT pg_read_all_stats TO {role}")
    with holding(target, "SELECT 'secret' FROM users"):
        [told] = holders(target, WantedLock.ACCESS_EXCLUSIVE)

    assert "secret" not in told


@pytest.mark.parametrize(
    ("statement", "wanted_locks"),
    [
        ("SELECT FROM users", [WantedLock.ACCESS_EXCLUSIVE]),
        (
            "INSERT INTO users (name) VALUES ('x')",
            [WantedLock.ACCESS_EXCLUSIVE, WantedLock.SHARE_ROW_EXCLUSIVE],
        ),
        ("LOCK TABLE users IN SHARE MODE", list(WantedLock)),
        ("LOCK TABLE users IN ACCESS EXCLUSIVE MODE", list(WantedLock)),
    ],
)
def test_only_who_stands_in_the_way_is_named(
    target: Target, statement: str, wanted_locks: list[WantedLock]
) -> None:
    with holding(target, statement):
        hindered = [wanted for wanted in WantedLock if holders(target, wanted)]

    assert hindered == [wanted for wanted in WantedLock if wanted in wanted_locks]


def test_who_only_waits_is_not_named(target: Target) -> None:
    with holding(target, "SELECT FROM users") as pid, ExitStack() as stack:
        waiting = stack.enter_context(psycopg.connect(target.database.dsn))
        stack.callback(waiting.cancel)
        waiting.execute("SET lock_timeout = '1ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            waiting.execute("LOCK TABLE users")

        [told] = holders(target, WantedLock.ACCESS_EXCLUSIVE)

    assert f"pid {pid} " in told


def test_three_are_named_and_the_others_counted(target: Target) -> None:
    target.as_admin("GRANT pg_read_all_stats TO {role}")
    with ExitStack() as stack:
        pids = [
            stack.enter_context(holding(target, "SELECT FROM users, orders"))
            for _ in range(5)
        ]

        told = holders(target, WantedLock.ACCESS_EXCLUSIVE, "users", "orders")

    assert [int(each.split()[1]) for each in told[:3]] == pids[:3]
    assert told[3:] == ("2 more",)


def test_what_a_holder_calls_itself_stays_on_one_line(target: Target) -> None:
    with holding(target, "SELECT FROM users", application="a\nb\x1b[31m"):
        [told] = holders(target, WantedLock.ACCESS_EXCLUSIVE)

    assert told.isprintable()


def test_a_run_that_cannot_lock_its_tables_names_who_holds_them(target: Target) -> None:
    with holding(target, "SELECT FROM orders") as pid:
        outcome = Bench(target).run(work=WORK)

    assert isinstance(outcome, Failed)
    assert f"; held by pid {pid} (role postgres, application 'batch')" in outcome.reason
    assert "could not all be locked within 0.2 s" in outcome.reason


def test_a_run_that_cannot_lock_its_sequences_names_who_holds_them(
    target: Target,
) -> None:
    with holding(target, "SELECT nextval('orders_id_seq')") as pid:
        outcome = Bench(target).run(work=WORK)

    assert isinstance(outcome, Failed)
    assert "while emptying 2 tables: " in outcome.reason
    assert f"; held by pid {pid} (" in outcome.reason


def test_a_resync_blames_no_reader(target: Target) -> None:
    target.as_agent("INSERT INTO users (id) VALUES (90)")
    bench = Bench(target)
    with (
        holding(target, "SELECT FROM users", application="reader"),
        holding(target, "LOCK users IN ROW EXCLUSIVE MODE", application="writer"),
    ):
        outcome = bench.run(replace(bench.job, kind=JobKind.RESYNC), work=WORK)

    assert isinstance(outcome, Failed)
    assert "'writer'" in outcome.reason
    assert "'reader'" not in outcome.reason


@pytest.fixture
def preparing(
    postgres_major: int, pytestconfig: pytest.Config
) -> Iterator[EmbeddedPostgres]:
    """A server of this test's own, on which transactions can be prepared."""
    source = cast("Source", pytestconfig.getoption("--postgres-from"))
    with EmbeddedPostgres(binaries_of(postgres_major, source)) as own:
        with psycopg.connect(own.dsn(), autocommit=True) as admin:
            admin.execute("ALTER SYSTEM SET max_prepared_transactions = 2")
        own.restart()
        yield own


@pytest.mark.parametrize("restarted", [False, True])
def test_a_prepared_transaction_is_named_as_one(
    preparing: EmbeddedPostgres, *, restarted: bool
) -> None:
    with database_on(preparing) as database:
        target = armed_target(database)
        with psycopg.connect(database.dsn) as other:
            other.execute("SELECT FROM users")
            other.execute("PREPARE TRANSACTION 'for\ngotten'")
        if restarted:
            preparing.restart()

        outcome = Bench(target).run(work=WORK)

        with database.connect() as admin:
            admin.execute("ROLLBACK PREPARED 'for\ngotten'")
    assert isinstance(outcome, Failed)
    assert r"; held by prepared transaction 'for\ngotten' (role postgres, since 20" in (
        outcome.reason
    )
