"""Sees from beside how long a seed waits for locks, whatever it set for itself.

A function with `SET lock_timeout = 0` waits for ever inside one statement, and all the
tables of the reset are locked meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from psycopg import Error
from psycopg.rows import class_row

from agent.errors import AgentError
from agent.ports import Clock
from agent.postgres.connect import BoundedConnection
from agent.postgres.errors import one_line
from agent.postgres.queries import query
from agent.postgres.resets.seed_session import Holdings

Connect = Callable[[], AbstractContextManager[BoundedConnection]]

# Most seeds are done before anybody has to look.
_FIRST_LOOK_AFTER = timedelta(milliseconds=250)
_LONGEST_INTERVAL = timedelta(milliseconds=500)
_SHORTEST_INTERVAL = timedelta(milliseconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    waits: bool
    here: bool


class LockWatch:
    """A thread that cancels what a transaction waits with, when it has waited enough.

    The waits of one watch are added up: it looks at short intervals, and counts one for
    each look at which the transaction waits. The connection is opened when it takes
    longer than a moment. Where there is none, `blind` says why, and the lock_timeout
    of the server is all that bounds a wait.
    """

    def __init__(
        self,
        connect: Connect,
        watched: Holdings,
        *,
        patience: timedelta,
        clock: Clock,
    ) -> None:
        self._connect = connect
        self._watched = watched
        self._patience = patience.total_seconds()
        self._clock = clock
        interval = min(max(patience / 10, _SHORTEST_INTERVAL), _LONGEST_INTERVAL)
        self._interval = interval.total_seconds()
        self._first = min(patience / 4, _FIRST_LOOK_AFTER).total_seconds()
        self._over = threading.Event()
        # Held while something is cancelled: nothing is, once the watch is over.
        self._cancelling = threading.Lock()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.cancelled = False
        self.blind: str | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        with self._cancelling:
            self._over.set()

    def _watch(self) -> None:
        if self._over.wait(self._first):
            return
        try:
            with self._connect() as connection:
                self._look_on(connection)
        except (AgentError, Error) as error:
            self.blind = one_line(error)

    def _look_on(self, connection: BoundedConnection) -> None:
        waited = 0.0
        looked_at = self._clock.monotonic()
        while not self._over.wait(self._interval):
            look = self._look(connection)
            now = self._clock.monotonic()
            if not look.here:
                self.blind = "a second connection leads to another server"
                return
            if look.waits:
                waited += now - looked_at
            looked_at = now
            if look.waits and waited > self._patience:
                self._cancel(connection)

    def _look(self, connection: BoundedConnection) -> _Look:
        with (
            connection.transaction(),
            connection.cursor(row_factory=class_row(_Look)) as cursor,
        ):
            (look,) = cursor.execute(query("seed_waiting"), self._which()).fetchall()
        return look

    def _cancel(self, connection: BoundedConnection) -> None:
        with self._cancelling:
            if self._over.is_set():
                return
            self.cancelled = True
            with connection.transaction():
                connection.execute(query("seed_cancel"), self._which())

    def _which(self) -> dict[str, object]:
        return {
            "pid": self._watched.pid,
            "transaction": self._watched.transaction,
            "server": self._watched.server,
        }
