"""Puts the parts together: from a DSN or a file to servers, surveys and the daemon."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import FrameType

import structlog

from agent import __version__
from agent.board import Board
from agent.clock import SystemClock
from agent.config import Config, ConfigFile, Sampling, Server, Severity, secrets
from agent.config.dsns import checked_dsn
from agent.daemon import Daemon, Faces
from agent.domain.filters import NameFilter
from agent.domain.findings import Thresholds
from agent.domain.status import DatabaseStatus
from agent.health import Health
from agent.metrics.exposition import Exposition
from agent.metrics.own import OwnMetrics
from agent.metrics.scrape import Scraper
from agent.ports import Clock
from agent.postgres.connect import (
    Deadlines,
    Endpoint,
    parse_conninfo,
    with_password,
)
from agent.postgres.errors import DsnError
from agent.postgres.servers import PostgresServer, address
from agent.services import surveying
from agent.services.sampling import SamplingPlan, Selection
from agent.services.surveying import Progress, Target
from agent.web.app import create_app
from agent.web.server import WebServer, listen

log = structlog.get_logger()

CLOCK: Clock = SystemClock()


def servers_from_dsns(
    dsns: Sequence[str], *, all_databases: bool
) -> tuple[Target, ...]:
    """A target for each DSN, named by its address; raises DsnError."""
    return tuple(
        _target_of_dsn(
            _checked(dsn, which=f"DSN {number}" if len(dsns) > 1 else "the DSN"),
            databases=NameFilter(exclude=("template*",)) if all_databases else None,
        )
        for number, dsn in enumerate(dsns, start=1)
    )


def servers_from_config(
    config: Config,
    environ: Mapping[str, str],
    *,
    stopping: threading.Event | None = None,
) -> tuple[Target, ...]:
    """A target for each server of a configuration; secrets are read later.

    `stopping` ends every wait for a server when it is set.
    """
    stop = stopping or threading.Event()
    return tuple(
        Target(
            server=PostgresServer(
                name=server.name,
                endpoint=_endpoint(server, config.sampling, environ, stop),
                max_locks=config.sampling.max_locks,
            ),
            databases=server.databases.names,
            plan=SamplingPlan(
                selection=Selection(
                    schemas=server.schemas.names, sequences=server.sequences.names
                ),
                inventory_interval=config.sampling.inventory_interval,
                thresholds=thresholds_of(config.severity),
            ),
        )
        for server in config.servers
    )


def thresholds_of(severity: Severity) -> Thresholds:
    return Thresholds(
        warning_used_ratio=severity.warning.used_ratio,
        critical_used_ratio=severity.critical.used_ratio,
    )


def survey(
    targets: Sequence[Target],
    *,
    thresholds: Thresholds,
    concurrency: int,
    progress: Progress,
) -> tuple[DatabaseStatus, ...]:
    """One look at every database of the targets."""
    judged = [
        replace(target, plan=replace(target.plan, thresholds=thresholds))
        for target in targets
    ]
    return surveying.survey(
        judged, clock=CLOCK, concurrency=concurrency, progress=progress
    )


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
    daemon = Daemon(
        file,
        faces=faces,
        targets=lambda each: servers_from_config(each, os.environ, stopping=stopping),
        clock=CLOCK,
        stopping=stopping,
    )
    app = create_app(
        scraper=Scraper(faces.exposition, faces.own),
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


def _checked(dsn: str, *, which: str) -> str:
    try:
        shaped = checked_dsn(dsn)
        parse_conninfo(shaped)
    except ValueError as error:
        raise DsnError(f"{which} {error}") from None
    except DsnError as error:
        raise DsnError(f"{which} is {error}") from None
    return shaped


def _target_of_dsn(dsn: str, *, databases: NameFilter | None) -> Target:
    endpoint = Endpoint(conninfo=lambda: dsn, clock=CLOCK)
    return Target(
        server=PostgresServer(name=address(dsn), endpoint=endpoint),
        databases=databases,
    )


def _endpoint(
    server: Server,
    sampling: Sampling,
    environ: Mapping[str, str],
    stopping: threading.Event,
) -> Endpoint:
    def conninfo() -> str:
        return with_password(secrets.dsn(server, environ), secrets.password(server))

    return Endpoint(
        conninfo=conninfo,
        clock=CLOCK,
        deadlines=Deadlines(
            connect=sampling.connect_timeout,
            statement=sampling.statement_timeout,
            lock=sampling.lock_timeout,
        ),
        stopping=stopping,
    )
