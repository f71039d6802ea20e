"""Connections to where a history is kept, short-lived, and how long they may wait.

None is kept open. What comes back, be it a server or a disk, is there for the next one;
and between rounds an SQLite file is whole without its journal, fit to be copied.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from agent.errors import HistoryError
from agent.history import session
from agent.history.deadline import SESSION, bound_sessions

_LOCK = timedelta(seconds=2)
_CONNECT = timedelta(seconds=5)

VERSION_TABLE = "sequence_agent_version"

_WRITING = "writing"
_TRANSLATED = "schema_translate_map"

# NORMAL may lose the last rounds when the power fails, and never harms the file.
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
)


def parse_url(text: str) -> URL:
    """The parts of an SQLAlchemy URL; it is never repeated, for it may hold a secret."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise HistoryError("the history's URL is not one of SQLAlchemy") from None
    match url.get_backend_name():
        case "sqlite" if url.database in {None, "", ":memory:"}:
            raise HistoryError("the history's URL names no file: write sqlite:///file")
        case "postgresql" if "@" in (url.host or ""):
            # What follows was taken for a host, which every message would tell.
            raise HistoryError(
                "the history's URL has an '@' too many: write %40 for it"
            )
        case "sqlite" | "postgresql":
            return url
        case other:
            raise HistoryError(f"a history cannot be kept in {other!r}")


def engine_at(url: URL, *, patience: timedelta = SESSION) -> Engine:
    """What opens connections to a history; nothing is opened yet."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url.set(query={}), str(url.database))
    return _postgres(url, patience)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one state of all tables."""
    with engine.begin() as connection:
        _find_tables(connection)
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that is committed at the end, or never was."""
    with engine.execution_options(**{_WRITING: True}).begin() as connection:
        _find_tables(connection)
        yield connection


def schema_of(connection: Connection) -> str | None:
    """The schema of the history's tables; None on SQLite, which has none."""
    names = connection.get_execution_options().get(_TRANSLATED, {})
    schema: str | None = names.get(None)
    return schema


def give_back_space(file: str) -> None:
    """Make the file smaller by what was deleted from it."""
    with closing(_open_file(file)) as opened:
        # As a script: a statement alone is not run to its end, and frees one page.
        opened.executescript("PRAGMA incremental_vacuum")
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()


def _sqlite(url: URL, file: str) -> Engine:
    engine = create_engine(url, poolclass=NullPool, creator=lambda: _open_file(file))

    def begin(connection: Connection) -> None:
        # With the lock at once: one that is asked for later may not be waited for.
        lock = "IMMEDIATE" if _is_writing(connection) else "DEFERRED"
        connection.exec_driver_sql(f"BEGIN {lock}")

    event.listen(engine, "begin", begin)
    return engine


def _open_file(file: str) -> sqlite3.Connection:
    # Transactions are begun in `begin`: sqlite3 would leave out those of DDL.
    opened = sqlite3.connect(file, timeout=_LOCK.total_seconds(), isolation_level=None)
    try:
        # Space can only be given back by a file that was begun so; asking one that
        # is there already would write to it.
        if opened.execute("PRAGMA page_count").fetchone() == (0,):
            opened.execute("PRAGMA auto_vacuum = INCREMENTAL")
        for pragma in _PRAGMAS:
            opened.execute(pragma).close()
    except sqlite3.Error:
        opened.close()
        raise
    return opened


def _postgres(url: URL, patience: timedelta) -> Engine:
    defaults = {
        "application_name": "pg-sequence-agent-history",
        "connect_timeout": f"{_CONNECT.total_seconds():.0f}",
        "keepalives_idle": "10",
        "keepalives_interval": "5",
        "keepalives_count": "3",
        "tcp_user_timeout": _milliseconds(patience),
    }
    wanted = {name: value for name, value in defaults.items() if name not in url.query}
    engine = create_engine(
        url,
        poolclass=NullPool,
        # A pooler in between may not know on whose connection they were prepared.
        connect_args={**wanted, "client_encoding": "UTF8", "prepare_threshold": None},
        use_native_hstore=False,  # saves a look for a type that is not used
    )
    event.listen(engine, "begin", _begin_on_postgres)
    session.keep_to_the_catalog(engine)
    # Registered last, it comes first: all that a connection waits for is bounded.
    bound_sessions(engine, patience)
    return engine


def _begin_on_postgres(connection: Connection) -> None:
    session.begin(connection, writing=_is_writing(connection))


def _find_tables(connection: Connection) -> None:
    """Name each table with its schema from here on."""
    if connection.dialect.name == "postgresql":
        schema = session.home(connection, VERSION_TABLE)
        connection.execution_options(**{_TRANSLATED: {None: schema}})


def _is_writing(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get(_WRITING))


def _milliseconds(span: timedelta) -> str:
    return str(span // timedelta(milliseconds=1))
