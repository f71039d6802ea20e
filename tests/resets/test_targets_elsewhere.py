"""Databases that are not the one that was armed, or not what they were then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from secrets import token_hex

import pytest

from agent.demo.embedded import EmbeddedPostgres, Standby
from agent.domain.resets.job import Allowed, ResetJob
from agent.domain.resets.plan import Plan
from agent.postgres.targets import open_target
from agent.services.planning import plan_job
from tests.postgres_servers import Database, Servers, database_on, role_name
from tests.resets.target import (
    Target,
    armed_target,
    dropped_afterwards,
    endpoint,
    job_for,
    led_to,
    plan_at,
    refusals,
    unarmed_target,
)


def plan_of(target: Target, name: str) -> Plan:
    """The plan for a database of another name on the same server."""
    return plan_at(led_to(target.dsn, name), job_for(name))


def test_a_database_that_was_never_armed(database: Database) -> None:
    target = unarmed_target(database)

    assert refusals(target.plan(job_for(database.name))) == ("marker_missing",)


def test_gates_about_a_missing_marker_do_not_pass(database: Database) -> None:
    target = unarmed_target(database)

    gates = {v.gate: v for v in target.plan(job_for(database.name)).gates}

    assert not any(
        gates[name].passed
        for name in gates
        if name.startswith("marker_") and name != "marker_writable"
    )


def test_a_dsn_that_leads_to_another_database_of_the_server(
    database: Database, postgres: EmbeddedPostgres
) -> None:
    target = armed_target(database)
    with database_on(postgres) as other:
        plan = plan_of(target, other.name)

    assert refusals(plan) == ("marker_missing", "nothing_matched")


def test_a_pooler_that_leads_to_another_database_than_the_job_names(
    database: Database,
) -> None:
    target = armed_target(database)
    job = replace(job_for(database.name), name="nightly")

    plan = _behind_a_pooler(target, replace(job, database="app"))

    assert refusals(plan) == ("marker_database_name",)


def _behind_a_pooler(target: Target, job: ResetJob) -> Plan:
    """As though `job.database` were an alias of this database."""
    with open_target(endpoint(target.dsn), target.database.name) as session:
        return plan_job(job, session)


def test_a_clone_of_the_database(database: Database) -> None:
    target = armed_target(database)
    name = f"test_{token_hex(6)}"
    with dropped_afterwards(database, name):
        _from_outside(database, f'CREATE DATABASE "{name}" TEMPLATE "{database.name}"')

        plan = plan_of(target, name)

    assert refusals(plan) == ("marker_database_oid", "marker_database_name")


def test_a_renamed_database(database: Database) -> None:
    target = armed_target(database)
    name = f"test_{token_hex(6)}"
    with dropped_afterwards(database, name):
        _from_outside(database, f'ALTER DATABASE "{database.name}" RENAME TO "{name}"')

        plan = plan_of(target, name)

        _from_outside(database, f'ALTER DATABASE "{name}" RENAME TO "{database.name}"')
    assert refusals(plan) == ("marker_database_name",)


def test_a_database_that_was_restored_under_its_name(database: Database) -> None:
    target = armed_target(database)
    kept = f"test_{token_hex(6)}"
    with dropped_afterwards(database, kept):
        _from_outside(database, f'CREATE DATABASE "{kept}" TEMPLATE "{database.name}"')
        _from_outside(database, f'DROP DATABASE "{database.name}"')
        _from_outside(database, f'CREATE DATABASE "{database.name}" TEMPLATE "{kept}"')

        plan = target.plan(job_for(database.name))

    assert refusals(plan) == ("marker_database_oid",)


def _from_outside(database: Database, statement: str) -> None:
    """A database is cloned and renamed from another one."""
    elsewhere = Database(name="postgres", server=database.server)
    elsewhere.execute(statement)


def test_a_standby(
    standby: tuple[EmbeddedPostgres, Standby], database: Database
) -> None:
    _, follower = standby
    target = armed_target(database)
    follower.start()
    follower.catch_up()

    dsn = target.dsn.replace(f":{database.server.port}/", f":{follower.port}/")
    plan = plan_at(dsn, job_for(database.name))

    assert refusals(plan) == ("in_recovery",)


def test_a_promoted_standby_of_an_armed_target_is_that_target(
    servers: Servers, postgres_major: int
) -> None:
    """A failover within staging is no reason to arm again; see docs/resets.md."""
    primary = servers.primary(postgres_major)
    with database_on(primary) as database:
        target = armed_target(database)
        with primary.clone_standby() as follower:
            follower.catch_up()
            follower.promote()

            dsn = target.dsn.replace(f":{primary.port}/", f":{follower.port}/")
            plan = plan_at(dsn, job_for(database.name))

    assert refusals(plan) == ()


def test_a_role_put_on_by_the_connection_string_hides_no_superuser(
    database: Database,
) -> None:
    target = armed_target(database)
    boss = database.role("boss", attributes="SUPERUSER")
    database.execute(f'GRANT "{target.role}" TO "{role_name(boss)}"')

    worn = f"{boss}?options=-c%20role%3D{target.role}"
    plan = plan_at(worn, job_for(database.name))

    assert refusals(plan) == ("marker_writable",)


def test_a_member_without_inheritance_may_still_write_the_marker(
    database: Database,
) -> None:
    target = armed_target(database)
    writer = database.role("writer")
    database.execute(
        f'GRANT UPDATE ON sequence_agent.environment TO "{role_name(writer)}";'
        f' ALTER ROLE "{target.role}" NOINHERIT;'
        f' GRANT "{role_name(writer)}" TO "{target.role}"'
    )

    plan = target.plan(job_for(database.name))

    assert refusals(plan) == ("marker_writable",)
    assert role_name(writer) in plan.refusals[0].detail


def test_a_server_that_does_not_tell_who_it_is(database: Database) -> None:
    target = armed_target(database)
    target.as_admin("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")

    plan = target.plan(job_for(database.name))

    assert refusals(plan) == ("marker_system_identifier",)
    assert "pg_control_system" in plan.refusals[0].remedy


@pytest.mark.parametrize(
    ("catalog", "gate"),
    [
        ("pg_publication", "published_table"),
        ("pg_subscription", "subscription"),
        ("pg_subscription_rel", "subscribed_table"),
        ("pg_replication_slots", "replication_slot"),
    ],
)
def test_what_cannot_be_read_refuses(
    catalog: str, gate: str, database: Database
) -> None:
    target = armed_target(database)
    columns = database.execute(
        "SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute"
        f" WHERE attrelid = 'pg_catalog.{catalog}'::regclass AND attnum > 0"
    )[0][0]
    database.execute(f"REVOKE ALL ON pg_catalog.{catalog} FROM PUBLIC")
    database.execute(f"REVOKE ALL ({columns}) ON pg_catalog.{catalog} FROM PUBLIC")

    plan = target.plan(job_for(database.name))

    assert refusals(plan) == (gate,)
    assert "permission denied" in plan.refusals[0].detail


@contextmanager
def _subscribed(target: Target) -> Iterator[None]:
    """A subscription that never connects, and fills public.users all the same."""
    database = target.database
    database.execute(
        "CREATE SUBSCRIPTION sub CONNECTION 'host=127.0.0.1 dbname=nowhere'"
        " PUBLICATION p WITH (connect = false, slot_name = NONE)"
    )
    try:
        yield
    finally:
        database.execute("DROP SUBSCRIPTION sub")


def test_a_database_with_a_subscription(database: Database) -> None:
    target = armed_target(database)
    with _subscribed(target):
        plan = target.plan(job_for(database.name))
        accepted = replace(
            job_for(database.name), allowed=Allowed(subscriptions=("sub",))
        )
        allowed = target.plan(accepted).allowed

    assert refusals(plan) == ("subscription",)
    assert allowed


def test_a_table_that_a_subscription_fills(database: Database) -> None:
    target = armed_target(database)
    job = replace(job_for(database.name), allowed=Allowed(subscriptions=("sub",)))
    with _subscribed(target):
        # What CREATE SUBSCRIPTION would write after it had asked the publisher.
        database.execute(
            "SET allow_system_table_mods = on;"
            " INSERT INTO pg_subscription_rel (srsubid, srrelid, srsubstate)"
            " SELECT s.oid, 'public.users'::regclass, 'r' FROM pg_subscription AS s"
            " WHERE s.subname = 'sub' AND s.subdbid ="
            " (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())"
        )
        plan = target.plan(job)

    assert refusals(plan) == ("subscribed_table",)
    assert "public.users by subscription 'sub'" in plan.refusals[0].detail


@pytest.fixture(scope="session")
def logical(postgres: EmbeddedPostgres) -> Iterator[EmbeddedPostgres]:
    """A server of the same version that lets its changes be read."""
    settings = {"wal_level": "logical"}
    with EmbeddedPostgres(postgres.binaries, settings=settings) as server:
        yield server


def test_a_database_whose_changes_somebody_reads(logical: EmbeddedPostgres) -> None:
    with database_on(logical) as database:
        target = armed_target(database)
        database.execute("SELECT pg_create_logical_replication_slot('cdc', 'pgoutput')")
        job = job_for(database.name)

        plan = target.plan(job)
        accepted = replace(job, allowed=Allowed(replication_slots=("cdc",)))
        allowed = target.plan(accepted).allowed
        database.execute("SELECT pg_drop_replication_slot('cdc')")

    assert refusals(plan) == ("replication_slot",)
    assert "'cdc'" in plan.refusals[0].detail
    assert allowed


def test_another_session_s_temporary_child(database: Database) -> None:
    target = armed_target(database)
    with database.connect() as session:
        session.execute("CREATE TEMP TABLE child () INHERITS (public.users)")

        plan = target.plan(job_for(database.name))

    assert "temporary_table" in refusals(plan)
    assert "descendant_not_listed" in refusals(plan)
