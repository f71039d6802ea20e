"""An administrator arms a database; the role that resets it can not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, timedelta

import psycopg
import pytest

from agent.demo.embedded import EmbeddedPostgres, Standby
from agent.postgres.administering import ArmingError, ArmingRefusedError
from agent.postgres.arming import Armed, Disarmed, Order, arm, disarm
from agent.postgres.connect import Deadlines, Endpoint
from tests.postgres_servers import Database, role_name
from tests.sampled import CLOCK

STAGING = Order(environment="staging", duration=timedelta(days=30), os_user="alice")
DEADLINES = Deadlines(lock=timedelta(milliseconds=300))
WAITING = "SELECT pid FROM pg_locks WHERE NOT granted"
HOLD = "SELECT environment, armed_until > clock_timestamp() FROM sequence_agent.hold_marker()"
TRIGGER = """
    CREATE TRIGGER t BEFORE UPDATE ON sequence_agent.environment
    FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()
"""
FUNCTION = """
    CREATE OR REPLACE FUNCTION sequence_agent.hold_marker()
    RETURNS SETOF sequence_agent.environment
    LANGUAGE sql AS 'SELECT * FROM sequence_agent.environment'
"""
EVERYTHING = """
    SELECT c.relname, c.relacl::text, c.xmin::text FROM pg_class AS c
    WHERE c.relnamespace = 'sequence_agent'::regnamespace
    UNION ALL
    SELECT p.proname, p.proacl::text, p.xmin::text FROM pg_proc AS p
    WHERE p.pronamespace = 'sequence_agent'::regnamespace
    ORDER BY 1
