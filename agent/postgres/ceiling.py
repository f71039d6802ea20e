"""How many connections to a server may be open at once, where others set a limit.

A role, a database and a server each have one. That of the role stands in the catalogs;
the others are learned when a connection is refused.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from typing import Any, TypeVar

from psycopg import Connection

from agent.ports import Clock
from agent.postgres.errors import TooManyConnectionsError

_POLL_SECONDS = 0.1
_LEAVING_SECONDS = 1.0
# How often a connection is refused for others of ours before it is given up.
_TURNS = 20
# One more is tried now and then, for limits are raised and other clients leave.
_ONE_MORE = timedelta(minutes=1).total_seconds()
# How long nothing is tried after a refusal when none of ours was open.
_SHUT = timedelta(seconds=5).total_seconds()


Connected = TypeVar("Connected", bound=Connection[Any])


class Ceiling:
    """Counts the connections that are open, and lets as many wait as there is no room for.

    Whoever holds a connection must not ask for a second one: there may be room for one.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._open = 0
        self._granted: int | None = None
        self._refused_at: tuple[int, float] | None = None
        self._refusal = ""
        self._shut_until = float("-inf")

    @contextmanager
    def room(self, stopping: threading.Event) -> Iterator[None]:
        """Wait until one more may be opened, and count it as long as the body runs."""
        with self._changed:
            while self._is_full() and not stopping.is_set():
                self._changed.wait(_POLL_SECONDS)
            self._open += 1
        try:
            yield
        finally:
            with self._changed:
                self._open -= 1
                self._changed.notify()

    @property
    def known(self) -> bool:
        """Whether there is any: then the end of a connection is waited for."""
        return self._limit() is not None

    @property
    def refusal(self) -> str | None:
        """That of just now, when none of ours was open: the next would end as it did."""
        return self._refusal if self._clock.monotonic() < self._shut_until else None

    def granted(self, allowed: int | None, *, taken: int) -> None:
        """Learn what the role may have, and how many of it are `taken`, by us or others."""
        with self._changed:
            others = max(0, taken - self._open)
            self._granted = None if allowed is None else max(1, allowed - others)
            self._changed.notify_all()

    def refused(self, reason: str) -> bool:
        """Learn from a refusal, within `room`; whether the end of another is worth a try."""
        with self._changed:
            others = self._open - 1
            now = self._clock.monotonic()
            self._refused_at = (max(1, others), now)
            if others == 0:
                self._refusal, self._shut_until = reason, now + _SHUT
            return others > 0

    def _is_full(self) -> bool:
        limit = self._limit()
        return limit is not None and self._open >= limit

    def _limit(self) -> int | None:
        limits = [] if self._granted is None else [self._granted]
        if self._refused_at is not None:
            limit, at = self._refused_at
            limits.append(limit + int((self._clock.monotonic() - at) / _ONE_MORE))
        return min(limits, default=None)


@contextmanager
def within(
    ceiling: Ceiling | None,
    connect: Callable[[str], Connected],
    database: str,
    stopping: threading.Event,
) -> Iterator[Connected]:
    """A connection as long as the body runs, made when there is room for it."""
    if ceiling is None:
        with closing(connect(database)) as opened:
            yield opened
        return
    for last in (*[False] * _TURNS, True):
        with ceiling.room(stopping):
            admitted = _admitted(ceiling, connect, database, last=last)
            if admitted is not None:
                try:
                    yield admitted
                finally:
                    _leave(admitted, wait=ceiling.known)
                return


def _admitted(
    ceiling: Ceiling,
    connect: Callable[[str], Connected],
    database: str,
    *,
    last: bool,
) -> Connected | None:
    """None where others of ours take up the limit: it is worth a try when one has ended."""
    if ceiling.refusal is not None:
        raise TooManyConnectionsError(database, ceiling.refusal)
    try:
        return connect(database)
    except TooManyConnectionsError as error:
        if last or not ceiling.refused(error.reason):
            raise
        return None


def _leave(opened: Connection[Any], *, wait: bool) -> None:
    """Close it, and wait for the end of its backend: until then that counts as well."""
    if opened.closed or not wait:
        opened.close()
        return
    with socket.socket(fileno=os.dup(opened.fileno())) as line:
        line.settimeout(_LEAVING_SECONDS)
        opened.close()
        with suppress(OSError):
            while line.recv(4096):
                pass
