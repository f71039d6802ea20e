from __future__ import annotations

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.grants import grants, sql_literal
from tests.postgres.granting import ODD_NAMES, run
from tests.postgres_servers import Database, role_name

SCHEMA = """
    CREATE SCHEMA "The ""Q"" one";
    CREATE TABLE users (id serial PRIMARY KEY);
    CREATE TABLE "The ""Q"" one"."Order lines" (id bigint GENERATED ALWAYS AS IDENTITY);
    SELECT nextval('users_id_seq');
"""
READ_USERS = "SELECT last_value, is_called FROM users_id_seq"
READ_ORDERS = 'SELECT last_value FROM "The ""Q"" one"."Order lines_id_seq"'


def run_as_superuser(database: Database, role: str) -> list[str]:
    with database.connect() as connection:
        return run(connection, grants(role))


def read(dsn: str, *statements: str) -> list[tuple[object, ...] | None]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        return [connection.execute(each.encode()).fetchone() for each in statements]


def test_pg_monitor_alone_cannot_read_a_sequence(database: Database) -> None:
    database.execute(SCHEMA)
    sampler = database.role("sampler", member_of=["pg_monitor"])

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        read(sampler, READ_USERS)


def test_afterwards_the_role_reads_every_sequence(database: Database) -> None:
    database.execute(SCHEMA)
    sampler = database.role("sampler")

    said = run_as_superuser(database, role_name(sampler))

    assert read(sampler, READ_USERS, READ_ORDERS) == [(1, True), (1,)]
    assert said == []


def test_sequences_made_later_by_another_role_in_a_new_schema_are_covered(
    database: Database,
) -> None:
    sampler = database.role("sampler")
    app = database.role("app")
    run_as_superuser(database, role_name(sampler))

    database.execute(f'GRANT CREATE ON DATABASE "{database.name}" TO PUBLIC')
    with psycopg.connect(app, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA tenants")
        connection.execute("CREATE TABLE tenants.t (id serial)")
    database.execute("CREATE SEQUENCE by_the_superuser")

    later = "SELECT last_value FROM tenants.t_id_seq"
    assert read(sampler, later, "SELECT last_value FROM by_the_superuser") == [
        (1,),
        (1,),
    ]


def test_a_schema_made_for_another_role_is_covered(database: Database) -> None:
    sampler = database.role("sampler")
    tenant = database.role("tenant")
    run_as_superuser(database, role_name(sampler))

    database.execute(f'CREATE SCHEMA given AUTHORIZATION "{role_name(tenant)}"')
    read(tenant, "SELECT 1")
    with psycopg.connect(tenant, autocommit=True) as connection:
        connection.execute("CREATE SEQUENCE given.numbers")

    assert read(sampler, "SELECT last_value FROM given.numbers") == [(1,)]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT FROM users",
        'SELECT FROM "The ""Q"" one"."Order lines"',
        "SELECT FROM later",
        "INSERT INTO users DEFAULT VALUES",
        "SELECT nextval('users_id_seq')",
        'CREATE TABLE "The ""Q"" one".mine ()',
    ],
)
def test_the_role_may_do_nothing_else(database: Database, statement: str) -> None:
    database.execute(SCHEMA)
    sampler = database.role("sampler")

    run_as_superuser(database, role_name(sampler))
    database.execute("CREATE TABLE later (id serial)")

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        read(sampler, statement)


def test_a_second_run_changes_nothing_and_says_nothing(database: Database) -> None:
    database.execute(SCHEMA)
    sampler = database.role("sampler")
    privileges = """
        SELECT c.relname, c.relacl::text, c.xmin::text FROM pg_class AS c
        WHERE c.relkind = 'S' ORDER BY 1
    """
    run_as_superuser(database, role_name(sampler))
    before = database.execute(privileges)

    said = run_as_superuser(database, role_name(sampler))

    assert said == []
    assert database.execute(privileges) == before


def test_a_closed_database_opens_for_the_role(database: Database) -> None:
    sampler = database.role("sampler")
    database.execute(f'REVOKE CONNECT ON DATABASE "{database.name}" FROM PUBLIC')

    run_as_superuser(database, role_name(sampler))

    assert read(sampler, "SELECT 1") == [(1,)]


