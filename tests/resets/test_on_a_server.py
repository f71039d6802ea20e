"""Plans of real databases: their numbers, their hashes, and what they leave behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from psycopg import sql

from agent.domain.filters import NameFilter
from agent.domain.pace import Deadlines
from agent.domain.resets.job import JobKind
from agent.domain.resets.plan import Plan
from agent.postgres.connect import connection
from agent.postgres.targets import TargetSession
from agent.services.planning import plan_job
from tests.postgres_servers import Database
from tests.resets.target import (
    CLOCK,
    Target,
    armed_target,
    endpoint,
    job_for,
    refusals,
)

IMPATIENT = Deadlines(lock=timedelta(milliseconds=50), statement=timedelta(seconds=2))


@pytest.fixture
def target(database: Database) -> Target:
    return armed_target(database)


def moves(plan: Plan) -> dict[str, tuple[int | None, int]]:
    return {s.definition.qualified: (s.value_before, s.after) for s in plan.sequences}


def test_the_plan_tells_rows_and_sequences(target: Target) -> None:
    target.as_agent("CREATE SEQUENCE invoice START 7 INCREMENT 3")
    job = replace(job_for(target.database.name), sequences=("public.invoice",))

    plan = target.plan(job)

    rows = {t.table.qualified: (t.rows, t.exact) for t in plan.tables}
    assert rows == {"public.orders": (3, True), "public.users": (5, True)}
    assert all(t.bytes for t in plan.tables)
    assert moves(plan) == {
        "public.invoice": (7, 7),
        "public.orders_id_seq": (102, 100),
        "public.users_id_seq": (5, 1),
    }
    assert {s.definition.name: s.owned for s in plan.sequences} == {
        "invoice": False,
        "orders_id_seq": True,
        "users_id_seq": True,
    }


def test_the_rows_of_a_parent_are_counted_once(target: Target) -> None:
    target.as_agent(
        "CREATE TABLE logs (k integer) PARTITION BY RANGE (k);"
        " CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (0) TO (9);"
        " INSERT INTO logs SELECT 1 FROM generate_series(1, 4);"
        " CREATE TABLE child () INHERITS (users); INSERT INTO child VALUES (99)"
    )

    plan = target.plan(job_for(target.database.name))

    assert {t.table.relation.name: t.rows for t in plan.tables} == {
        "child": 1,
        "logs": 0,
        "logs_1": 4,
        "orders": 3,
        "users": 5,
    }


def test_a_table_that_is_locked_is_estimated(target: Target) -> None:
    target.database.execute("ANALYZE users")
    with target.database.connect() as other, other.transaction(force_rollback=True):
        other.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")

        plan = target.plan(job_for(target.database.name))

    found = {t.table.relation.name: (t.rows, t.exact) for t in plan.tables}
    assert found == {"orders": (3, True), "users": (5, False)}
    assert plan.allowed


def test_a_locked_table_of_which_nobody_knows_anything_refuses(target: Target) -> None:
    with target.database.connect() as other, other.transaction(force_rollback=True):
        other.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")

        plan = target.plan(job_for(target.database.name))

    assert refusals(plan) == ("rows_limit",)


def test_the_same_database_has_the_same_hash(target: Target) -> None:
    job = job_for(target.database.name)
    first = target.plan(job).hash

    target.as_agent("INSERT INTO users (name) VALUES ('one more')")
    target.as_agent("TRUNCATE users, orders RESTART IDENTITY")
    target.as_admin("ANALYZE; UPDATE sequence_agent.environment SET armed_by = 'bob'")

    assert target.plan(job).hash == first


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE more (k integer)",
        "DROP TABLE orders; CREATE TABLE orders (k integer)",
        "ALTER SEQUENCE users_id_seq START 5",
        "CREATE TABLE child () INHERITS (users)",
        "ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey",
        "ALTER TABLE orders RENAME TO purchases",
        "SET ROLE {role}; CREATE SEQUENCE s OWNED BY users.name",
        "CREATE SCHEMA o; CREATE TABLE o.t (id integer DEFAULT nextval('users_id_seq'))",
        "CREATE PUBLICATION pub FOR TABLE users",
        "UPDATE sequence_agent.environment SET environment = 'qa'",
    ],
)
def test_drift_changes_the_hash(statement: str, target: Target) -> None:
    job = job_for(target.database.name)
    agreed = target.plan(job).hash
    target.as_admin(statement)

    plan = target.plan(job, expected_hash=agreed)

    assert plan.hash != agreed
    assert "plan_changed" in refusals(plan)


_SETTINGS = "SELECT name, setting FROM pg_settings ORDER BY name"


def test_a_plan_within_a_transaction_leaves_it_as_it_was(target: Target) -> None:
    """As whoever carries it out looks again, under the locks."""
    job = job_for(target.database.name)
    with connection(endpoint(target.dsn), target.database.name) as opened:
        opened.read_only = False
        session = TargetSession(connection=opened, deadlines=IMPATIENT, clock=CLOCK)
        agreed = plan_job(job, session)
        with opened.transaction():
            opened.execute("SET LOCAL lock_timeout = '1500ms'")
            opened.execute("SET LOCAL search_path = pg_catalog, pg_temp")
            opened.execute(
                "LOCK TABLE public.users, public.orders IN ACCESS EXCLUSIVE MODE"
            )
            opened.execute("INSERT INTO public.users (name) VALUES ('just now')")

            before = opened.execute(_SETTINGS).fetchall()

            plan = plan_job(job, session, exact=True, expected_hash=agreed.hash)

            after = opened.execute(_SETTINGS).fetchall()
            locks = opened.execute(
                "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND mode ="
                " 'AccessExclusiveLock' AND relation::regclass::text"
                " IN ('public.users', 'public.orders')"
            ).fetchone()
            opened.execute("TRUNCATE public.users, public.orders RESTART IDENTITY")

    assert plan.allowed
    assert {t.table.relation.name: t.rows for t in plan.tables} == {
        "orders": 3,
        "users": 6,
    }
    assert after == before
    assert locks == (2,)
    assert target.contents()["public.users"] == (0,)


def test_what_is_planned_exactly_is_never_estimated(target: Target) -> None:
    target.database.execute("ANALYZE users")
    job = job_for(target.database.name)
    with (
        target.database.connect() as other,
        other.transaction(force_rollback=True),
        connection(endpoint(target.dsn), target.database.name) as opened,
    ):
        other.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        session = TargetSession(connection=opened, deadlines=IMPATIENT, clock=CLOCK)

        plan = plan_job(job, session, exact=True)

    assert refusals(plan) == ("rows_limit",)


def test_a_reset_of_what_was_planned_succeeds(target: Target) -> None:
    """The plan is the truth: PostgreSQL refuses none of it, and does all of it."""
    target.as_agent(
        "CREATE TABLE logs (id serial, k integer) PARTITION BY RANGE (k);"
        " CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (0) TO (9);"
        " INSERT INTO logs (k) VALUES (1), (2);"
        ' CREATE TABLE "Weird.Table" (id serial);'
        ' INSERT INTO "Weird.Table" DEFAULT VALUES;'
    )
    plan = target.plan(job_for(target.database.name))
    names = sql.SQL(", ").join(
        sql.Identifier(t.table.relation.schema, t.table.relation.name)
        for t in plan.tables
    )

    with target.database.connect(target.dsn) as agent:
        agent.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY RESTRICT").format(names))

    again = target.plan(job_for(target.database.name))
    assert again.hash == plan.hash
    assert all(each.rows == 0 for each in again.tables)
    assert all(each.value_before == each.after for each in again.sequences)


# Resyncs.


def resync(target: Target, *tables: str, sequences: tuple[str, ...] = ()) -> Plan:
    job = replace(
        job_for(target.database.name),
        kind=JobKind.RESYNC,
        tables=NameFilter(include=tables or ("public.*",)),
        sequences=sequences,
    )
    return target.plan(job)


def test_a_resync_finds_what_is_behind_its_column(target: Target) -> None:
    target.as_agent(
        "INSERT INTO users (id, name) VALUES (99, 'restored');"
        " CREATE TABLE down (id integer PRIMARY KEY);"
        " CREATE SEQUENCE down_seq INCREMENT -2 START -1 OWNED BY down.id;"
        " ALTER TABLE down ALTER id SET DEFAULT nextval('down_seq');"
        " INSERT INTO down VALUES (-10);"
        " CREATE TABLE empty (id serial)"
    )

    plan = resync(target)

    assert plan.allowed
    assert plan.tables == ()
    assert moves(plan) == {
        "public.down_seq": (-1, -11),
        "public.users_id_seq": (5, 99),
    }


def test_a_shared_sequence_follows_the_furthest_of_its_columns(target: Target) -> None:
    target.as_agent(
        "CREATE TABLE other (id integer DEFAULT nextval('users_id_seq'));"
        " INSERT INTO other VALUES (400); INSERT INTO users (id) VALUES (77)"
    )

    assert moves(resync(target, "public.users")) == {"public.users_id_seq": (5, 400)}


def test_rows_of_partitions_count_for_the_sequence_of_their_parent(
    target: Target,
) -> None:
    target.as_agent(
        "CREATE TABLE logs (id serial, k integer) PARTITION BY RANGE (k);"
        " CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (0) TO (9);"
        " INSERT INTO logs_1 VALUES (31, 1)"
    )

    assert moves(resync(target)) == {"public.logs_id_seq": (1, 31)}


def test_a_resync_that_cannot_see_all_rows_is_refused(target: Target) -> None:
    target.as_admin(
        "ALTER TABLE users ENABLE ROW LEVEL SECURITY;"
        " ALTER TABLE users FORCE ROW LEVEL SECURITY"
    )

    assert refusals(resync(target)) == ("unreadable",)


def test_a_resync_needs_the_same_marker(target: Target) -> None:
    target.as_admin("UPDATE sequence_agent.environment SET environment = 'qa'")

    assert refusals(resync(target)) == ("marker_environment",)


def test_a_resync_asks_nothing_about_truncation(target: Target) -> None:
    target.as_admin("CREATE PUBLICATION pub FOR ALL TABLES")

    assert resync(target, "public.users").allowed
