"""Listens on a port and serves an application until it is told to stop."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from agent.errors import AgentError
from agent.web.accepting import Acceptor
from agent.web.connection import Connection
from agent.web.limits import Limits, limits_here
from agent.web.requests import BoundedAnswers, ClearRequests
from agent.web.responses import SecurityHeaders

_BACKLOG = 128
_POLL_SECONDS = 0.02
# Together with the tenth of a second in which uvicorn notices stop(), under a second.
_PATIENCE_SECONDS = 0.5
_ABORT_SECONDS = 0.2


class CannotListenError(AgentError):
    """The address that the configuration names in `listen` cannot be had."""

    def __init__(self, host: str, port: int, error: OSError | UnicodeError) -> None:
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        number = error.errno if isinstance(error, OSError) else None
        remedy = _REMEDIES.get(number, "choose a listen.host that this machine has")
        super().__init__(f"cannot listen on {place}: {_reason(error)}; {remedy}")


_REMEDIES: dict[int | None, str] = {
    errno.EADDRINUSE: "stop what listens there or choose another listen.port",
    errno.EACCES: "choose a listen.port of 1024 or more",
}


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one, which its `getsockname` tells.

    Connections wait in it until they are served, so that a taken port is known before
    anything else is started. Raises CannotListenError.
    """
    try:
        family, address = _address(host, port)
        return socket.create_server(
            address,
            family=family,
            backlog=_BACKLOG,
            # The one wildcard that can mean both families, and is expected to.
            dualstack_ipv6=host == "::" and socket.has_dualstack_ipv6(),
        )
    except (OSError, UnicodeError) as error:
        raise CannotListenError(host, port, error) from error


class WebServer:
    """Serves an application on a listening socket, and closes it in the end."""

    def __init__(
        self,
        app: ASGIApp,
        listening: socket.socket,
        *,
        on_ready: Callable[[], None] = lambda: None,
        limits: Limits | None = None,
    ) -> None:
        """`limits` are those that this process can afford, unless they are given."""
        self._listening = listening
        limits = limits or limits_here()
        bounded = BoundedAnswers(app, most=limits.answers)
        wrapped = SecurityHeaders(ClearRequests(bounded))
        self._server = _Server(_config(wrapped), limits, on_ready)

    def serve(self) -> None:
        """Block until `stop` is called and, within a second of it, all is closed."""
        self._server.run(sockets=[self._listening])

    def stop(self) -> None:
        """Begin to stop; for any thread and for signal handlers."""
        self._server.should_exit = True


class _Server(uvicorn.Server):
    """Uvicorn without its signals, and with an end that no client can delay."""

    def __init__(
        self, config: uvicorn.Config, limits: Limits, on_ready: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._limits = limits
        self._on_ready = on_ready
        self._open: set[Connection] = set()
        self._acceptors: list[Acceptor] = []

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # Uvicorn's own raises the signal again in the end, and the process would die
        # of it: signals and exit codes are the daemon's.
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        for listening in sockets or ():
            acceptor = Acceptor(
                listening,
                protocol=self._connection,
                connections=self._open,
                most=self._limits.connections,
            )
            acceptor.start()
            self._acceptors.append(acceptor)
        self.started = True
        self._on_ready()

    def _connection(self) -> Connection:
        return Connection(
            self.config, self.server_state, limits=self._limits, others=self._open
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        del sockets  # the acceptors close them
        for acceptor in self._acceptors:
            acceptor.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await self._until_idle(_PATIENCE_SECONDS)
        # Who still reads slowly, or has not finished asking, has had their time.
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await self._until_idle(_ABORT_SECONDS)

    async def _until_idle(self, seconds: float) -> None:
        for _ in range(int(seconds / _POLL_SECONDS)):
            if not self.server_state.connections and not self.server_state.tasks:
                return
            await asyncio.sleep(_POLL_SECONDS)


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        # Named one by one: `auto` would depend on what else is installed.
        loop="asyncio",
        http="h11",
        ws="none",
        interface="asgi3",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )


def _address(
    host: str, port: int
) -> tuple[int, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]:
    found = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    family, _, _, _, address = found[0]
    return family, address


def _reason(error: OSError | UnicodeError) -> str:
    """The plain text of an error; Python adds the address to that of bind()."""
    if isinstance(error, UnicodeError):
        return "not the name of a host"
    known = None if isinstance(error, socket.gaierror) else error.errno
    text = str(error.strerror) if known is None else os.strerror(known)
    return text[:1].lower() + text[1:]
