"""The demonstration: a real server, an application on it, and the daemon."""

from __future__ import annotations

import json
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from textwrap import dedent

import psycopg
from sqlalchemy import Engine, NullPool, create_engine

from agent.bootstrap.running import run_daemon
from agent.demo.application import create
from agent.demo.embedded import EmbeddedPostgres, wheel_binaries
from agent.demo.traffic import traffic
from agent.domain.grants import grants
from agent.web.server import CannotListenError, listen

_DATABASE = "app"
_ROLE = "sequence_agent"
_HOST = "127.0.0.1"
_PORT = 9753


def run_demo(port: int | None, duration: timedelta | None) -> int:
    """Run until Ctrl-C, SIGTERM or the end of `duration`; leave nothing behind.

    Raises EmbeddedPostgresError and, when even a free port cannot be had,
    CannotListenError.
    """
    with _listening(port or _PORT) as listener:
        _say("Starting PostgreSQL 18 ...")
        with EmbeddedPostgres(wheel_binaries(18)) as server, _home() as home:
            _say("Creating the example application's seven tables ...")
            role_dsn = _make_application(server)
            config = home / "sequence-agent.yaml"
            config.write_text(_config(listener.getsockname()[1], role_dsn, home))
            with traffic(_engine(server)):
                return run_daemon(
                    config,
                    listening=listener,
                    on_ready=lambda: _say(_where_to_look(listener, role_dsn)),
                    duration=duration,
                )


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    """The wanted port, or another one when somebody has it."""
    try:
        listener = listen(_HOST, port)
    except CannotListenError:
        listener = listen(_HOST, 0)
        other = listener.getsockname()[1]
        _say(f"Port {port} is taken by another program; using {other} instead.")
    with listener:
        yield listener


@contextmanager
def _home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="sequence-agent-") as home:
        yield Path(home)


def _make_application(server: EmbeddedPostgres) -> str:
    """Database, tables and the agent's own role; the DSN of that role."""
    password = token_hex(16)
    _execute(server.dsn(), f"CREATE DATABASE {_DATABASE}")
    _execute(server.dsn(), f"CREATE ROLE {_ROLE} LOGIN PASSWORD '{password}'")
    with _engine(server).connect() as connection:
        create(connection)
    _execute(server.dsn(_DATABASE), grants(_ROLE))
    # So that there is something the agent may not read, and says so.
    _execute(
        server.dsn(_DATABASE),
        f"REVOKE ALL ON SEQUENCE billing.invoice_number_seq FROM {_ROLE}",
    )
    return f"postgresql://{_ROLE}:{password}@{_HOST}:{server.port}/{_DATABASE}"


def _execute(dsn: str, statements: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statements.encode())


def _engine(server: EmbeddedPostgres) -> Engine:
    url = server.dsn(_DATABASE).replace("postgresql://", "postgresql+psycopg://", 1)
    return create_engine(url, poolclass=NullPool)


def _config(port: int, dsn: str, home: Path) -> str:
    return dedent(
        f"""\
        listen: {{host: {_HOST}, port: {port}}}
        log: {{level: warning}}
        history: {{url: {json.dumps(f"sqlite:///{home}/history.db")}}}
        sampling: {{interval: 2s}}
        servers:
          - name: demo
            dsn: {dsn}
            databases: {{include: [{_DATABASE}]}}
        """
    )


def _where_to_look(listener: socket.socket, dsn: str) -> str:
    address = f"http://{_HOST}:{listener.getsockname()[1]}"
    return dedent(
        f"""
        The daemon samples the application every 2 seconds. Open

          {address}/          every database at a glance
          {address}/metrics   what Prometheus scrapes: look at
          {"":{len(address)}}            pg_sequence_used_ratio and pg_sequence_remaining_values

        and in another terminal

          .venv/bin/sequence-agent inspect --dsn '{dsn}'

        What to look at: access_logs_id_seq could count on for ages, but its column is an
        integer and nearly full; audit_logs is the other way round; policies is a smallint;
        billing.invoice_number_seq may not be read, and says so instead of showing 0 %.

        Ctrl-C stops all of it and leaves nothing behind.
        """
    )


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the demonstration speaks on the terminal
