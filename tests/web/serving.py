"""An application on a real socket of this machine, for as long as a test needs it."""

from __future__ import annotations

import gzip
import http.client
import socket
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from starlette.types import ASGIApp

from agent.board import Board
from agent.domain.status import DatabaseStatus
from agent.health import Health
from agent.metrics.exposition import Exposition
from agent.metrics.own import OwnMetrics
from agent.metrics.scrape import Scraper
from agent.web.app import create_app
from agent.web.limits import Limits
from agent.web.server import WebServer, listen
from tests.domain.statuses import NOON
from tests.stopped_clock import StoppedClock

LOOPBACK = "127.0.0.1"


class Agent:
    """The parts behind the pages, without a scheduler and without databases."""

    def __init__(self) -> None:
        self.clock = StoppedClock(NOON + timedelta(seconds=90))
        self.board = Board()
        self.exposition = Exposition()
        self.own = OwnMetrics(version="1.2.3")
        self.health = Health(self.clock)
        self.app = create_app(
            scraper=Scraper(self.exposition, self.own, self.clock),
            board=self.board,
            health=self.health,
            clock=self.clock,
            version="1.2.3",
        )

    def publish(self, *rounds: DatabaseStatus) -> None:
        for status in rounds:
            self.board.publish(status)
            self.exposition.publish(status)
            self.own.publish(status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A running server: its port, how to stop it, and how it ended."""

    port: int
    server: WebServer
    ended: Future[None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back for one request."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        gzipped = self.headers.get("content-encoding") == "gzip"
        return (gzip.decompress(self.body) if gzipped else self.body).decode()


@contextmanager
def serving(
    app: ASGIApp, host: str = LOOPBACK, *, limits: Limits | None = None
) -> Iterator[Served]:
    with serving_on(listen(host, 0), app, limits=limits) as served:
        yield served


@contextmanager
def serving_on(
    listening: socket.socket, app: ASGIApp, *, limits: Limits | None = None
) -> Iterator[Served]:
    port: int = listening.getsockname()[1]
    ready = threading.Event()
    server = WebServer(app, listening, on_ready=ready.set, limits=limits)
    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(server.serve)
        try:
            assert ready.wait(10)
            yield Served(port=port, server=server, ended=ended)
        finally:
            server.stop()
    ended.result()


def ask(
    port: int, path: str, *, method: str = "GET", host: str = LOOPBACK, **headers: str
) -> Reply:
    """One request with these headers and no others; `_` in their names stands for `-`."""
    connection = http.client.HTTPConnection(host, port, timeout=30)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Reply(status=response.status, headers=found, body=response.read())
    finally:
        connection.close()


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection((LOOPBACK, port), timeout=30) as client:
        yield client


def received(client: socket.socket) -> bytes:
    """All that comes until the server closes the connection."""
    return b"".join(iter(lambda: client.recv(65_536), b""))