def test_a_missing_role_is_one_clear_error_and_is_not_created(
    database: Database,
) -> None:
    with pytest.raises(
        psycopg.errors.RaiseException, match='role "No Body" does not exist'
    ) as raised:
        run_as_superuser(database, "No Body")

    assert raised.value.diag.message_hint == (
        'Create it first: CREATE ROLE "No Body" LOGIN;'
    )
    assert database.execute("SELECT FROM pg_roles WHERE rolname = 'No Body'") == []


def test_an_owner_is_told_what_it_may_not_grant_and_the_rest_is_done(
    database: Database,
) -> None:
    database.execute(SCHEMA + "CREATE SCHEMA mine; CREATE SEQUENCE mine.numbers;")
    sampler = database.role("sampler")
    owner = database.role("owner")
    name = role_name(owner)
    database.execute(f'ALTER SCHEMA mine OWNER TO "{name}"')
    database.execute(f'ALTER SEQUENCE mine.numbers OWNER TO "{name}"')
    superuser = database.execute("SELECT current_user")[0][0]

    with database.connect(owner) as connection:
        said = run(connection, grants(role_name(sampler)))

    assert read(sampler, "SELECT last_value FROM mine.numbers") == [(1,)]
    schemas, sequences, roles = said
    assert schemas == (
        f'skipped schemas on which {name} may not grant USAGE: "The ""Q"" one"'
    )
    assert sequences == (
        f"skipped sequences on which {name} may not grant SELECT, by schema:"
        ' "The ""Q"" one" (1), public (1)'
    )
    assert roles.startswith(f"skipped roles whose default privileges {name} may not")
    assert superuser in roles


@pytest.mark.parametrize("name", ODD_NAMES)
def test_any_name_is_quoted(database: Database, name: str) -> None:
    database.execute(SCHEMA)
    with database.connect() as connection:
        identifier = psycopg.sql.Identifier(name)
        connection.execute(psycopg.sql.SQL("CREATE ROLE {}").format(identifier))
    database.roles.append(name.replace('"', '""'))

    run_as_superuser(database, name)

    readable = "SELECT has_sequence_privilege(%s::name, 'users_id_seq', 'SELECT')"
    assert database.execute(readable, [name]) == [(True,)]


@pytest.mark.parametrize("setting", ["on", "off"])
def test_old_string_settings_change_nothing(database: Database, setting: str) -> None:
    database.execute(SCHEMA)
    sampler = database.role("sam\\pler")

    with database.connect() as connection:
        connection.execute(
            f"SET standard_conforming_strings = {setting}".encode(), prepare=False
        )
        run(connection, grants(role_name(sampler)))

    assert read(sampler, READ_USERS) == [(1, True)]


def test_functions_on_the_search_path_do_not_get_the_runners_rights(
    database: Database,
) -> None:
    database.execute("""
        CREATE FUNCTION public.format(text, name, name) RETURNS text
            LANGUAGE sql AS $$ SELECT 'CREATE ROLE intruder SUPERUSER' $$;
        CREATE FUNCTION public.format(text, text, name) RETURNS text
            LANGUAGE sql AS $$ SELECT 'CREATE ROLE intruder SUPERUSER' $$;
    """)
    sampler = database.role("sampler")

    with database.connect() as connection:
        connection.execute("SET search_path = public, pg_catalog")
        run(connection, grants(role_name(sampler)))
        path = connection.execute("SHOW search_path").fetchone()

    assert database.execute("SELECT FROM pg_roles WHERE rolname = 'intruder'") == []
    assert path == ("public, pg_catalog",)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_the_script_is_plain_text_that_no_name_can_leave(name: str) -> None:
    script = grants(name)

    lines = script.splitlines()
    tag = next(line for line in lines if line.startswith("DO ")).removeprefix("DO ")
    assert script.isascii()
    assert script.count(tag) == 2
    assert script.endswith(f"\n{tag};\n")
    assert [line for line in grants("x").splitlines() if line.startswith("--")] == [
        line for line in lines if line.startswith("--")
    ]


@pytest.mark.parametrize("name", ["", "nul\0", "lone \udcff"])
def test_what_no_role_can_be_called_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not the name of a role"):
        grants(name)


@given(
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1
    )
)
def test_a_literal_is_one_ascii_token(text: str) -> None:
    literal = sql_literal(text)

    body = literal.removeprefix("E").removeprefix("'").removesuffix("'")
    assert literal.isascii()
    assert literal.isprintable()
    assert "'" not in body.replace("''", "")
    assert not _ends_in_lone_backslash(body)


def _ends_in_lone_backslash(body: str) -> bool:
    return body.replace("\\\\", "").endswith("\\")
