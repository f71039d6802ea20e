"""How answers leave: large ones in pieces, and all of them under strict headers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PIECE_BYTES = 32 * 1024

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Turns:
    """Lets one piece of all large answers leave each time the event loop comes round.

    Small answers, probes above all, then wait for one piece and not for one of each
    client that reads.
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def take(self) -> None:
        async with self._lock:
            await asyncio.sleep(0)


class PiecewiseResponse(Response):
    """Hands over a body that others share, piece by piece, as fast as the client reads.

    Sent at once, it would be copied whole on the event loop for every client.
    """

    def __init__(
        self, pieces: Sequence[bytes], *, headers: Mapping[str, str], turns: Turns
    ) -> None:
        length = sum(len(piece) for piece in pieces)
        super().__init__(headers={**headers, "Content-Length": str(length)})
        self._pieces = pieces
        self._turns = turns

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {
            "type": "http.response.start",
            "status": self.status_code,
            "headers": self.raw_headers,
        }
        await send(start)
        if scope["method"] != "HEAD":
            disconnected = asyncio.create_task(_disconnected(receive))
            try:
                await self._send_pieces(send, disconnected)
            finally:
                disconnected.cancel()
        await send(_chunk(b"", more=False))

    async def _send_pieces(self, send: Send, disconnected: asyncio.Task[None]) -> None:
        for piece in _sliced(self._pieces):
            # Returns when the client has read what came before: its time, not a turn's.
            await send(_chunk(b""))
            await self._turns.take()
            if disconnected.done():
                return
            await send(_chunk(piece))


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass  # a body, which nobody asked for


def _sliced(pieces: Sequence[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        for offset in range(0, len(piece), _PIECE_BYTES):
            yield piece[offset : offset + _PIECE_BYTES]


def _chunk(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


class SecurityHeaders:
    """Wraps an application so that every answer of it, errors too, has the headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self._app(scope, receive, send_with_headers)
