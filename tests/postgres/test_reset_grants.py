from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from agent.clock import SystemClock
from agent.domain.grants import reset_grants
from agent.postgres.arming import Order, arm
from agent.postgres.connect import Endpoint
from tests.postgres.granting import ODD_NAMES, run
from tests.postgres_servers import Database, role_name

RESET = "TRUNCATE shop.orders, shop.lines RESTART IDENTITY"
RESTART = "ALTER SEQUENCE shop.invoice_number RESTART"


def shop(database: Database) -> str:
    """Tables and sequences of an ordinary role; its name."""
    owner = role_name(database.role("the owner"))
    database.execute(f"""
        CREATE SCHEMA shop;
        CREATE TABLE shop.orders (id serial PRIMARY KEY);
        CREATE TABLE shop.lines (
            id bigint GENERATED ALWAYS AS IDENTITY,
            order_id int REFERENCES shop.orders
        );
        CREATE SEQUENCE shop.invoice_number;
        INSERT INTO shop.orders DEFAULT VALUES;
        SELECT nextval('shop.invoice_number');
        ALTER TABLE shop.orders OWNER TO "{owner}";
        ALTER TABLE shop.lines OWNER TO "{owner}";
        ALTER SEQUENCE shop.invoice_number OWNER TO "{owner}";
    """)
    return owner


def run_for_resets(database: Database, role: str, dsn: str | None = None) -> list[str]:
    with database.connect(dsn) as connection:
        return run(connection, reset_grants(role))


def do(dsn: str, statement: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement.encode())


def arm_for(database: Database, role: str) -> None:
    endpoint = Endpoint(conninfo=lambda: database.dsn, clock=SystemClock())
    order = Order(
        environment="staging", duration=timedelta(days=1), grant_to=(role_name(role),)
    )
    arm(endpoint, order)


def test_truncate_alone_does_not_restart_an_identity(database: Database) -> None:
    shop(database)
    privileges = ["USAGE ON SCHEMA shop", "TRUNCATE ON shop.orders, shop.lines"]
    resetter = database.role("resetter", grants=privileges)

    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="owner of sequence"):
        do(resetter, RESET)


def test_afterwards_the_role_resets_and_can_still_not_arm(database: Database) -> None:
    shop(database)
    resetter = database.role("resetter")
    database.execute(f'REVOKE CONNECT ON DATABASE "{database.name}" FROM PUBLIC')

    said = run_for_resets(database, role_name(resetter))
    arm_for(database, resetter)

    assert said == []
    do(resetter, RESET)
    do(resetter, RESTART)
    state = "SELECT last_value, is_called FROM shop."
    for sequence in ("orders_id_seq", "lines_id_seq", "invoice_number"):
        assert database.execute(state + sequence) == [(1, False)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        do(resetter, "UPDATE sequence_agent.environment SET armed_until = 'infinity'")


@pytest.mark.parametrize("armed", [False, True], ids=["before arming", "after arming"])
def test_a_second_run_for_resets_changes_nothing(
    database: Database, *, armed: bool
) -> None:
    shop(database)
    resetter = database.role("resetter")
    if armed:
        arm_for(database, resetter)
    privileges = """
        SELECT m.xmin::text, n.nspacl::text FROM pg_auth_members AS m, pg_namespace AS n
        WHERE m.member = %s::regrole AND n.nspname IN ('shop', 'sequence_agent')
    """
    member = [f'"{role_name(resetter)}"']
    run_for_resets(database, role_name(resetter))
    before = database.execute(privileges, member)

    said = run_for_resets(database, role_name(resetter))

    assert said == []
    assert database.execute(privileges, member) == before != []


def test_a_role_that_does_not_inherit_is_made_to_or_told(database: Database) -> None:
    shop(database)
    resetter = database.role("resetter", attributes="NOINHERIT")

    if database.major < 16:
        with pytest.raises(psycopg.errors.RaiseException, match="does not inherit"):
            run_for_resets(database, role_name(resetter))
    else:
        run_for_resets(database, role_name(resetter))
        do(resetter, RESET)


def test_the_tables_of_a_superuser_are_skipped_and_named(database: Database) -> None:
    shop(database)
    database.execute("CREATE TABLE shop.kept (id serial)")
    resetter = database.role("resetter")
    superuser = database.execute("SELECT quote_ident(current_user)")[0][0]

    said = run_for_resets(database, role_name(resetter))

    assert len(said) == 1
    assert said[0].startswith(f"skipped {superuser}, which owns 2 tables and sequences")
    member = "SELECT pg_has_role(%s::name, current_user, 'MEMBER')"
    assert database.execute(member, [role_name(resetter)]) == [(False,)]
    do(resetter, RESET)


def test_the_owner_of_the_marker_is_not_joined(database: Database) -> None:
    owner = shop(database)
    resetter = database.role("resetter")
    database.execute(f'CREATE SCHEMA sequence_agent AUTHORIZATION "{owner}"')

    said = run_for_resets(database, role_name(resetter))

    assert [line.partition(",")[0] for line in said] == [f'skipped "{owner}"']
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        do(resetter, RESET)


def test_the_tables_of_extensions_and_of_the_role_itself_need_nothing(
    database: Database,
) -> None:
    resetter = database.role("resetter")
    database.execute(f"""
        CREATE SCHEMA mine AUTHORIZATION "{role_name(resetter)}";
        CREATE TABLE mine.t (id serial);
        ALTER TABLE mine.t OWNER TO "{role_name(resetter)}";
    """)

    assert run_for_resets(database, role_name(resetter)) == []
    do(resetter, "TRUNCATE mine.t RESTART IDENTITY")


def test_who_may_not_grant_is_told_what_was_skipped(database: Database) -> None:
    owner = shop(database)
    resetter = database.role("resetter")
    somebody = database.role("somebody")

    said = run_for_resets(database, role_name(resetter), somebody)

    assert len(said) == 1
    assert said[0].startswith(f'skipped "{owner}", which owns 5 tables and sequences')


def test_an_administrator_of_the_owner_may_grant(database: Database) -> None:
    owner = shop(database)
    resetter = database.role("resetter")
    manager = database.role("manager", grants=["USAGE ON SCHEMA shop"])
    database.execute(f'GRANT "{owner}" TO "{role_name(manager)}" WITH ADMIN OPTION')
    database.execute(f'GRANT USAGE ON SCHEMA shop TO "{owner}"')

    assert run_for_resets(database, role_name(resetter), manager) == []
    do(resetter, RESET)
    database.execute(f'DROP OWNED BY "{role_name(manager)}"')


def test_a_superuser_is_no_role_for_resets(database: Database) -> None:
    resetter = database.role("resetter", attributes="SUPERUSER")

    with pytest.raises(psycopg.errors.RaiseException, match="is a superuser"):
        run_for_resets(database, role_name(resetter))


@pytest.mark.parametrize("name", ODD_NAMES)
def test_any_name_is_quoted_for_resets(database: Database, name: str) -> None:
    shop(database)
    with database.connect() as connection:
        identifier = psycopg.sql.Identifier(name)
        connection.execute(psycopg.sql.SQL("CREATE ROLE {}").format(identifier))
    database.roles.append(name.replace('"', '""'))

    assert run_for_resets(database, name) == []

    truncatable = "SELECT has_table_privilege(%s::name, 'shop.orders', 'TRUNCATE')"
    assert database.execute(truncatable, [name]) == [(True,)]
    assert reset_grants(name).isascii()
