"""Whatever a database that keeps a history prefers, and whatever its owner put into it."""

from __future__ import annotations

from contextlib import closing

import pytest

from agent.errors import HistoryError
from agent.history.connect import VERSION_TABLE
from agent.history.store import SqlHistory
from agent.history.tables import metadata
from agent.ports import Chapter
from tests.history.conftest import RETENTION, url_of
from tests.history.records import NOW, RECORD, told
from tests.hostile_schema import lay_on_path, ran
from tests.pooling import pooling
from tests.postgres_servers import Database, role_name
from tests.role_defaults import DEFAULTS

# The path is the role's own: it leads to the schema that it keeps.
_DEFAULTS = tuple(d for d in DEFAULTS if not d.startswith("search_path"))


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


def test_what_is_laid_on_the_path_is_counted_when_it_runs(database: Database) -> None:
    lay_on_path(database)

    database.execute("SELECT set_config('a.b', 'c', true)")

    assert ran(database)


TABLES = sorted(metadata.tables)


@pytest.mark.parametrize("table", [VERSION_TABLE, TABLES[0]])
def test_a_schema_with_a_table_of_somebody_else_is_not_written_to(
    database: Database, table: str
) -> None:
    url = _keeper(database)
    database.execute(
        "CREATE SCHEMA evil; GRANT ALL ON SCHEMA evil TO PUBLIC;"
        f"CREATE TABLE evil.{table} (version_num text, server text, datname text);"
        f"GRANT ALL ON evil.{table} TO PUBLIC"
    )
    stranger = role_name(database.role("stranger"))
    database.execute(f'ALTER TABLE evil.{table} OWNER TO "{stranger}"')
    database.execute(f'ALTER ROLE "{database.roles[0]}" SET search_path = evil, kept')

    _keeps_what_it_is_given(url)

    assert database.execute("SELECT count(*) FROM kept.sequence_agent_series") == [(1,)]


def test_tables_that_a_superuser_made_and_granted_are_used(database: Database) -> None:
    _keeps_what_it_is_given(url_of(database))
    keeper = database.role("keeper", grants=("ALL ON ALL TABLES IN SCHEMA public",))
    database.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    role = role_name(keeper)
    database.execute(f'GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO "{role}"')

    _keeps_what_it_is_given(keeper.replace("postgresql://", "postgresql+psycopg://"))


def test_a_superuser_writes_to_no_table_of_another_role(database: Database) -> None:
    database.execute(f"CREATE TABLE {TABLES[0]} (id int)")
    stranger = role_name(database.role("stranger"))
    database.execute(f'ALTER TABLE {TABLES[0]} OWNER TO "{stranger}"')

    with (
        pytest.raises(HistoryError, match=f"belongs to '{stranger}'"),
        closing(SqlHistory(url_of(database), retention=RETENTION)) as history,
    ):
        history.save("main", "app", Chapter(records=(RECORD,)), seen_at=NOW)


def test_a_transaction_pooler_in_between_changes_nothing_and_keeps_nothing(
    database: Database,
) -> None:
    direct = _keeper(database).replace("postgresql+psycopg://", "postgresql://")
    with pooling(direct) as through:
        _keeps_what_it_is_given(through.replace("postgresql:", "postgresql+psycopg:"))
        with database.connect(through) as another:
            path = another.execute("SHOW search_path").fetchone()

    assert path == ("kept",)
