"""An administrator arms a database, and what that leaves in it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, timedelta

import psycopg
import pytest

from agent.domain.pace import Deadlines
from agent.postgres.arming import Armed, Order, arm
from tests.postgres.armed import (
    EVERYTHING,
    STAGING,
    administrator,
    armed,
    armed_for,
    endpoint,
)
from tests.postgres_servers import Database, role_name


def test_the_marker_names_this_very_database_and_when_it_ends(
    database: Database,
) -> None:
    marker = armed(database).marker

    identity = """
        SELECT (SELECT system_identifier FROM pg_control_system()), oid, datname,
            session_user, clock_timestamp()
        FROM pg_database WHERE datname = current_database()
    """
    system, oid, name, user, now = database.execute(identity)[0]
    assert (marker.environment, marker.protected) == ("staging", False)
    assert marker.system_identifier == system
    assert (marker.database_oid, marker.database_name) == (oid, name)
    assert marker.armed_until - marker.armed_at == timedelta(days=30)
    assert timedelta(0) <= now - marker.armed_at < timedelta(minutes=1)
    assert marker.armed_by == f"{user} (alice from 127.0.0.1)"


def test_it_ends_by_the_servers_clock_whatever_the_database_prefers(
    database: Database,
) -> None:
    for setting in (
        "datestyle = 'German, DMY'",
        "timezone = 'America/New_York'",
        "intervalstyle = 'iso_8601'",
        "default_transaction_isolation = 'serializable'",
        "default_transaction_read_only = on",
    ):
        database.execute(f'ALTER DATABASE "{database.name}" SET {setting}')

    marker = armed(database, replace(STAGING, duration=timedelta(hours=12))).marker

    stored = (
        "SELECT extract(epoch FROM armed_until)::float8 FROM sequence_agent.environment"
    )
    assert marker.armed_until.utcoffset() == UTC.utcoffset(None)
    assert database.execute(stored) == [(marker.armed_until.timestamp(),)]


def test_what_is_made_belongs_to_who_armed(database: Database) -> None:
    admin = administrator(database)

    done = arm(endpoint(admin), STAGING)

    assert (done.made, done.owner) == (True, role_name(admin))
    owners = """
        SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'sequence_agent'
        UNION
        SELECT relowner::regrole::text FROM pg_class
        WHERE relnamespace = 'sequence_agent'::regnamespace
        UNION
        SELECT proowner::regrole::text FROM pg_proc
        WHERE pronamespace = 'sequence_agent'::regnamespace
    """
    assert database.execute(owners) == [(role_name(admin),)]


def test_arming_again_rewrites_the_marker_and_nothing_else(database: Database) -> None:
    agent = database.role("agent")
    armed_for(database, agent)
    database.execute(
        "INSERT INTO sequence_agent.job_run (job, trigger, scheduled_for, agent)"
        " VALUES ('nightly', 'schedule', now(), 'host/1/0')"
    )
    before = database.execute(EVERYTHING)

    again = armed(database, replace(STAGING, environment="qa"))

    assert (again.made, again.grantees) == (False, (role_name(agent),))
    assert database.execute(EVERYTHING) == before
    markers = database.execute("SELECT environment FROM sequence_agent.environment")
    assert markers == [("qa",)]
    assert database.execute("SELECT count(*) FROM sequence_agent.job_run") == [(1,)]


def test_many_may_arm_at_once(database: Database) -> None:
    orders = [replace(STAGING, environment=f"staging{n}") for n in range(6)]
    patient = endpoint(database.dsn, Deadlines(lock=timedelta(seconds=20)))
    start = threading.Barrier(len(orders))

    def one(order: Order) -> Armed:
        start.wait()
        return arm(patient, order)

    with ThreadPoolExecutor(len(orders)) as threads:
        done = list(threads.map(one, orders))

    assert [each.made for each in done].count(True) == 1
    assert database.execute("SELECT count(*) FROM sequence_agent.environment") == [(1,)]


def test_any_name_of_a_role_and_an_environment_will_do(database: Database) -> None:
    agent = database.role("O'Brien größe; --")
    order = replace(
        STAGING, environment='Größe "1"; %s', grant_to=(role_name(agent),), os_user=None
    )

    done = armed(database, order)

    assert done.grantees == (role_name(agent),)
    assert done.marker.environment == 'Größe "1"; %s'
    assert done.marker.armed_by.endswith("(from 127.0.0.1)")


def test_a_database_of_any_name_and_encoding_is_armed(database: Database) -> None:
    odd = 'The "odd" größe 注文'
    copy = replace(database, name=odd)
    with database.connect() as connection:
        connection.execute(
            psycopg.sql.SQL(
                "CREATE DATABASE {} TEMPLATE template0 ENCODING 'SQL_ASCII'"
                " LC_COLLATE 'C' LC_CTYPE 'C'"
            ).format(psycopg.sql.Identifier(odd))
        )
        try:
            dsn = psycopg.conninfo.make_conninfo(database.dsn, dbname=odd)
            marker = arm(endpoint(dsn), replace(STAGING, environment="größe")).marker
        finally:
            connection.execute(
                psycopg.sql.SQL("DROP DATABASE {} WITH (FORCE)").format(
                    psycopg.sql.Identifier(copy.name)
                )
            )

    assert (marker.database_name, marker.environment) == (odd, "größe")


# The ledger itself.


@pytest.mark.parametrize(
    "values",
    [
        "'nightly', 'schedule', now(), 'host/1/0', 'perhaps'",
        "'nightly', 'by chance', now(), 'host/1/0', 'claimed'",
        "'nightly', 'hand:', now(), 'host/1/0', 'claimed'",
    ],
)
def test_the_ledger_takes_no_other_status_or_trigger(
    database: Database, values: str
) -> None:
    armed(database)

    with pytest.raises(psycopg.errors.CheckViolation):
        database.execute(
            "INSERT INTO sequence_agent.job_run"
            f" (job, trigger, scheduled_for, agent, status) VALUES ({values})"
        )


def test_a_tick_is_claimed_once(database: Database) -> None:
    armed(database)
    claim = (
        "INSERT INTO sequence_agent.job_run (job, trigger, scheduled_for, agent)"
        " VALUES ('nightly', 'schedule', '2026-01-01', 'host/1/0')"
        " ON CONFLICT (job, job_sha256, trigger, scheduled_for) DO NOTHING RETURNING status"
    )

    assert [database.execute(claim), database.execute(claim)] == [[("claimed",)], []]


def test_there_is_one_marker_at_most(database: Database) -> None:
    armed(database)

    with pytest.raises(psycopg.errors.IntegrityError):
        database.execute(
            "INSERT INTO sequence_agent.environment SELECT false, environment, protected,"
            " system_identifier, database_oid, database_name, armed_until, armed_by,"
            " armed_at FROM sequence_agent.environment"
        )
