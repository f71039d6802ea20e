"""A proxy between an agent and a server, on which a COMMIT or its answer gets lost."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from urllib.parse import urlsplit


class Fault(Enum):
    """What happens to the COMMIT."""

    CUT_BEFORE = auto()  # the connection breaks before it arrives
    CUT_AFTER = auto()  # the connection breaks before the answer arrives
    SWALLOW_COMMIT = auto()  # it never arrives, and nothing breaks
    SWALLOW_ANSWER = auto()  # the answer never arrives, and nothing breaks


@dataclass
class Proxy:
    """Passes on all there is, until the first COMMIT after `fault` was set."""

    server: tuple[str, int]
    fault: Fault | None = None
    refusing: bool = False
    struck: threading.Event = field(default_factory=threading.Event)
    _listener: socket.socket = field(
        default_factory=lambda: socket.create_server(("127.0.0.1", 0))
    )
    _open: list[socket.socket] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def through(self, dsn: str) -> str:
        """The DSN of the same server, through here."""
        _, at, rest = dsn.rpartition(f"@{self.server[0]}:{self.server[1]}")
        assert at
        login = dsn.removesuffix(at + rest)
        return f"{login}@127.0.0.1:{self._listener.getsockname()[1]}{rest}"

    def start(self) -> None:
        self._in_thread(self._accept)

    def close(self) -> None:
        for each in (self._listener, *self._open):
            _shut(each)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                if self.refusing:
                    _shut(client)
                    continue
                server = socket.create_connection(self.server)
                self._open.append(server)
                _Pair(self, client, server).start()

    def _in_thread(self, call: object) -> None:
        assert callable(call)
        thread = threading.Thread(target=call)
        self._threads.append(thread)
        thread.start()


class _Pair:
    """One connection of a client, and ours to the server for it."""

    def __init__(
        self, proxy: Proxy, client: socket.socket, server: socket.socket
    ) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._fault: Fault | None = None

    def start(self) -> None:
        self._proxy._in_thread(self._forth)
        self._proxy._in_thread(self._back)

    def _forth(self) -> None:
        with suppress(OSError):
            while data := self._client.recv(65536):
                if self._proxy.fault and b"COMMIT" in data:
                    self._fault, self._proxy.fault = self._proxy.fault, None
                    self._proxy.struck.set()
                if self._fault is Fault.CUT_BEFORE:
                    break
                if self._fault is not Fault.SWALLOW_COMMIT:
                    self._server.sendall(data)
            if self._fault is Fault.SWALLOW_COMMIT:
                return  # The server is not told that the client is gone either.
        self._shut()

    def _back(self) -> None:
        with suppress(OSError):
            while data := self._server.recv(65536):
                if self._fault is Fault.CUT_AFTER:
                    break
                if self._fault is None:
                    self._client.sendall(data)
            if self._fault is Fault.SWALLOW_ANSWER:
                return
        self._shut()

    def _shut(self) -> None:
        _shut(self._client)
        _shut(self._server)


def _shut(each: socket.socket) -> None:
    with suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()


@contextmanager
def proxy_to(dsn: str) -> Iterator[Proxy]:
    parts = urlsplit(dsn)
    assert parts.hostname
    assert parts.port
    proxy = Proxy((parts.hostname, parts.port))
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.close()
