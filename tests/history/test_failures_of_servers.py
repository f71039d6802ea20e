"""What a PostgreSQL that keeps the history may do, and that it is used again after."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import DBAPIError

from agent.demo.embedded import EmbeddedPostgres
from agent.errors import AgentError, HistoryError
from agent.history.connect import engine_at, reading, schema_of, writing
from agent.history.store import SqlHistory
from agent.ports import Chapter
from tests.history.conftest import RETENTION, url_of
from tests.history.records import NOW, RECORD
from tests.postgres_servers import Database, database_on, role_name
from tests.sampled import CLOCK


@contextmanager
def history_at(url: str) -> Iterator[SqlHistory]:
    with closing(SqlHistory(url, retention=RETENTION)) as opened:
        yield opened


def saved(history: SqlHistory) -> None:
    history.save("main", "app", Chapter(records=(RECORD,)), seen_at=NOW)


def count(history: SqlHistory) -> int:
    return len(history.load("main", "app").records)


def failure(work: Callable[[], object]) -> str:
    with pytest.raises(HistoryError) as raised:
        work()
    return str(raised.value)


def place(database: Database, user: str = "postgres") -> str:
    address = f"127.0.0.1:{database.server.port}"
    return f"'postgresql+psycopg://{user}@{address}/{database.name}'"


def test_a_server_that_went_away_is_told_and_used_again_when_it_is_back(
    postgres: EmbeddedPostgres,
) -> None:
    own = EmbeddedPostgres(postgres.binaries)
    with own, database_on(own) as database, history_at(url_of(database)) as history:
        saved(history)
        own.halt("immediate")

        told = [failure(lambda: saved(history)), failure(lambda: count(history))]

        for message, action in zip(told, ("write", "read"), strict=True):
            beginning = f"cannot {action} the history at {place(database)}: "
            assert message.startswith(beginning)
            assert "refused" in message
            assert "\n" not in message
        own.start()
        saved(history)
        assert count(history) == 1


def test_a_server_that_restarted_in_between_goes_unnoticed(
    postgres: EmbeddedPostgres,
) -> None:
    own = EmbeddedPostgres(postgres.binaries)
    with own, database_on(own) as database, history_at(url_of(database)) as history:
        saved(history)

        own.restart()

        assert count(history) == 1


def test_tables_that_are_locked_are_not_waited_for(database: Database) -> None:
    with history_at(url_of(database)) as history:
        saved(history)
        with database.connect() as other, other.transaction(force_rollback=True):
            other.execute("LOCK TABLE sequence_agent_database")
            started = CLOCK.monotonic()

            told = failure(lambda: saved(history))

            assert CLOCK.monotonic() - started < 5
        assert told == (
            f"cannot write the history at {place(database)}:"
            " canceling statement due to lock timeout"
        )
        saved(history)


def test_a_role_that_may_not_create_tables_is_told_what_it_needs(
    database: Database,
) -> None:
    database.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    dsn = database.role("keeper")
    role = role_name(dsn)
    url = dsn.replace("postgresql://", "postgresql+psycopg://")
    with history_at(url) as history:
        told = failure(lambda: saved(history))

        assert told == (
            f"cannot write the history at {place(database, role)}:"
            " in no schema of its search path does its role have tables or the right to"
            " create them; it needs USAGE and CREATE on one of them"
        )
        database.execute(f'GRANT CREATE ON SCHEMA public TO "{role}"')
        saved(history)


def test_a_wrong_password_is_told_without_it(database: Database) -> None:
    url = url_of(database).replace(database.server.password, "not-this-one")

    with history_at(url) as history:
        told = failure(lambda: count(history))

    assert told.startswith(f"cannot read the history at {place(database)}: ")
    assert "password authentication failed" in told
    assert "not-this-one" not in told


def password_in(url: str) -> str:
    return str(make_url(url).password)


def test_a_rotated_password_is_read_for_the_next_connection(
    database: Database,
) -> None:
    dsn = database.role("keeper", grants=[f'CREATE ON DATABASE "{database.name}"'])
    database.execute(f'CREATE SCHEMA AUTHORIZATION "{role_name(dsn)}"')
    urls = [dsn.replace("postgresql://", "postgresql+psycopg://")]
    with closing(SqlHistory(lambda: urls[-1], retention=RETENTION)) as history:
        saved(history)
        database.execute(f"ALTER ROLE \"{role_name(dsn)}\" PASSWORD 'another'")
        told = failure(lambda: saved(history))

        urls.append(urls[0].replace(password_in(urls[0]), "another"))

        saved(history)
        assert count(history) == 1
    assert "password authentication failed" in told


def test_a_url_that_cannot_be_read_is_a_failure_of_the_history() -> None:
    def unreadable() -> str:
        raise AgentError("file 'url' cannot be read")

    with closing(SqlHistory(unreadable, retention=RETENTION)) as history:
        told = failure(lambda: count(history))

    assert told == "cannot read the history: file 'url' cannot be read"


def test_a_server_that_stops_dead_is_given_up(database: Database) -> None:
    engine = engine_at(make_url(url_of(database)), patience=timedelta(seconds=1))
    started = CLOCK.monotonic()

    with (
        pytest.raises(TimeoutError, match="did not answer within 1 seconds"),
        reading(engine) as connection,
        frozen(connection),
    ):
        connection.execute(text("SELECT 1"))

    assert CLOCK.monotonic() - started < 10


@contextmanager
def frozen(connection: Connection) -> Iterator[None]:
    """The backend stops dead; its kernel goes on acknowledging."""
    pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_session_is_seen_by_its_name_and_has_deadlines(database: Database) -> None:
    engine = engine_at(make_url(url_of(database)))
    settings = text(
        "SELECT current_setting('application_name'),"
        " current_setting('statement_timeout'), current_setting('lock_timeout'),"
        " current_setting('transaction_read_only')"
    )

    with reading(engine) as connection:
        of_reading = connection.execute(settings).one()
    with writing(engine) as connection:
        of_writing = connection.execute(settings).one()

    assert of_reading == ("pg-sequence-agent-history", "10s", "2s", "on")
    assert of_writing == ("pg-sequence-agent-history", "10s", "2s", "off")


def test_what_the_url_says_of_a_connection_holds(database: Database) -> None:
    database.execute("CREATE SCHEMA kept")
    options = "application_name=mine&options=-csearch_path%3Dkept"
    url = f"{url_of(database)}?{options}"

    with reading(engine_at(make_url(url))) as connection:
        name = connection.execute(text("SHOW application_name")).scalar()
        schema = schema_of(connection)

    assert (name, schema) == ("mine", "kept")


def test_no_connection_is_kept(database: Database) -> None:
    with history_at(url_of(database)) as history:
        saved(history)

        others = database.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE application_name = 'pg-sequence-agent-history'"
        )

    assert others == [(0,)]


def test_a_reading_transaction_cannot_write(database: Database) -> None:
    engine = engine_at(make_url(url_of(database)))

    with (
        pytest.raises(DBAPIError, match="read-only transaction"),
        reading(engine) as connection,
    ):
        connection.execute(text("CREATE TABLE t (id int)"))
