"""What must not be armed: databases that say so, and schemas of others."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from agent.demo.embedded import EmbeddedPostgres, Standby
from agent.postgres.administering import ArmingError, ArmingRefusedError
from agent.postgres.arming import arm, disarm
from tests.postgres.armed import (
    STAGING,
    administrator,
    armed,
    disarmed,
    endpoint,
    schemas,
)
from tests.postgres_servers import Database, role_name


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


@pytest.mark.parametrize("grants", [[], ['CREATE ON DATABASE "{}"']])
def test_only_a_superuser_and_the_owner_of_the_database_arm(
    database: Database, grants: list[str]
) -> None:
    somebody = database.role(
        "somebody", grants=[g.format(database.name) for g in grants]
    )

    with pytest.raises(ArmingError, match="only a superuser and its owner") as raised:
        arm(endpoint(somebody), STAGING)

    assert not isinstance(raised.value, ArmingRefusedError)
    assert schemas(database) == []


def test_an_owner_without_create_is_told_what_lacks(database: Database) -> None:
    admin = administrator(database)
    database.execute(
        f'REVOKE CREATE ON DATABASE "{database.name}" FROM "{role_name(admin)}"'
    )

    with pytest.raises(ArmingError, match="it needs CREATE on the database"):
        arm(endpoint(admin), STAGING)

    assert schemas(database) == []


@pytest.mark.parametrize(
    ("alteration", "named"),
    [
        (
            (
                "CREATE TRIGGER t BEFORE INSERT ON sequence_agent.job_run"
                " EXECUTE FUNCTION suppress_redundant_updates_trigger()"
            ),
            "trigger job_run.t",
        ),
        (
            "ALTER TABLE sequence_agent.job_run ALTER reason SET DEFAULT 'x'",
            "column job_run.reason text default 'x'",
        ),
    ],
)
def test_a_schema_that_was_altered_is_not_armed_again(
    database: Database, alteration: str, named: str
) -> None:
    armed(database)
    database.execute(alteration)

    with pytest.raises(ArmingError, match=f"not as arm makes it: {named}"):
        armed(database)


# Schemas that were there before.


def test_an_empty_schema_of_the_administrators_own_is_filled(
    database: Database,
) -> None:
    admin, agent = administrator(database), database.role("agent")
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
        ArmingError, match="its layout is 99, the newest known here is 2"
    ):
        armed(database)

    assert disarmed(database).was_armed
