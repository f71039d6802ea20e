"""How long a PostgreSQL that keeps a history may let the agent wait, all in all.

`statement_timeout` counts only while the server still counts: one whose disk hangs, or
that stopped dead, is silent, and its kernel goes on acknowledging.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Protocol

from sqlalchemy import Engine, ExceptionContext, event

SESSION = timedelta(seconds=30)

_KEY = "deadline"


class _HasSocket(Protocol):
    def fileno(self) -> int: ...


class _HasFacts(Protocol):
    @property
    def info(self) -> dict[str, object]: ...


class Deadline:
    """Ends the wait of a connection that is still open when its time is up."""

    def __init__(self, connection: _HasSocket, patience: timedelta) -> None:
        # A descriptor of its own: that of the connection may be another's by then.
        self._socket = socket.socket(fileno=os.dup(connection.fileno()))
        self.passed = False
        self._timer = threading.Timer(patience.total_seconds(), self._end)
        self._timer.daemon = True
        self._timer.start()

    def lift(self) -> None:
        """Before the connection is closed, in time or not."""
        self._timer.cancel()
        self._socket.close()

    def _end(self) -> None:
        self.passed = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)


def bound_sessions(engine: Engine, patience: timedelta = SESSION) -> None:
    """Give each connection that the engine opens a deadline for all of its life."""

    def begin(connection: _HasSocket, facts: _HasFacts) -> None:
        facts.info[_KEY] = Deadline(connection, patience)

    def end(_connection: object, facts: _HasFacts | None) -> None:
        found = facts.info.pop(_KEY, None) if facts is not None else None
        if isinstance(found, Deadline):
            found.lift()

    # First of all: what SQLAlchemy itself asks a new connection is bounded too.
    event.listen(engine, "connect", begin, insert=True)
    event.listen(engine, "close", end)
    event.listen(engine, "handle_error", _telling(patience))


def _telling(patience: timedelta) -> Callable[[ExceptionContext], None]:
    def tell(context: ExceptionContext) -> None:
        """Libpq takes the end of the wait for a crash of the server."""
        if context.connection is None:
            return
        found = context.connection.info.get(_KEY)
        if isinstance(found, Deadline) and found.passed:
            raise TimeoutError(
                f"the server did not answer within {patience.total_seconds():g} seconds"
            )

    return tell
