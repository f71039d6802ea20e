"""Starts a real PostgreSQL from a directory of programs, and leaves nothing behind.

    with EmbeddedPostgres(wheel_binaries(18)) as server:
        psycopg.connect(server.dsn())

Each server has a directory of its own under the temporary directory, a random
password, and a keeper process that cleans up should this program be killed.
"""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from secrets import randbelow, token_hex
from signal import SIGINT, SIGKILL, SIGQUIT, Signals
from time import monotonic, sleep  # noqa: TID251 - a real server takes real seconds
from types import MappingProxyType
from typing import Literal, Self
from urllib.parse import quote

import psycopg

from agent.demo.cluster import SUPERUSER, copy_cluster, make_cluster
from agent.demo.home import Home, make_home
from agent.demo.installation import (
    EmbeddedPostgresError,
    runnable,
    server_account,
    wheel_binaries,
)

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError", "Standby", "wheel_binaries"]

ShutdownMode = Literal["fast", "immediate"]

# Fast and small, at the price of the data after a crash of the machine.
THROW_AWAY_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "fsync": "off",
        "full_page_writes": "off",
        "shared_buffers": "32MB",
        "wal_keep_size": "128MB",  # a standby made by copying needs it until it streams
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
)
NO_SETTINGS: Mapping[str, str] = MappingProxyType({})

START_SECONDS = 60.0
STANDBY_SECONDS = 60.0
POLL_SECONDS = 0.02
# Below the range that Linux gives to outgoing connections: still free at a restart.
PORTS = range(15_432, 32_000)
PORT_ATTEMPTS = 10
_LOG_LINES = 20

_SHUTDOWN: Mapping[ShutdownMode, tuple[tuple[Signals, float], ...]] = {
    "fast": ((SIGINT, 30.0), (SIGQUIT, 5.0), (SIGKILL, 5.0)),
    "immediate": ((SIGQUIT, 5.0), (SIGKILL, 5.0)),
}


