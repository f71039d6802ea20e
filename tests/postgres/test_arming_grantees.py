"""What a role may do that was granted to, and which roles must not be."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from agent.postgres.administering import ArmingError, ArmingRefusedError
from agent.postgres.arming import arm
from tests.postgres.armed import (
    HOLD,
    STAGING,
    administrator,
    armed,
    armed_for,
    endpoint,
    schemas,
)
from tests.postgres_servers import Database, role_name

TRIGGER = """
    CREATE TRIGGER t BEFORE UPDATE ON sequence_agent.environment
    FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()
"""
FUNCTION = """
    CREATE OR REPLACE FUNCTION sequence_agent.hold_marker()
    RETURNS SETOF sequence_agent.environment
    LANGUAGE sql AS 'SELECT * FROM sequence_agent.environment'
"""


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
