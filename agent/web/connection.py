"""One connection of a client, which ends when the client takes too long."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from datetime import timedelta

from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from agent.web.limits import Limits

_DISCARD = struct.pack("ii", 1, 0)  # linger on, for no seconds


class Connection(H11Protocol):
    """Uvicorn's connection with deadlines for asking, for reading and for the whole.

    Uvicorn has one for the silence between two requests only. It ends with the first
    byte of the next one, and a client that sends no more holds the connection for ever.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        *,
        limits: Limits,
        others: set[Connection],
    ) -> None:
        """`others` are the connections that are open, of which this one takes its leave."""
        super().__init__(config, server_state, app_state={})
        self._limits = limits
        self._others = others
        self._deadline: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None
        self.waiting_since = self.loop.time()
        """When the last answer ended, or the connection began."""
        self.waiting = False
        """Whether the client has its time to ask, as it has when nothing is answered."""

    def abort(self) -> None:
        """Close at once, whatever the client was still to read."""
        # Not when the loop comes round: the place is given to another now.
        self._others.discard(self)
        # What the kernel still holds for the client goes too, and is megabytes.
        client = self.transport.get_extra_info("socket")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DISCARD)
        self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for type checkers
        super().connection_made(transport)
        # All that a client leaves unread counts, and a slow one costs one piece.
        transport.set_write_buffer_limits(high=0)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_timers()
        self._others.discard(self)
        super().connection_lost(exc)

    def handle_events(self) -> None:
        before = self.cycle
        super().handle_events()
        if self.cycle is not before and not self.cycle.response_complete:
            self.waiting = False
            self._end_within(self._limits.answer)

    def on_response_complete(self) -> None:
        self._await_head()
        super().on_response_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall = self._later(self._limits.stall, self.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stall is not None:
            self._stall.cancel()

    def _await_head(self) -> None:
        """Give the client its time for the next head, the rest of a body included."""
        self.waiting = True
        self.waiting_since = self.loop.time()
        self._end_within(self._limits.head)

    def _end_within(self, time: timedelta) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self._later(time, self.abort)

    def _later(
        self, time: timedelta, action: Callable[[], None]
    ) -> asyncio.TimerHandle:
        return self.loop.call_later(time.total_seconds(), action)

    def _cancel_timers(self) -> None:
        for timer in (self._deadline, self._stall):
            if timer is not None:
                timer.cancel()
