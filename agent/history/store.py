"""The history as the services know it, in a database that is made when first used."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import URL, Engine

from agent.errors import HistoryError
from agent.history.connect import engine_at, parse_url, reading, writing
from agent.history.failures import told_as_history_error
from agent.history.loading import load
from agent.history.pruning import prune
from agent.history.saving import save
from agent.history.schema import bring_up_to_date, check
from agent.ports import Chapter

_TURN = timedelta(seconds=30)


class SqlHistory:
    """A history at an SQLAlchemy URL of SQLite or PostgreSQL.

    Nothing is opened before it is used. After a failure everything is looked at anew, so
    that a server or a disk that comes back needs no restart.
    """

    def __init__(self, url: str, *, retention: timedelta) -> None:
        self._url = url
        self._retention = retention
        self._engine: Engine | None = None
        # SQLite lets one write at a time, and only polls for its turn.
        self._writing = threading.Lock()

    def load(self, server: str, datname: str) -> Chapter:
        with self._opened("read") as engine, reading(engine) as connection:
            check(connection)
            return load(connection, server, datname)

    def save(
        self, server: str, datname: str, chapter: Chapter, *, seen_at: datetime
    ) -> None:
        with (
            self._opened("write") as engine,
            self._turn(engine),
            writing(engine) as connection,
        ):
            check(connection)
            save(connection, server, datname, chapter, seen_at=seen_at)

    def prune(self, now: datetime) -> None:
        with self._opened("prune") as engine, self._turn(engine):
            prune(engine, now, self._retention)

    def close(self) -> None:
        """Let go of everything; a later use opens it again."""
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()

    @contextmanager
    def _opened(self, action: str) -> Iterator[Engine]:
        url = parse_url(self._url)
        with told_as_history_error(action, url):
            try:
                yield self._ready(url)
            except BaseException:
                self.close()
                raise

    def _ready(self, url: URL) -> Engine:
        """Without a lock: where a server is silent, threads would wait one by one."""
        engine = self._engine
        if engine is None:
            engine = engine_at(url)
            bring_up_to_date(engine)
            self._engine = engine
        return engine

    @contextmanager
    def _turn(self, engine: Engine) -> Iterator[None]:
        if engine.dialect.name != "sqlite":
            yield
            return
        if not self._writing.acquire(timeout=_TURN.total_seconds()):
            raise HistoryError("it is busy with other databases")
        try:
            yield
        finally:
            self._writing.release()
