"""The demonstration: a real server, an application on it, and the daemon."""

from __future__ import annotations

import json
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from textwrap import dedent

from agent.bootstrap.running import run_daemon
from agent.config.durations import format_duration
from agent.demo.database import (
    DATABASE,
    ENVIRONMENT,
    Logins,
    arm_database,
    make_database,
)
from agent.demo.embedded import EmbeddedPostgres, wheel_binaries
from agent.demo.traffic import traffic
from agent.web.server import CannotListenError, listen

_HOST = "127.0.0.1"
_PORT = 9753
_JOB = "nightly-reset"
# Nobody wants to wait a night for it.
_EVERY = timedelta(minutes=1)


def run_demo(
    port: int | None, duration: timedelta | None, *, every: timedelta = _EVERY
) -> int:
    """Run until Ctrl-C, SIGTERM or the end of `duration`; leave nothing behind.

    Resets come `every` so often. Raises EmbeddedPostgresError and, when even a free
    port cannot be had, CannotListenError.
    """
    with _listening(port or _PORT) as listener:
        _say("Starting PostgreSQL 18 ...")
        with EmbeddedPostgres(wheel_binaries(18)) as server, _home() as home:
            _say("Creating the example application's seven tables ...")
            logins = make_database(server)
            _say("Arming the database for resets ...")
            arm_database(server)
            config = home / "sequence-agent.yaml"
            served: int = listener.getsockname()[1]
            config.write_text(_config(served, logins, home, every))
            with traffic(logins.engine()):
                return run_daemon(
                    config,
                    listening=listener,
                    on_ready=lambda: _say(_hints(served, logins, config, every)),
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


def _config(port: int, logins: Logins, home: Path, every: timedelta) -> str:
    return dedent(
        f"""\
        listen: {{host: {_HOST}, port: {port}}}
        log: {{level: warning}}
        history: {{url: {json.dumps(f"sqlite:///{home}/history.db")}}}
        sampling: {{interval: 2s}}
        servers:
          - name: demo
            dsn: {logins.agent}
            databases: {{include: [{DATABASE}]}}
            resets: {{environment: {ENVIRONMENT}}}
        jobs:
          - name: {_JOB}
            kind: reset
            server: demo
            database: {DATABASE}
            schedule: {{every: {format_duration(every)}}}
            tables:
              include: ["public.*"]
              exclude: [public.access_logs, public.audit_logs, public.policies]
            sequences: [public.enrollment_codes_id_seq]   # no column owns it
        """
    )


def _hints(port: int, logins: Logins, config: Path, every: timedelta) -> str:
    address = f"http://{_HOST}:{port}"
    pad = " " * len(address)
    program = ".venv/bin/sequence-agent"
    return dedent(
        f"""
        The daemon samples the application every 2 seconds. Open

          {address}/          every database at a glance
          {address}/metrics   what Prometheus scrapes: look at
          {pad}            pg_sequence_used_ratio and pg_sequence_remaining_values

        and in another terminal

          {program} inspect --dsn '{logins.agent}'

        What to look at: access_logs_id_seq could count on for ages, but its column is an
        integer and nearly full; audit_logs is the other way round; policies is a smallint;
        billing.invoice_number_seq may not be read, and says so instead of showing 0 %.

        The job {_JOB} empties users, devices, posture_history and enrollment_codes and
        restarts their sequences every {format_duration(every)}, while the application goes on:
        sequence_agent_job_runs_total and pg_sequence_resets_total count it. See what it
        would do, what it did, and run it by hand:

          {program} plan {_JOB} --config {config}
          {program} jobs --config {config}
          {program} reset {_JOB} --config {config}

        Ctrl-C stops all of it and leaves nothing behind.
        """
    )


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the demonstration speaks on the terminal
