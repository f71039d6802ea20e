"""The history as the services know it, in a database that is made when first used."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import URL, Engine

from agent.errors import AgentError, HistoryError
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
    that a server or a disk that comes back needs no restart. The URL is asked for at
    each use, so that a rotated password needs none either; it may raise AgentError.
    """

    def __init__(self, url: str | Callable[[], str], *, retention: timedelta) -> None:
        self._url = url
        self._retention = retention
        self._opened: tuple[URL, Engine] | None = None
        # SQLite lets one write at a time, and only polls for its turn.
        self._writing = threading.Lock()

    def load(self, server: str, datname: str) -> Chapter:
        with self._open("read") as engine, reading(engine) as connection:
            check(connection)
            return load(connection, server, datname)

    def save(
        self, server: str, datname: str, chapter: Chapter, *, seen_at: datetime
    ) -> None:
        with (
            self._open("write") as engine,
            self._turn(engine),
            writing(engine) as connection,
        ):
            check(connection)
            save(connection, server, datname, chapter, seen_at=seen_at)

    def prune(self, now: datetime) -> None:
        with self._open("prune") as engine, self._turn(engine):
            prune(engine, now, self._retention)

    def close(self) -> None:
        """Let go of everything; a later use opens it again."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened[1].dispose()

    @contextmanager
    def _open(self, action: str) -> Iterator[Engine]:
        url = parse_url(self._url_now(action))
        with told_as_history_error(action, url):
            try:
                yield self._ready(url)
            except BaseException:
                self.close()
                raise

    def _ready(self, url: URL) -> Engine:
        """Without a lock: where a server is silent, threads would wait one by one."""
        if self._opened is None or self._opened[0] != url:
            engine = engine_at(url)
            bring_up_to_date(engine)
            self._opened = (url, engine)
            return engine
        return self._opened[1]

    def _url_now(self, action: str) -> str:
        if isinstance(self._url, str):
            return self._url
        try:
            return self._url()
        except AgentError as error:
            raise HistoryError(f"cannot {action} the history: {error}") from None

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
