"""What a session on a PostgreSQL that keeps a history holds, whatever its defaults are.

The owner of a database decides the search path of everybody who connects to it, and may
put functions and operators there that are named like those of the catalog. So the path
of every transaction is the catalog's, and tables are named with their schema.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, event, text

from agent.errors import HistoryError

_LOCK = timedelta(seconds=2)
_STATEMENT = timedelta(seconds=10)
_PATH = "SET LOCAL search_path = pg_catalog, pg_temp"
_SETTINGS = (
    "SET LOCAL row_security = off",
    "SET LOCAL DateStyle = 'ISO, YMD'",
    "SET LOCAL IntervalStyle = 'postgres'",
    "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL standard_conforming_strings = on",
    "SET LOCAL quote_all_identifiers = off",
    "SET LOCAL transform_null_equals = off",
    "SET LOCAL array_nulls = on",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL extra_float_digits = 1",
    f"SET LOCAL statement_timeout = {_STATEMENT // timedelta(milliseconds=1)}",
    f"SET LOCAL lock_timeout = {_LOCK // timedelta(milliseconds=1)}",
)
_WRITING = "ISOLATION LEVEL READ COMMITTED, READ WRITE, NOT DEFERRABLE"
_READING = "ISOLATION LEVEL REPEATABLE READ, READ ONLY, NOT DEFERRABLE"

# Calls one function by its whole name, and no operator.
_SCHEMAS = (
    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY, NOT DEFERRABLE;"
    " SELECT pg_catalog.current_schemas(FALSE)"
)
_KEY = "schemas"

# What a role owns that ours is no member of is not ours: it decides, by triggers and
# defaults, what runs when it is written to. A superuser is a member of all, and trusts
# superusers alone.
_HOMES = text(
    """
    WITH named AS (
        SELECT
            c.relnamespace,
            min(o.rolname) FILTER (
                WHERE NOT o.rolsuper AND (me.rolsuper OR NOT pg_has_role(o.oid, 'USAGE'))
            ) AS stranger,
            bool_or(c.relname = :version_table) AS there
        FROM
            pg_class AS c
            JOIN pg_roles AS o ON o.oid = c.relowner
            JOIN pg_roles AS me ON me.rolname = current_user
        WHERE
            starts_with(c.relname, 'sequence_agent_')
        GROUP BY
            c.relnamespace
    )
    SELECT
        n.nspname::text AS schema,
        named.stranger::text AS stranger,
        coalesce(named.there, FALSE) AS there,
        has_schema_privilege(n.oid, 'CREATE') AS free
    FROM
        unnest(CAST(:schemas AS text[])) WITH ORDINALITY AS path (nspname, place)
        JOIN pg_namespace AS n ON n.nspname = CAST(path.nspname AS name)
        LEFT JOIN named ON named.relnamespace = n.oid
    WHERE
        n.nspname !~ '^pg_'
    ORDER BY
        path.place
    """
)


class _Facts(Protocol):
    @property
    def info(self) -> dict[str, Any]: ...


def keep_to_the_catalog(engine: Engine) -> None:
    """Note the path of each new connection, and look nothing up on it afterwards."""

    def settle(opened: Any, facts: _Facts) -> None:
        with opened.cursor() as cursor:
            cursor.execute(_SCHEMAS)
            cursor.nextset()
            (facts.info[_KEY],) = cursor.fetchone()
            opened.rollback()
            # For what SQLAlchemy itself asks a new connection.
            cursor.execute(_PATH)

    event.listen(engine, "connect", settle, insert=True)


def begin(connection: Connection, *, writing: bool) -> None:
    """Begin a transaction with settings of our own.

    For the transaction only, and not in the startup packet: poolers refuse that.
    """
    mode = _WRITING if writing else _READING
    statements = (f"SET TRANSACTION {mode}", _PATH, *_SETTINGS)
    connection.exec_driver_sql("; ".join(statements))


def home(connection: Connection, version_table: str) -> str:
    """The schema that the tables are in, or are to be made in.

    The first of the path that has tables of our own, or in which the role may make some,
    and that has nothing of a stranger's by such a name. Raises HistoryError where there
    is none.
    """
    schemas: Iterable[str] = connection.info[_KEY]
    found = connection.execute(
        _HOMES, {"schemas": list(schemas), "version_table": version_table}
    ).all()
    ours = [row for row in found if row.stranger is None]
    for row in (*(r for r in ours if r.there), *(r for r in ours if r.free)):
        return str(row.schema)
    for row in found:
        if row.stranger is not None:
            raise HistoryError(
                f"what is called sequence_agent_* in its schema {row.schema!r} belongs to"
                f" {row.stranger!r}, and is not written to; let its own role own it"
            )
    raise HistoryError(
        "in no schema of its search path does its role have tables or the right to"
        " create them; it needs USAGE and CREATE on one of them"
    )
