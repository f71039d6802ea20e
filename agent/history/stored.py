"""A history as others than its agent read it: nothing is made, migrated or changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, select

from agent.errors import HistoryError
from agent.history import tables
from agent.history.connect import engine_at, parse_url, reading
from agent.history.failures import place, told_as_history_error
from agent.history.loading import load
from agent.history.schema import is_up_to_date, version
from agent.ports import Chapter

_LOCK = timedelta(seconds=2)


class StoredHistory:
    """What an agent has stored at an SQLAlchemy URL; where it never was, that is nothing.

    Threads may read at the same time. Raises HistoryError.
    """

    def __init__(self, url: str) -> None:
        self._url = parse_url(url)
        self._engine = _engine_at(self._url)

    @property
    def place(self) -> str:
        """Where it is, without secrets."""
        return place(self._url)

    def databases(self) -> tuple[tuple[str, str], ...]:
        """The (server, datname) of all databases that something is stored of."""
        database = tables.database.c
        by_name = select(database.server, database.datname).order_by(
            database.server, database.datname
        )
        with self._read() as connection:
            if connection is None:
                return ()
            rows = connection.execute(by_name).all()
            return tuple((server, datname) for server, datname in rows)

    def load(self, server: str, datname: str) -> Chapter:
        """An empty chapter if nothing is stored of it."""
        with self._read() as connection:
            return (
                Chapter() if connection is None else load(connection, server, datname)
            )

    @contextmanager
    def _read(self) -> Iterator[Connection | None]:
        """One state of all tables; None where there are none."""
        with told_as_history_error("read", self._url):
            if _is_missing(self._url):
                yield None
                return
            with reading(self._engine) as connection:
                yield connection if _has_tables(connection) else None


def _is_missing(url: URL) -> bool:
    return url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists()


def _has_tables(connection: Connection) -> bool:
    if version(connection) is None:
        return False
    if not is_up_to_date(connection):
        raise HistoryError(
            "its tables are those of an older agent; the one that keeps it brings them"
            " up to date when it starts"
        )
    return True


def _engine_at(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return engine_at(url)
    file = Path(str(url.database))
    engine = create_engine(
        url.set(query={}), poolclass=NullPool, creator=lambda: _open_file(file)
    )
    event.listen(engine, "begin", lambda each: each.exec_driver_sql("BEGIN"))
    return engine


def _open_file(file: Path) -> sqlite3.Connection:
    # Not mode=ro: that leaves behind the two files that a journal in WAL mode needs, and
    # the agent may not be allowed to take them over.
    opened = sqlite3.connect(
        f"{file.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=_LOCK.total_seconds(),
        isolation_level=None,
    )
    opened.execute("PRAGMA query_only = ON").close()
    return opened
