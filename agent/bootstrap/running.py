"""From a file to a daemon that runs until it is told to stop."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import FrameType

import structlog

from agent import __version__
from agent.board import Board
from agent.bootstrap.targets import CLOCK, servers_from_config
from agent.bootstrap.ticking import scheduled_jobs
from agent.config import ConfigFile, secrets
from agent.daemon import Daemon, Faces
from agent.health import Health
from agent.history.store import SqlHistory
from agent.metrics.exposition import Exposition
from agent.metrics.own import OwnMetrics
from agent.metrics.scrape import Scraper
from agent.services.recording import Recorder
from agent.web.app import create_app
from agent.web.server import WebServer, listen

log = structlog.get_logger()


def run_daemon(
    path: Path,
    *,
    listening: socket.socket | None = None,
    on_ready: Callable[[], None] = lambda: None,
    duration: timedelta | None = None,
) -> int:
    """Run until SIGTERM or SIGINT, or for `duration`; the exit code.

    `listening` is a socket to serve on instead of the configured address. Raises
    ConfigError and CannotListenError before anything is started.
    """
    file = ConfigFile(path, os.environ)
    config = file.load()
    listener = listening or listen(config.listen.host, config.listen.port)
    stopping = threading.Event()
    faces = Faces(
        board=Board(),
        exposition=Exposition(),
        own=OwnMetrics(version=__version__),
        health=Health(CLOCK),
    )
    history = SqlHistory(
        lambda: secrets.history_url(config.history).reveal(),
        retention=config.history.retention,
    )
    daemon = Daemon(
        file,
        faces=faces,
        targets=lambda each: servers_from_config(each, os.environ, stopping=stopping),
        jobs=lambda each: scheduled_jobs(each, os.environ, stopping=stopping),
        recorder=Recorder(history, clock=CLOCK, on_failure=faces.own.history_failed),
        clock=CLOCK,
        stopping=stopping,
    )
    app = create_app(
        scraper=Scraper(faces.exposition, faces.own, CLOCK),
        board=faces.board,
        health=faces.health,
        clock=CLOCK,
        version=__version__,
    )
    web = WebServer(app, listener, on_ready=on_ready)
    with _signals(daemon, web, stopping), _ended_after(duration, web):
        daemon.start(config)
        log.info("started", address=_address(listener), version=__version__)
        web.serve()
        all_ended = daemon.stop()
        history.close()
    log.info("stopped", all_ended=all_ended)
    if not all_ended:
        _leave_at_once()
    return 0


@contextmanager
def _signals(
    daemon: Daemon, web: WebServer, stopping: threading.Event
) -> Iterator[None]:
    """SIGTERM and SIGINT stop, SIGHUP reloads, as long as the body runs."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()
        web.stop()

    handlers = {
        signal.SIGTERM: stop,
        signal.SIGINT: stop,
        signal.SIGHUP: lambda _signal, _frame: daemon.reload(),
    }
    before = {number: signal.signal(number, act) for number, act in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _ended_after(duration: timedelta | None, web: WebServer) -> Iterator[None]:
    if duration is None:
        yield
        return
    timer = threading.Timer(duration.total_seconds(), web.stop)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}"


def _leave_at_once() -> None:
    """A thread still hangs in libpq's connect, which nothing can interrupt."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
