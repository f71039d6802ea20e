"""Taking clients' connections from a listening socket, never more than there may be."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Callable

import structlog

from agent.web.connection import Connection

log = structlog.get_logger()

# Of all connections, so that in a flood those that just began have asked something
# before they are the oldest.
_SHARE_AT_ONCE = 8
_RETRY_SECONDS = 1.0
_SAY_AGAIN_SECONDS = 60.0
_OUT_OF_RESOURCES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Acceptor:
    """Hands connections to `protocol`; who waits longest makes room for who comes.

    asyncio's own acceptor takes as many as come. Out of descriptors, it logs an error
    for each place of the backlog, each second anew (cpython issue 151615).
    """

    def __init__(
        self,
        listening: socket.socket,
        *,
        protocol: Callable[[], Connection],
        connections: set[Connection],
        most: int,
    ) -> None:
        """`connections` are those that are open; each leaves when it ends."""
        self._listening = listening
        self._protocol = protocol
        self._connections = connections
        self._most = most
        self._loop = asyncio.get_running_loop()
        self._beginning: set[asyncio.Task[None]] = set()
        self._retry: asyncio.TimerHandle | None = None
        self._silent_until: dict[str, float] = {}

    def start(self) -> None:
        self._listening.settimeout(0)
        self._loop.add_reader(self._listening, self._accept)

    def close(self) -> None:
        """Accept no more; connections that wait in the socket are refused."""
        if self._retry is not None:
            self._retry.cancel()
        self._loop.remove_reader(self._listening)
        self._listening.close()

    def _accept(self) -> None:
        for _ in range(max(1, self._most // _SHARE_AT_ONCE)):
            try:
                client, _ = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._pause(error)
                return
            self._take(client)

    def _take(self, client: socket.socket) -> None:
        taken = len(self._connections)
        if taken >= self._most:
            self._say_seldom("port_full", connections=taken)
            if not self._make_room():
                client.close()
                return
        client.settimeout(0)
        connection = self._protocol()
        self._connections.add(connection)
        task = self._loop.create_task(self._begin(connection, client))
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)

    async def _begin(self, connection: Connection, client: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(lambda: connection, client)
        except OSError:
            # The client is gone again.
            self._connections.discard(connection)

    def _make_room(self) -> bool:
        """Close the connection that waits longest for its client to ask something."""
        waiting = (each for each in self._connections if each.waiting)
        oldest = min(waiting, key=lambda each: each.waiting_since, default=None)
        if oldest is None:
            return False
        oldest.abort()
        return True

    def _pause(self, error: OSError) -> None:
        """Leave clients in the socket for a while: it would be ready all the time."""
        if error.errno not in _OUT_OF_RESOURCES:
            raise error
        reason = os.strerror(error.errno or 0).lower()
        self._say_seldom("port_out_of_resources", reason=reason)
        self._make_room()
        self._loop.remove_reader(self._listening)
        self._retry = self._loop.call_later(_RETRY_SECONDS, self.start)

    def _say_seldom(self, event: str, **facts: object) -> None:
        """Log an event that any client can cause, as often as it likes."""
        now = self._loop.time()
        if now >= self._silent_until.get(event, 0):
            self._silent_until[event] = now + _SAY_AGAIN_SECONDS
            log.warning(event, **facts)
