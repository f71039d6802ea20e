"""Whatever a database that keeps a history prefers, and whatever its owner put into it."""

from __future__ import annotations

from contextlib import closing

import pytest

from agent.history.store import SqlHistory
from agent.ports import Chapter
from tests.history.conftest import RETENTION
from tests.history.records import NOW, RECORD, told
from tests.hostile_schema import lay_on_path, ran
from tests.postgres_servers import Database, role_name

_DEFAULTS = (
    "DateStyle = 'SQL, DMY'",
    "IntervalStyle = 'sql_standard'",
    "TimeZone = 'America/St_Johns'",
    "standard_conforming_strings = off",
    "default_transaction_isolation = 'serializable'",
    "default_transaction_deferrable = on",
    "default_transaction_read_only = on",
    "quote_all_identifiers = on",
    "bytea_output = 'escape'",
    "transform_null_equals = on",
    "array_nulls = off",
    "client_encoding = 'LATIN1'",
)


def _keeps_what_it_is_given(url: str) -> None:
    with closing(SqlHistory(url, retention=RETENTION)) as history:
        history.save("main", "app", Chapter(records=(RECORD,)), seen_at=NOW)
        loaded = history.load("main", "app")
        history.prune(NOW)
    assert told(loaded) == told(Chapter(records=(RECORD,)))


def _keeper(database: Database) -> str:
    """A role with a schema of its own, last on the path of the database."""
    dsn = database.role("keeper")
    role = role_name(dsn)
    database.execute(f'CREATE SCHEMA kept AUTHORIZATION "{role}"')
    database.execute(f'ALTER ROLE "{role}" SET search_path = kept')
    return dsn.replace("postgresql://", "postgresql+psycopg://")


def test_defaults_of_a_role_change_nothing(database: Database) -> None:
    url = _keeper(database)
    role = database.roles[0]
    for default in _DEFAULTS:
        database.execute(f'ALTER ROLE "{role}" SET {default}')

    _keeps_what_it_is_given(url)


@pytest.mark.parametrize("path", ["evil, pg_catalog, kept", "kept, evil"])
def test_nothing_of_the_owner_of_a_database_runs_as_the_keeper(
    database: Database, path: str
) -> None:
    url = _keeper(database)
    lay_on_path(database)
    database.execute(f'ALTER ROLE "{database.roles[0]}" SET search_path = {path}')

    _keeps_what_it_is_given(url)

    assert database.execute("SELECT count(*) FROM kept.sequence_agent_series") == [(1,)]
    assert not ran(database)


def test_tables_that_somebody_else_laid_down_are_not_written_to(
    database: Database,
) -> None:
    url = _keeper(database)
    database.execute(
        "CREATE SCHEMA evil; GRANT ALL ON SCHEMA evil TO PUBLIC;"
        "CREATE TABLE evil.sequence_agent_version (version_num text);"
        "INSERT INTO evil.sequence_agent_version VALUES ('0002');"
        "GRANT ALL ON evil.sequence_agent_version TO PUBLIC;"
        "REVOKE CREATE ON SCHEMA evil FROM PUBLIC"
    )
    database.execute(f'ALTER ROLE "{database.roles[0]}" SET search_path = evil, kept')

    _keeps_what_it_is_given(url)
