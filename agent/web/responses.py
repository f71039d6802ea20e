"""How answers leave: large ones in pieces, and all of them under strict headers."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PIECE_BYTES = 256 * 1024

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class PiecewiseResponse(Response):
    """Hands over its body piece by piece, as fast as the client reads.

    Sent at once, it would be copied whole on the event loop for every client.
    """

    async def __call__(self, _: Scope, __: Receive, send: Send) -> None:
        start: Message = {
            "type": "http.response.start",
            "status": self.status_code,
            "headers": self.raw_headers,
        }
        await send(start)
        for offset in range(0, len(self.body), _PIECE_BYTES):
            await send(
                {
                    "type": "http.response.body",
                    "body": bytes(self.body[offset : offset + _PIECE_BYTES]),
                    "more_body": True,
                }
            )
        await send({"type": "http.response.body"})


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