class EmbeddedPostgres:
    """One server; a context manager that is running inside its body."""

    def __init__(
        self,
        binaries: Path,
        *,
        settings: Mapping[str, str] = NO_SETTINGS,
        parent: Path | None = None,
    ) -> None:
        self.binaries = binaries
        self.password = token_hex(16)
        self._settings = {**THROW_AWAY_SETTINGS, **settings}
        self._parent = parent
        self._port: int | None = None
        self._home: Home | None = None
        self._programs = binaries
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start a new server, or one that was halted; return once it answers."""
        if self._process is not None:
            return
        try:
            if self._home is None:
                self._make_home()
            self._launch()
        except BaseException:
            self.stop("immediate")
            raise

    def halt(self, mode: ShutdownMode = "fast") -> None:
        """Shut the server down and keep its data for the next start."""
        if self._process is None:
            return
        for number, patience_seconds in _SHUTDOWN[mode]:
            self._process.send_signal(number)
            try:
                self._process.wait(patience_seconds)
                break
            except subprocess.TimeoutExpired:
                continue
        self._process = None

    def stop(self, mode: ShutdownMode = "fast") -> None:
        """Shut the server down and remove everything it wrote."""
        try:
            self.halt(mode)
        finally:
            home, self._home, self._port = self._home, None, None
            if home is not None:
                home.remove()

    def restart(self, mode: ShutdownMode = "fast") -> None:
        """Same data, and the same port unless another program has taken it."""
        self.halt(mode)
        self.start()

    def clone_standby(self) -> Standby:
        """Make a streaming standby, not yet started, of this running server."""
        return Standby(self)

    @property
    def home(self) -> Home:
        """Its directory, while it has one."""
        if self._home is None:
            raise EmbeddedPostgresError("This PostgreSQL has not been started.")
        return self._home

    @property
    def data(self) -> Path:
        return self.home.data

    @property
    def port(self) -> int:
        if self._port is None:
            raise EmbeddedPostgresError("This PostgreSQL has not been started.")
        return self._port

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @cached_property
    def version(self) -> str:
        """Such as "18.4"."""
        answer = subprocess.run(
            [self.binaries / "postgres", "--version"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        found = re.search(r"\d+(?:\.\d+)?", answer)
        return found[0] if found else answer.strip()

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])

    def dsn(self, database: str = "postgres", user: str = SUPERUSER) -> str:
        """Over TCP, with the superuser's password; other users bring their own."""
        password = f":{self.password}" if user == SUPERUSER else ""
        name = f"{quote(user, safe='')}{password}"
        return f"postgresql://{name}@127.0.0.1:{self.port}/{quote(database, safe='')}"

    def socket_dsn(self, database: str = "postgres", user: str = SUPERUSER) -> str:
        """Over a unix socket in a private directory, where no one needs a password."""
        place = f"host={quote(str(self.home.sockets), safe='')}&port={self.port}"
        name, database = quote(user, safe=""), quote(database, safe="")
        return f"postgresql://{name}@/{database}?{place}"

    def _make_home(self) -> None:
        self._home = make_home(server_account(), self._parent)
        self._programs = runnable(self.binaries, self._home.account, self._home.path)
        self._make_cluster()

    def _make_cluster(self) -> None:
        make_cluster(
            self.home,
            self._programs,
            password=self.password,
            settings=self._settings,
        )

    def _launch(self) -> None:
        for _ in range(PORT_ATTEMPTS):
            self._port = self._port or free_port()
            log_begins = self._spawn()
            if self._answers_in_time():
                return
            log = self._log(log_begins)
            if "could not bind" not in log:
                break
            self._process = self._port = None
        else:
            raise EmbeddedPostgresError(f"None of {PORT_ATTEMPTS} ports was free.")
        what = "did not answer in time" if self.running else "ended while starting"
        raise EmbeddedPostgresError(f"PostgreSQL {self.version} {what}:\n{log}")

    def _spawn(self) -> int:
        """Start the postmaster, say where its part of the log begins."""
        command: list[str | Path] = [
            *(self._programs / "postgres", "-D", self.data),
            *("-c", "listen_addresses=127.0.0.1", "-c", f"port={self.port}"),
            *("-c", f'unix_socket_directories="{self.home.sockets}"'),
            *("-c", "unix_socket_permissions=0700", "-c", "logging_collector=off"),
        ]
        with self.home.log.open("ab") as log:
            begins = log.tell()
            self._process = self.home.account.spawn(
                command, directory=self.home.path, log=log
            )
        return begins

    def _answers_in_time(self) -> bool:
        deadline = monotonic() + START_SECONDS
        while self.running and monotonic() < deadline:
            if self._answers():
                return True
            sleep(POLL_SECONDS)
        return False

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.socket_dsn(), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _log(self, begins: int) -> str:
        with self.home.log.open("rb") as log:
            log.seek(begins)
            lines = log.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-_LOG_LINES:])


class Standby(EmbeddedPostgres):
    """A server that follows another one until it is promoted."""

    def __init__(self, primary: EmbeddedPostgres) -> None:
        super().__init__(primary.binaries, parent=primary._parent)  # noqa: SLF001 - of our own class
        self.primary = primary
        self.password = primary.password

    def catch_up(self) -> None:
        """Wait until everything is replayed that the primary has committed so far."""
        with psycopg.connect(self.primary.socket_dsn()) as primary:
            row = primary.execute("SELECT pg_current_wal_lsn()::text").fetchone()
        with psycopg.connect(self.socket_dsn(), autocommit=True) as standby:
            deadline = monotonic() + STANDBY_SECONDS
            while monotonic() < deadline:
                replayed = standby.execute(
                    "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", row
                ).fetchone()
                if replayed == (True,):
                    return
                sleep(POLL_SECONDS)
        raise EmbeddedPostgresError("The standby does not catch up with its primary.")

    def promote(self) -> None:
        """Make it a primary of its own, on a new timeline."""
        with psycopg.connect(self.socket_dsn(), autocommit=True) as connection:
            row = connection.execute("SELECT pg_promote(true, 60)").fetchone()
        if row != (True,):
            raise EmbeddedPostgresError("The standby was not promoted in time.")

    def _make_cluster(self) -> None:
        copy_cluster(self.primary.home, self.primary.socket_dsn(), self.home)


def free_port() -> int:
    """Find a port that nobody listens on; another may be quicker to take it."""
    for _ in range(len(PORTS)):
        port = PORTS[randbelow(len(PORTS))]
        with socket.socket() as probe:
            # As PostgreSQL does: what a former server left in TIME_WAIT is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise EmbeddedPostgresError("There is no free TCP port on 127.0.0.1.")
