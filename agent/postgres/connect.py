"""Connections to sampled servers, and every deadline there is.

Each wait is bounded three times: by the server (statement_timeout, lock_timeout), by
the kernel (keepalives, TCP_USER_TIMEOUT) and by the client, since a server that
stopped dead answers neither and its kernel goes on acknowledging.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import NoReturn, TypeVar

import psycopg
from psycopg import IsolationLevel, pq
from psycopg.abc import Buffer, PQGen
from psycopg.adapt import Loader
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow, tuple_row

from agent.domain.pace import Deadlines
from agent.ports import Clock
from agent.postgres.ceiling import Ceiling, within
from agent.postgres.errors import (
    DatabaseQueryError,
    DsnError,
    one_line,
    unreachable,
)
from agent.postgres.places import connect_by_bytes, resolved
from agent.postgres.queries import query
from agent.postgres.strangers import what_is_wrong

T = TypeVar("T")

_POLL_SECONDS = 0.1
_CLIENT_GRACE = timedelta(seconds=2)
# How long a server may take to answer a cancel before its connection is closed.
_CANCEL_GRACE = timedelta(milliseconds=400)
_KEEPALIVES = {
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
}


def milliseconds(duration: timedelta) -> str:
    """A duration as the server's settings take it, never shorter than it is.

    Whoever sees the server give up may take for certain that the time was over.
    """
    # 0 would mean: wait for ever.
    return f"{max(1, -(-duration // timedelta(milliseconds=1)))}ms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a server is and how to get there.

    `conninfo` is asked anew for each connection, so that a rotated secret needs no
    restart; `stopping` ends every wait when the agent is about to stop. `bare` is the
    same without the secrets that are kept elsewhere, where there are such.
    """

    conninfo: Callable[[], str]
    clock: Clock
    bare: Callable[[], str] | None = None
    deadlines: Deadlines = field(default_factory=Deadlines)
    stopping: threading.Event = field(default_factory=threading.Event)
    ceiling: Ceiling | None = None


class DeadlineExceededError(psycopg.OperationalError):
    """The server did not answer in time, or the agent is about to stop."""


class BoundedConnection(psycopg.Connection[TupleRow]):
    """A connection none of whose waits outlasts the deadline or the agent's stop.

    Every transaction of it begins with our own settings, whatever the database, the
    role or the pooler in between prefers. Nothing is sent outside a transaction, and
    nothing is set for longer than one: behind a transaction pooler the next one may
    run on another backend, and the next client on this.
    """

    endpoint: Endpoint | None = None
    patience: timedelta | None = None
    """For one statement, where it is not the endpoint's."""

    @contextmanager
    def transaction(
        self,
        savepoint_name: str | None = None,
        force_rollback: bool = False,  # noqa: FBT002 - the signature is psycopg's
    ) -> Iterator[psycopg.Transaction]:
        """Begin a transaction with our settings, or a savepoint within one."""
        outermost = self.info.transaction_status is pq.TransactionStatus.IDLE
        with super().transaction(savepoint_name, force_rollback) as transaction:
            if outermost:
                self.execute(self._settings())
            yield transaction

    def begin(self, first: Callable[[], None] = lambda: None) -> None:
        """Begin a transaction with our settings, to be ended by COMMIT or ROLLBACK.

        `first` is for whoever has to see how the session is without them.
        """
        self.execute(self._get_tx_start_command())
        first()
        self.execute(self._settings())

    def _settings(self) -> bytes:
        """All in one message; the search path comes first, so that nothing is hijacked.

        SET LOCAL calls no function, so that none on the path of before can be in its place.
        """
        statements = [query("session_settings").rstrip()]
        version = self.info.server_version
        if can_restrict_relations(version):
            statements.append(
                b"SET LOCAL restrict_nonsystem_relation_kind = 'view, foreign-table'"
            )
        if version >= 170_000:
            statements.append(b"SET LOCAL transaction_timeout = 0")
        if self.info.parameter_status("server_encoding") == "SQL_ASCII":
            # Any other client encoding makes the server check each name, and fail.
            statements.append(b"SET LOCAL client_encoding = 'SQL_ASCII'")
        return b";\n".join([*statements, *self._timeouts()])

    def _timeouts(self) -> Iterator[bytes]:
        deadlines = self.endpoint.deadlines if self.endpoint else Deadlines()
        yield f"SET LOCAL statement_timeout = '{milliseconds(deadlines.statement)}'".encode()
        yield f"SET LOCAL lock_timeout = '{milliseconds(deadlines.lock)}'".encode()

    def wait(
        self,
        gen: PQGen[T],
        interval: float = _POLL_SECONDS,
        timeout: float | None = None,
    ) -> T:
        del timeout  # ours is the shorter one
        if self.endpoint is None:
            return super().wait(gen, interval=interval)
        if self.endpoint.stopping.is_set():
            self._close("the agent is stopping")
        patience = self.patience or self.endpoint.deadlines.statement + _CLIENT_GRACE
        return super().wait(self._bounded(gen, patience), interval=interval)

    def _bounded(self, gen: PQGen[T], patience: timedelta) -> PQGen[T]:
        """Pass a psycopg generator through, and give up when its time is up.

        psycopg comes back every interval even when nothing happens on the socket.
        Giving up begins with a cancel: a backend whose client only closes its socket
        goes on waiting, with all its locks. What comes true nevertheless, such as a
        COMMIT that waited for a standby, is no failure.
        """
        reason: str | None = None
        deadline = self._deadline(patience)
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if reason and self._is_past(deadline):
                    self._close(reason)
                if not reason and (reason := self._reason_to_give_up(deadline)):
                    self._ask_to_cancel()
                    deadline = self._deadline(_CANCEL_GRACE)
                wanted = gen.send(ready)
        except StopIteration as finished:
            answer: T = finished.value
            return answer
        except psycopg.Error:
            if reason:
                self._close(reason)
            raise

    def _reason_to_give_up(self, deadline: float) -> str | None:
        if self.endpoint is not None and self.endpoint.stopping.is_set():
            return "the agent is stopping"
        return "the server did not answer in time" if self._is_past(deadline) else None

    def _deadline(self, patience: timedelta) -> float:
        return self._monotonic() + patience.total_seconds()

    def _is_past(self, deadline: float) -> bool:
        return self._monotonic() > deadline

    def _monotonic(self) -> float:
        assert self.endpoint is not None  # noqa: S101 - for the type checkers
        return self.endpoint.clock.monotonic()

    def _ask_to_cancel(self) -> None:
        # A server that cannot be reached any more cannot be asked either.
        with suppress(psycopg.Error, OSError):
            self.cancel_safe(timeout=_CANCEL_GRACE.total_seconds())

    def _close(self, reason: str) -> NoReturn:
        """Close before raising: what comes after must fail at once, not wait again."""
        self.pgconn.finish()
        raise DeadlineExceededError(reason)


