"""A proxy that does something else before a statement reaches the server."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlsplit

_STARTUP = struct.Struct("!II")
_HEAD = struct.Struct("!cI")
# What a client sends when it wants neither to begin nor anything else yet: SSL, GSS.
_ASKS_FOR_ENCRYPTION = {80877103, 80877104}


@dataclass
class PausingProxy:
    """Passes statements on one by one; `before` hears the number and text of each.

    A statement that was sent along with others is parted from them: the server has
    done what came before it.
    """

    server: tuple[str, int]
    before: Callable[[int, str], None]
    statements: list[str] = field(default_factory=list)
    _listener: socket.socket = field(
        default_factory=lambda: socket.create_server(("127.0.0.1", 0))
    )
    _open: list[socket.socket] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def through(self, dsn: str) -> str:
        """The DSN of the same server, through here."""
        login, at, rest = dsn.rpartition(f"@{self.server[0]}:{self.server[1]}")
        assert at
        return f"{login}@127.0.0.1:{self._listener.getsockname()[1]}{rest}"

    def start(self) -> None:
        self._in_thread(self._accept)

    def close(self) -> None:
        for each in (self._listener, *self._open):
            _shut(each)
        for thread in self._threads:
            thread.join()

    def _in_thread(self, call: Callable[[], None]) -> None:
        thread = threading.Thread(target=call)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self.server)
                server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._open += [client, server]
                self._in_thread(partial(self._forth, client, server))
                self._in_thread(partial(_back, client, server))

    def _forth(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError, EOFError):
            _pass_startup(client, server)
            while True:
                head = _exactly(client, _HEAD.size)
                kind, length = _HEAD.unpack(head)
                body = _exactly(client, length - 4)
                if kind in {b"P", b"Q"}:
                    self._announce(kind, body)
                server.sendall(head + body)
        _shut(client)
        _shut(server)

    def _announce(self, kind: bytes, body: bytes) -> None:
        text = body.split(b"\0")[1 if kind == b"P" else 0]
        lines = text.decode(errors="replace").splitlines()
        said = " ".join(line for line in lines if not line.startswith("--"))
        self.statements.append(said)
        self.before(len(self.statements), said)


@contextmanager
def pausing(dsn: str, before: Callable[[int, str], None]) -> Iterator[PausingProxy]:
    """A proxy to the server of a DSN."""
    parts = urlsplit(dsn)
    assert parts.hostname
    assert parts.port
    proxy = PausingProxy((parts.hostname, parts.port), before)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.close()


def _pass_startup(client: socket.socket, server: socket.socket) -> None:
    while True:
        head = _exactly(client, _STARTUP.size)
        length, code = _STARTUP.unpack(head)
        server.sendall(head + _exactly(client, length - _STARTUP.size))
        if code not in _ASKS_FOR_ENCRYPTION:
            return


def _exactly(source: socket.socket, length: int) -> bytes:
    found = b""
    while len(found) < length:
        more = source.recv(length - len(found))
        if not more:
            raise EOFError
        found += more
    return found


def _back(client: socket.socket, server: socket.socket) -> None:
    with suppress(OSError):
        while data := server.recv(65536):
            client.sendall(data)
    _shut(client)
    _shut(server)


def _shut(each: socket.socket) -> None:
    with suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()
