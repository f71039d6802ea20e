"""A schema of a database's owner with everything in it named like the catalog's own.

The owner, who is no superuser, puts it before the catalog on everybody's search path.
Whatever of it runs as whoever is counted, also where the transaction is READ ONLY or
rolled back.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from pathlib import Path

import agent
from tests.function_calls import calls_of
from tests.postgres_servers import Database, role_name

# Calls are counted by the server, for a sequence cannot be moved READ ONLY.
_TRAP = """
CREATE SCHEMA evil;
GRANT USAGE ON SCHEMA evil TO PUBLIC;
CREATE FUNCTION evil.spring() RETURNS boolean LANGUAGE plpgsql AS
    'BEGIN RETURN true; END';
"""
# What an overload is made for: a better match than the catalog's wins wherever it is.
_TYPES = ("text", "name", "oid", "bigint", "integer", "boolean", '"char"')
_OPERATORS = (
    "=",
    "<>",
    "<",
    ">",
    "<=",
    ">=",
    "||",
    "~",
    "!~",
    "~~",
    "->",
    "->>",
    "+",
    "-",
)
_SHADOWED_TYPES = (
    "text",
    "name",
    "oid",
    "regclass",
    "regnamespace",
    "regrole",
    "regproc",
    "regprocedure",
    "jsonb",
    "timestamptz",
    "int8",
    "pg_class",
    "pg_sequence",
)
_FUNCTION = (
    "CREATE FUNCTION evil.{name}({arguments}) RETURNS {result} LANGUAGE plpgsql AS"
    " 'BEGIN PERFORM evil.spring(); RETURN NULL; END'"
)
_SIGNATURES = """
SELECT p.proname, pg_get_function_identity_arguments(p.oid), format_type(p.prorettype, NULL)
FROM pg_proc AS p
WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname = ANY(%s)
    AND p.prokind = 'f' AND NOT p.proretset AND p.provariadic = 0
    AND p.proargmodes IS NULL
    AND NOT EXISTS (
        SELECT FROM pg_type AS t
        WHERE t.oid = ANY(p.proargtypes::oid[] || p.prorettype) AND t.typtype = 'p'
    )
"""


def lay_on_path(database: Database) -> str:
    """Make the schema and set the path; the DSN of the owner of the database."""
    owner = database.role("owner")
    database.execute(f'ALTER DATABASE "{database.name}" OWNER TO "{role_name(owner)}"')
    with database.connect(owner) as connection:
        connection.execute(_TRAP.encode())
        for statement in _shadows(database):
            connection.execute(
                f"DO $do$ BEGIN EXECUTE $sql${statement}$sql$; EXCEPTION WHEN duplicate_function"
                " THEN NULL; END $do$".encode()
            )
    for setting in (
        "track_functions = 'all'",
        "search_path = evil, pg_catalog, public",
    ):
        database.execute(f'ALTER DATABASE "{database.name}" SET {setting}')
    return owner


def ran(database: Database) -> bool:
    """Whether anything of it was run by anybody, once all that looked has gone."""
    return calls_of(database, "evil.spring()") > 0


def _shadows(database: Database) -> list[str]:
    known = database.execute(_SIGNATURES, [sorted(_words())])
    statements = [
        _FUNCTION.format(name=name, arguments=arguments, result=result)
        for name, arguments, result in known
    ]
    names = sorted({row[0] for row in database.execute(_NAMES, [sorted(_words())])})
    for name in names:
        statements += (
            _FUNCTION.format(name=name, arguments=each, result="text")
            for each in _TYPES
        )
    for kind in _TYPES:
        statements.append(
            _FUNCTION.format(name="same", arguments=f"{kind}, {kind}", result="boolean")
        )
        statements += (
            f"CREATE OPERATOR evil.{operator} (LEFTARG = {kind}, RIGHTARG = {kind},"
            " FUNCTION = evil.same)"
            for operator in _OPERATORS
        )
    statements += (
        f"CREATE DOMAIN evil.{name} AS pg_catalog.text CHECK (evil.spring())"
        for name in _SHADOWED_TYPES
    )
    return statements


_NAMES = """
SELECT p.proname FROM pg_proc AS p
WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname = ANY(%s)
    AND p.prokind IN ('f', 'a') AND p.pronargs = 1
"""


@cache
def _words() -> frozenset[str]:
    """All that looks like the call of a function in the program and its SQL."""
    queries = files("agent.postgres.queries")
    texts = [
        each.read_text() for each in queries.iterdir() if each.name.endswith(".sql")
    ]
    folder = Path(agent.__file__).parent
    texts += [path.read_text() for path in folder.rglob("*.py")]
    texts += ["version current_schema has_table pg_table_is_visible format_type"]
    return frozenset(re.findall(r"[a-z_][a-z_0-9]+", "\n".join(texts)))
