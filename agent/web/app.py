"""The HTTP routes of the agent; each answers from memory and changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol, TypeVar

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from agent.board import Board
from agent.health import LONGEST_SILENCE, Health
from agent.ports import Clock
from agent.web.page import Page
from agent.web.responses import PiecewiseResponse, Turns

T = TypeVar("T")


class ScrapeAnswer(Protocol):
    """A body of metrics in pieces and the headers that describe it."""

    @property
    def pieces(self) -> Sequence[bytes]: ...
    @property
    def headers(self) -> Mapping[str, str]: ...


class Scraper(Protocol):
    """Whatever answers scrapes, given what the request accepts.

    `finished` is the answer that a scrape of before got, while it is true; `scrape`
    makes it, which takes a while.
    """

    def finished(self, *, accept: str, accept_encoding: str) -> ScrapeAnswer | None: ...
    def scrape(self, *, accept: str, accept_encoding: str) -> ScrapeAnswer: ...


def create_app(
    *, scraper: Scraper, board: Board, health: Health, clock: Clock, version: str
) -> ASGIApp:
    pages = _Pages(
        scraper=scraper, board=board, health=health, clock=clock, version=version
    )
    app = Starlette(
        routes=[
            Route("/", pages.status),
            Route("/metrics", pages.metrics),
            Route("/healthz", pages.healthz),
            Route("/readyz", pages.readyz),
        ],
        exception_handlers={404: _not_found, 405: _not_allowed, 500: _failed},
    )
    app.router.redirect_slashes = False
    return app


class _Pages:
    """One method per route."""

    def __init__(
        self,
        *,
        scraper: Scraper,
        board: Board,
        health: Health,
        clock: Clock,
        version: str,
    ) -> None:
        self._scraper = scraper
        self._page = Page(board, clock, version=version)
        self._health = health
        self._turns = Turns()
        self._scraping = asyncio.Lock()
        self._rendering = asyncio.Lock()

    async def status(self, _: Request) -> Response:
        page = await _shared(
            self._page.finished, self._page.render, lock=self._rendering
        )
        return HTMLResponse(page)

    async def metrics(self, request: Request) -> Response:
        asked = {
            "accept": _header(request, "accept"),
            "accept_encoding": _header(request, "accept-encoding"),
        }
        answer = await _shared(
            partial(self._scraper.finished, **asked),
            partial(self._scraper.scrape, **asked),
            lock=self._scraping,
        )
        return PiecewiseResponse(
            answer.pieces, headers=answer.headers, turns=self._turns
        )

    async def healthz(self, _: Request) -> Response:
        if self._health.alive():
            return PlainTextResponse("alive: the scheduler ticks\n")
        silence = self._health.silence().total_seconds()
        limit = LONGEST_SILENCE.total_seconds()
        return PlainTextResponse(
            f"not alive: the scheduler has not ticked for {silence:.1f} s"
            f" (limit {limit:.0f} s)\n",
            status_code=503,
        )

    async def readyz(self, _: Request) -> Response:
        awaited = self._health.awaited()
        if not awaited:
            return PlainTextResponse("ready: every server had its first round\n")
        return PlainTextResponse(
            "".join(["not ready, waiting for\n", *(f"- {each}\n" for each in awaited)]),
            status_code=503,
        )


async def _shared(
    finished: Callable[[], T | None], make: Callable[[], T], *, lock: asyncio.Lock
) -> T:
    """What is finished, or else is made off the event loop, by one request for all."""
    answer = finished()
    if answer is not None:
        return answer
    async with lock:
        answer = finished()
        return answer if answer is not None else await run_in_threadpool(make)


def _header(request: Request, name: str) -> str:
    return ", ".join(request.headers.getlist(name))


async def _not_found(_: Request, __: Exception) -> Response:
    return PlainTextResponse("there is no such page; / lists those there are\n", 404)


async def _not_allowed(_: Request, __: Exception) -> Response:
    said = "only GET and HEAD are answered here\n"
    return PlainTextResponse(said, 405, headers={"Allow": "GET, HEAD"})


async def _failed(_: Request, __: Exception) -> Response:
    return PlainTextResponse("the agent failed to answer; its log says why\n", 500)
