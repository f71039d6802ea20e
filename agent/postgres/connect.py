"""Connections to sampled servers, and every deadline there is.

Each wait is bounded three times: by the server (statement_timeout, lock_timeout), by
the kernel (keepalives, TCP_USER_TIMEOUT) and by the client, since a server that
stopped dead answers neither and its kernel goes on acknowledging.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

import psycopg
from psycopg.abc import Buffer, PQGen
from psycopg.adapt import Loader
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow

from agent.ports import Clock
from agent.postgres.errors import (
    DatabaseQueryError,
    DatabaseUnreachableError,
    DsnError,
    one_line,
)

T = TypeVar("T")

_POLL_SECONDS = 0.1
_CLIENT_GRACE = timedelta(seconds=2)
_KEEPALIVES = {
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """How long anything may take on a sampled server."""

    connect: timedelta = timedelta(seconds=5)
    statement: timedelta = timedelta(seconds=10)
    lock: timedelta = timedelta(milliseconds=200)


def milliseconds(duration: timedelta) -> str:
    """A duration as the server's settings take it."""
    # 0 would mean: wait for ever.
    return f"{max(1, duration // timedelta(milliseconds=1))}ms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a server is and how to get there.

    `conninfo` is asked anew for each connection, so that a rotated secret needs no
    restart; `stopping` ends every wait when the agent is about to stop.
    """

    conninfo: Callable[[], str]
    clock: Clock
    deadlines: Deadlines = field(default_factory=Deadlines)
    stopping: threading.Event = field(default_factory=threading.Event)


class DeadlineExceededError(psycopg.OperationalError):
    """The server did not answer in time, or the agent is about to stop."""


class BoundedConnection(psycopg.Connection[TupleRow]):
    """A connection none of whose waits outlasts the deadline or the agent's stop."""

    endpoint: Endpoint | None = None

    def wait(
        self,
        gen: PQGen[T],
        interval: float = _POLL_SECONDS,
        timeout: float | None = None,
    ) -> T:
        del timeout  # ours is the shorter one
        return super().wait(self._bounded(gen), interval=interval)

    def _bounded(self, gen: PQGen[T]) -> PQGen[T]:
        """Pass a psycopg generator through, and give up when its time is up.

        psycopg comes back every interval even when nothing happens on the socket.
        """
        if self.endpoint is None:
            return (yield from gen)
        patience = (self.endpoint.deadlines.statement + _CLIENT_GRACE).total_seconds()
        deadline = self.endpoint.clock.monotonic() + patience
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                self._give_up_after(deadline)
                wanted = gen.send(ready)
        except StopIteration as finished:
            answer: T = finished.value
            return answer

    def _give_up_after(self, deadline: float) -> None:
        """Close before raising: what comes after must fail at once, not wait again."""
        assert self.endpoint is not None  # noqa: S101 - for the type checkers
        if self.endpoint.stopping.is_set():
            self.pgconn.finish()
            raise DeadlineExceededError("the agent is stopping")
        if self.endpoint.clock.monotonic() > deadline:
            self.pgconn.finish()
            raise DeadlineExceededError("the server did not answer in time")


@contextmanager
def connection(endpoint: Endpoint, datname: str | None) -> Iterator[BoundedConnection]:
    """Open a connection for a moment, and translate whatever goes wrong on it.

    Idle connections are not kept: they would stand in the way of DROP DATABASE, and
    a backend that has looked at 20,000 sequences keeps 55 MB of relation cache.
    """
    parameters = parse_conninfo(endpoint.conninfo())
    if datname is not None:
        parameters["dbname"] = datname
    name = database_of(parameters)
    opened = _connect(endpoint, parameters, name)
    try:
        _take_any_name(opened)
        yield opened
    except psycopg.Error as error:
        raise DatabaseQueryError(name, one_line(error)) from error
    finally:
        opened.close()


def parse_conninfo(conninfo: str) -> dict[str, str]:
    """The parameters of a DSN; libpq's own message could repeat a secret."""
    try:
        parameters = conninfo_to_dict(conninfo)
    except psycopg.Error:
        raise DsnError(
            "not a connection string: write postgresql://user@host:5432/database"
            " or 'host=… port=… dbname=… user=…'"
        ) from None
    _check_ports(str(parameters.get("port") or ""))
    return {key: str(value) for key, value in parameters.items() if value is not None}


def _check_ports(ports: str) -> None:
    """A port for each host, or one for all, as libpq separates them by commas."""
    for port in filter(None, ports.split(",")):
        if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
            raise DsnError("not a connection string: its port is no number to 65535")


def database_of(parameters: Mapping[str, str]) -> str:
    """The database that parameters lead to, over what libpq takes from elsewhere."""
    known = {**environment_defaults(), **parameters}
    return known.get("dbname") or known.get("user") or "postgres"


def with_password(conninfo: str, password: str | None) -> str:
    """The DSN with a password from elsewhere, which wins over one of its own."""
    if password is None:
        return conninfo
    return make_conninfo(**parse_conninfo(conninfo) | {"password": password})


def environment_defaults() -> dict[str, str]:
    """What libpq would take from PGHOST, PGUSER and the like, or by itself."""
    options = psycopg.pq.Conninfo.get_defaults()
    return {o.keyword.decode(): o.val.decode() for o in options if o.val}


def _connect(
    endpoint: Endpoint, parameters: dict[str, str], name: str
) -> BoundedConnection:
    # libpq counts whole seconds and takes 1 for 2.
    seconds = max(2, math.ceil(endpoint.deadlines.connect.total_seconds()))
    unanswered = (endpoint.deadlines.statement + _CLIENT_GRACE) // timedelta(
        milliseconds=1
    )
    settings = {
        "application_name": "pg-sequence-agent",
        **_KEEPALIVES,
        "tcp_user_timeout": str(unanswered),
        "connect_timeout": str(seconds),
        **parameters,
        "client_encoding": "UTF8",
    }
    try:
        opened = BoundedConnection.connect(
            make_conninfo(**settings), autocommit=True, prepare_threshold=None
        )
    except (psycopg.Error, UnicodeError) as error:
        raise DatabaseUnreachableError(name, one_line(error)) from None
    opened.endpoint = endpoint
    opened.read_only = True
    return opened


def _take_any_name(opened: BoundedConnection) -> None:
    """A SQL_ASCII database may hold names in any encoding: show them, do not fail."""
    for kind in ("name", "text"):
        opened.adapters.register_loader(kind, LenientTextLoader)
    if opened.info.parameter_status("server_encoding") == "SQL_ASCII":
        # Any other client encoding makes the server check each name, and fail.
        opened.execute("SET client_encoding TO SQL_ASCII")


class LenientTextLoader(Loader):
    """Text whose odd bytes, where it is not valid UTF-8, come out as escapes."""

    def load(self, data: Buffer) -> str:
        return bytes(data).decode("utf-8", "backslashreplace")