def can_restrict_relations(server_version: int) -> bool:
    """Whether the server can be told to read neither views nor foreign tables.

    The minor releases of August 2024 brought it (CVE-2024-7348).
    """
    return server_version >= _RESTRICTS_SINCE.get(server_version // 10_000, 170_000)


_RESTRICTS_SINCE = {13: 130_016, 14: 140_013, 15: 150_008, 16: 160_004}


@contextmanager
def connection(
    endpoint: Endpoint, datname: str | None, *, odd_name: bytes | None = None
) -> Iterator[BoundedConnection]:
    """Open a connection for a moment, and translate whatever goes wrong on it.

    `odd_name` is that of the database where it is not UTF-8.
    Idle connections are not kept: they would stand in the way of DROP DATABASE, and
    a backend that has looked at 20,000 sequences keeps 55 MB of relation cache.
    """
    parameters = parse_conninfo(endpoint.conninfo())
    if datname is not None:
        parameters["dbname"] = datname
    name = database_of(parameters)
    connect = partial(_connect, endpoint, parameters, odd_name)
    with within(endpoint.ceiling, connect, name, endpoint.stopping) as opened:
        try:
            _take_any_name(opened)
            yield opened
        except psycopg.Error as error:
            raise DatabaseQueryError(name, one_line(error)) from error


def parse_conninfo(conninfo: str) -> dict[str, str]:
    """The parameters of a DSN; libpq's own message could repeat a secret."""
    try:
        parameters = conninfo_to_dict(conninfo)
    except psycopg.Error:
        raise DsnError(f"not a connection string: {what_is_wrong(conninfo)}") from None
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
    if "service" in known and "dbname" not in parameters:
        nowhere = {"dbname": f"service={known['service']}"}
        known = {**nowhere, **resolved(parameters)}
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
    endpoint: Endpoint, parameters: dict[str, str], odd_name: bytes | None, name: str
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
        if odd_name is None:
            opened = BoundedConnection.connect(make_conninfo(**settings))
        else:
            pgconn = connect_by_bytes(settings, odd_name)
            opened = BoundedConnection(pgconn, row_factory=tuple_row)
    except (psycopg.Error, UnicodeError) as error:
        raise unreachable(name, error) from None
    opened.autocommit, opened.prepare_threshold = True, None
    opened.endpoint = endpoint
    # Whatever the defaults of the database and the role are.
    opened.isolation_level = IsolationLevel.READ_COMMITTED
    opened.deferrable = False
    opened.read_only = True
    return opened


def _take_any_name(opened: BoundedConnection) -> None:
    """A SQL_ASCII database may hold names in any encoding: show them, do not fail."""
    for kind in ("name", "text"):
        opened.adapters.register_loader(kind, LenientTextLoader)


class LenientTextLoader(Loader):
    """Text whose odd bytes, where it is not valid UTF-8, come out as escapes."""

    def load(self, data: Buffer) -> str:
        return bytes(data).decode("utf-8", "backslashreplace")