"""


def endpoint(dsn: str, deadlines: Deadlines = DEADLINES) -> Endpoint:
    return Endpoint(conninfo=lambda: dsn, clock=CLOCK, deadlines=deadlines)


def armed(database: Database, order: Order = STAGING) -> Armed:
    return arm(endpoint(database.dsn), order)


def disarmed(database: Database) -> Disarmed:
    return disarm(endpoint(database.dsn))


def armed_for(database: Database, agent: str) -> None:
    armed(database, replace(STAGING, grant_to=(role_name(agent),)))


def administrator(database: Database) -> str:
    return database.role("admin", grants=[f'CREATE ON DATABASE "{database.name}"'])


def schemas(database: Database) -> list[str]:
    found = database.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname = 'sequence_agent'"
    )
    return [name for (name,) in found]


@contextmanager
def holding(dsn: str) -> Iterator[psycopg.Connection]:
    """A transaction that holds the marker, as a reset does."""
    with psycopg.connect(dsn) as connection:
        connection.execute(HOLD.encode())
        yield connection


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


def test_the_agent_keeps_the_ledger_and_holds_the_marker(database: Database) -> None:
    agent = database.role("agent")
    armed_for(database, agent)

    with psycopg.connect(agent, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO sequence_agent.job_run (job, trigger, scheduled_for, agent)"
            " VALUES ('nightly', 'hand:1', now(), 'host/1/0')"
        )
        connection.execute("UPDATE sequence_agent.job_run SET status = 'succeeded'")
        runs = connection.execute(
            "SELECT status FROM sequence_agent.job_run"
        ).fetchall()
        marker = connection.execute(HOLD.encode()).fetchall()

    assert (runs, marker) == ([("succeeded",)], [("staging", True)])


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO sequence_agent.environment SELECT * FROM sequence_agent.environment",
        "UPDATE sequence_agent.environment SET armed_until = 'infinity'",
        "UPDATE sequence_agent.environment SET protected = protected",
        "DELETE FROM sequence_agent.environment",
        "TRUNCATE sequence_agent.environment",
        "SELECT FROM sequence_agent.environment FOR SHARE",
        "LOCK sequence_agent.environment IN ROW EXCLUSIVE MODE",
        "ALTER TABLE sequence_agent.environment ADD COLUMN mine int",
        "DROP TABLE sequence_agent.environment",
        TRIGGER,
        "CREATE TABLE child () INHERITS (sequence_agent.environment)",
        FUNCTION,
        "ALTER FUNCTION sequence_agent.hold_marker() SECURITY INVOKER",
        "DROP FUNCTION sequence_agent.hold_marker()",
        "CREATE TABLE sequence_agent.mine ()",
        "DELETE FROM sequence_agent.job_run",
        "TRUNCATE sequence_agent.job_run",
        "DROP TABLE sequence_agent.job_run",
        "UPDATE sequence_agent.version SET number = 2",
        "ALTER SCHEMA sequence_agent RENAME TO mine",
        "DROP SCHEMA sequence_agent CASCADE",
    ],
)
def test_the_agent_can_do_nothing_else(database: Database, statement: str) -> None:
    agent = database.role("agent")
    database.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
    armed_for(database, agent)
    before = database.execute("SELECT * FROM sequence_agent.environment")

    with (
        psycopg.connect(agent) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())

    assert database.execute("SELECT * FROM sequence_agent.environment") == before


def test_others_can_not_even_look(database: Database) -> None:
    armed(database)
    stranger = database.role("stranger")

    with (
        psycopg.connect(stranger) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT * FROM sequence_agent.environment")


def test_default_privileges_open_nothing(database: Database) -> None:
    agent = database.role("agent")
    for what in ("TABLES", "FUNCTIONS", "SCHEMAS"):
        database.execute(
            f'ALTER DEFAULT PRIVILEGES GRANT ALL ON {what} TO "{role_name(agent)}"'
        )

    done = armed(database)

    assert done.grantees == ()
    privileges = (
        "SELECT has_table_privilege(%s, 'sequence_agent.environment', 'UPDATE')"
    )
    assert database.execute(privileges, [role_name(agent)]) == [(False,)]


def test_granting_again_takes_back_what_was_too_much(database: Database) -> None:
    agent = database.role("agent")
    armed_for(database, agent)
    database.execute(
        f'GRANT ALL ON ALL TABLES IN SCHEMA sequence_agent TO "{role_name(agent)}"'
    )

    armed_for(database, agent)

    privileges = (
        "SELECT has_table_privilege(%s, 'sequence_agent.environment', 'UPDATE')"
    )
    assert database.execute(privileges, [role_name(agent)]) == [(False,)]


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


# Who must not be granted to.


def no_such_writer(
    database: Database, agent: str, reason: str, kind: type[ArmingError] | None = None
) -> None:
    with pytest.raises(kind or ArmingRefusedError, match=reason):
        armed_for(database, agent)

    assert schemas(database) == []


def test_a_superuser_is_not_granted_to(database: Database) -> None:
    agent = database.role("agent", attributes="SUPERUSER")

    no_such_writer(database, agent, "could arm this database itself: it is a superuser")


def test_a_member_of_the_owner_is_not_granted_to(database: Database) -> None:
    admin = administrator(database)
    agent = database.role("agent", member_of=[f'"{role_name(admin)}"'])
    order = replace(STAGING, grant_to=(role_name(agent),))

    with pytest.raises(
        ArmingRefusedError, match="which owns the schema sequence_agent"
    ):
        arm(endpoint(admin), order)

    assert schemas(database) == []


def test_a_member_that_does_not_inherit_is_not_granted_to(database: Database) -> None:
    admin = administrator(database)
    agent = database.role(
        "agent", attributes="NOINHERIT", member_of=[f'"{role_name(admin)}"']
    )
    order = replace(STAGING, grant_to=(role_name(agent),))

    with pytest.raises(
        ArmingRefusedError, match=f"is a member of '{role_name(admin)}'"
    ):
        arm(endpoint(admin), order)


def test_the_administrator_itself_is_not_granted_to(database: Database) -> None:
    admin = administrator(database)
    order = replace(STAGING, grant_to=(role_name(admin),))

    with pytest.raises(ArmingRefusedError, match="it owns the schema sequence_agent"):
        arm(endpoint(admin), order)

    assert schemas(database) == []


def test_who_may_write_everywhere_is_not_granted_to(database: Database) -> None:
    if database.major < 14:
        pytest.skip("pg_write_all_data came with 14")
    agent = database.role("agent", member_of=["pg_write_all_data"])

    no_such_writer(database, agent, "a member of 'pg_write_all_data', which may write")


def test_who_may_run_programs_is_not_granted_to(database: Database) -> None:
    agent = database.role("agent", member_of=["pg_execute_server_program"])

    no_such_writer(database, agent, "which may write files of the server")


def test_createrole_is_no_way_in_where_it_makes_one_a_member_of_anybody(
    database: Database,
) -> None:
    agent = database.role("agent", attributes="CREATEROLE")

    if database.major < 16:
        no_such_writer(database, agent, "may become a member of other roles")
    else:
        armed_for(database, agent)


def test_a_role_that_became_a_writer_stops_the_next_arming(database: Database) -> None:
    agent = database.role("agent")
    armed_for(database, agent)
    database.execute(f'ALTER ROLE "{role_name(agent)}" SUPERUSER')

    with pytest.raises(ArmingRefusedError, match="is a superuser"):
        armed(database)


@pytest.mark.parametrize("name", ["nobody there", "public", "none", "x" * 70])
def test_a_missing_role_is_told_and_nothing_is_made(
    database: Database, name: str
) -> None:
    with pytest.raises(ArmingError, match=f"there is no role '{name}' to grant to"):
        armed(database, replace(STAGING, grant_to=(name,)))

    assert schemas(database) == []


# What must not be armed.


@pytest.mark.parametrize("name", ["production", "PROD", "Live", "prd", "eu-prod-2"])
def test_a_name_that_means_production_is_refused(database: Database, name: str) -> None:
    with pytest.raises(ArmingRefusedError, match="means production, which is never"):
        armed(database, replace(STAGING, environment=name))

    assert schemas(database) == []


@pytest.mark.parametrize(
    "said",
    [
        "COMMENT ON DATABASE {} IS 'The Production shop'",
        "ALTER DATABASE {} SET sequence_agent.environment = 'production'",
        "ALTER ROLE CURRENT_USER IN DATABASE {} SET sequence_agent.environment = 'live'",
    ],
)
def test_a_database_that_says_production_is_refused(
    database: Database, said: str
) -> None:
    database.execute(said.format(f'"{database.name}"'))
    # A DSN does not talk it out of that.
    dsn = psycopg.conninfo.make_conninfo(
        database.dsn, options="-c sequence_agent.environment=staging"
    )

    with pytest.raises(
        ArmingRefusedError, match=f"'{database.name}' is production, says"
    ):
        arm(endpoint(dsn), STAGING)

    assert schemas(database) == []


def test_a_database_that_says_it_is_another_environment_is_refused(
    database: Database,
) -> None:
    database.execute(
        f"ALTER DATABASE \"{database.name}\" SET sequence_agent.environment = 'qa'"
    )

    with pytest.raises(ArmingRefusedError, match="says 'qa', not 'staging'"):
        armed(database)

    assert armed(database, replace(STAGING, environment="qa")).made


def test_a_protected_database_is_refused(database: Database) -> None:
    first = armed(database).marker
    database.execute("UPDATE sequence_agent.environment SET protected = true")

    with pytest.raises(
        ArmingRefusedError, match="is protected: set protected to false"
    ):
        armed(database)

    until = database.execute("SELECT armed_until FROM sequence_agent.environment")
    assert until == [(first.armed_until,)]


def test_a_standby_is_refused(standby: tuple[EmbeddedPostgres, Standby]) -> None:
    _, replica = standby

    for act in (
        lambda: arm(endpoint(replica.dsn()), STAGING),
        lambda: disarm(endpoint(replica.dsn())),
    ):
        with pytest.raises(ArmingRefusedError, match="use the DSN of its primary"):
            act()


def test_an_administrator_without_create_is_told_what_lacks(database: Database) -> None:
    somebody = database.role("somebody")

    with pytest.raises(ArmingError, match="it needs CREATE on the database") as raised:
        arm(endpoint(somebody), STAGING)

    assert not isinstance(raised.value, ArmingRefusedError)
    assert schemas(database) == []


# Schemas that were there before.


def test_an_empty_schema_of_the_administrators_own_is_filled(
    database: Database,
) -> None:
    admin, agent = database.role("admin"), database.role("agent")
    database.execute(
        f'CREATE SCHEMA sequence_agent AUTHORIZATION "{role_name(admin)}";'
        f'GRANT ALL ON SCHEMA sequence_agent TO "{role_name(agent)}";'
        f"GRANT ALL ON SCHEMA sequence_agent TO PUBLIC"
    )

    done = arm(endpoint(admin), replace(STAGING, grant_to=(role_name(agent),)))

    assert (done.made, done.owner) == (False, role_name(admin))


@pytest.mark.parametrize("content", ["", "CREATE TABLE sequence_agent.environment ()"])
def test_a_superuser_does_not_write_into_what_another_role_prepared(
    database: Database, content: str
) -> None:
    agent = database.role("agent", grants=[f'CREATE ON DATABASE "{database.name}"'])
    with psycopg.connect(agent, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA sequence_agent")
        connection.execute(content.encode())

    for act in (lambda: armed(database), lambda: disarmed(database)):
        with pytest.raises(ArmingError, match=f"belongs to '{role_name(agent)}'"):
            act()


def test_tables_of_another_owner_are_not_trusted(database: Database) -> None:
    armed(database)
    other = database.role("other")
    database.execute(
        f'ALTER TABLE sequence_agent.environment OWNER TO "{role_name(other)}"'
    )

    with pytest.raises(ArmingError, match=r"\(table sequence_agent.environment\)"):
        disarmed(database)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("CREATE TABLE sequence_agent.orders ()", "table sequence_agent.orders"),
        (
            "CREATE VIEW sequence_agent.version AS SELECT 1 AS number",
            "view sequence_ag",
        ),
        (
            "CREATE TABLE sequence_agent.version (major int)",
            "table sequence_agent.vers",
        ),
        (
            "CREATE TABLE sequence_agent.version (number int)",
            "table sequence_agent.ver",
        ),
        ("CREATE TYPE sequence_agent.mood AS ENUM ()", "type sequence_agent.mood"),
    ],
)
def test_a_schema_that_somebody_else_made_is_left_alone(
    database: Database, content: str, named: str
) -> None:
    database.execute(f"CREATE SCHEMA sequence_agent; {content}")
    members = (
        "SELECT count(*) FROM pg_depend WHERE refobjid = 'sequence_agent'::regnamespace"
    )
    before = database.execute(members)

    with pytest.raises(ArmingError, match="what sequence-agent did not make") as raised:
        armed(database)

    assert named in str(raised.value)
    assert database.execute(members) == before


def test_an_addition_to_the_schema_is_named(database: Database) -> None:
    armed(database)
    database.execute(
        "CREATE FUNCTION sequence_agent.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'"
    )

    with pytest.raises(ArmingError, match=r"\(function sequence_agent.mine\(\)\)"):
        armed(database)


def test_a_damaged_schema_is_told(database: Database) -> None:
    armed(database)
    database.execute("DROP TABLE sequence_agent.job_run")

    with pytest.raises(ArmingError, match=r"lacks table sequence_agent\.job_run"):
        armed(database)


def test_a_newer_schema_is_not_armed_and_still_disarmed(database: Database) -> None:
    armed(database)
    database.execute(
        "UPDATE sequence_agent.version SET number = 99;"
        "CREATE TABLE sequence_agent.invention ()"
    )

    with pytest.raises(
        ArmingError, match="its layout is 99, the newest known here is 1"
    ):
        armed(database)

    assert disarmed(database).was_armed


# Disarming.


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
        " ON CONFLICT (job, trigger, scheduled_for) DO NOTHING RETURNING status"
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
