"""What becomes of a request before a page of the agent sees it."""

from __future__ import annotations

import re
from urllib.parse import unquote

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

PROBES = frozenset({"/healthz", "/readyz"})

_ABSOLUTE = re.compile(rb"https?://[^/?#]*", re.IGNORECASE)
_LAST = {"Connection": "close"}


class ClearRequests:
    """Wraps an application so that it sees paths only, and nothing that is framed twice.

    A request with both lengths may be two to a proxy in front: RFC 9112, section 6.3,
    wants the connection closed. Section 3.2.2 wants `GET http://host/path` answered.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        names = {name for name, _ in scope["headers"]}
        if {b"content-length", b"transfer-encoding"} <= names:
            refusal = PlainTextResponse(
                "the request has two lengths; send Content-Length or"
                " Transfer-Encoding\n",
                status_code=400,
                headers=_LAST,
            )
            await refusal(scope, receive, send)
            return
        await self._app(_with_path(scope), receive, send)


def _with_path(scope: Scope) -> Scope:
    raw: bytes = scope["raw_path"]
    authority = _ABSOLUTE.match(raw)
    if authority is None:
        return scope
    path = raw[authority.end() :] or b"/"
    return {**scope, "raw_path": path, "path": unquote(path.decode("ascii"))}


class BoundedAnswers:
    """Wraps an application so that it is busy with a bounded number of requests.

    Probes are not counted and always answered: whether the agent lives must be seen
    when it has the most to do.
    """

    def __init__(self, app: ASGIApp, *, most: int) -> None:
        self._app = app
        self._most = most
        self._busy = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in PROBES:
            await self._app(scope, receive, send)
        elif self._busy >= self._most:
            refusal = PlainTextResponse(
                "too many requests at once; ask again later\n",
                status_code=503,
                headers=_LAST,
            )
            await refusal(scope, receive, send)
        else:
            await self._counted(scope, receive, send)

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._busy += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._busy -= 1
