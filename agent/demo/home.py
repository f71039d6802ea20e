"""The private directory of one server, and the keeper that removes it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import IO

from agent.demo import keeper
from agent.demo.installation import Account, EmbeddedPostgresError

# A unix socket's path has room for 107 bytes on Linux, 103 on macOS.
SOCKET_PATH_BYTES = 103
_LONGEST_SOCKET_NAME = ".s.PGSQL.65535.lock"
_KEEPER_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Everything that one server writes, owned by the account it runs as."""

    path: Path
    account: Account
    keeper: subprocess.Popen[bytes]

    @property
    def data(self) -> Path:
        return self.path / keeper.DATA

    @property
    def sockets(self) -> Path:
        return self.path / "s"

    @property
    def log(self) -> Path:
        return self.path / "log"

    @contextmanager
    def open_log(self) -> Iterator[IO[bytes]]:
        with self.log.open("ab") as log:
            yield log

    def remove(self) -> None:
        """Let the keeper do it, or do it ourselves if someone killed it."""
        if self.keeper.stdin is not None:
            self.keeper.stdin.close()
        self.keeper.wait(_KEEPER_SECONDS)
        if self.path.exists():
            keeper.remove(self.path)


def make_home(account: Account, parent: Path | None) -> Home:
    """Make a directory that the account reaches and that is short enough."""
    candidates = _temporary_directories() if parent is None else (parent,)
    for candidate in candidates:
        home = _home(account, candidate)
        if _usable(home):
            return home
        home.remove()
    tried = ", ".join(str(candidate) for candidate in candidates)
    raise EmbeddedPostgresError(
        f"PostgreSQL needs a directory that {account.name} can write to and whose path "
        f"is short enough for a unix socket; there is none in {tried}."
    )


def _temporary_directories() -> tuple[Path, ...]:
    # TMPDIR may be long, or, as pam_tmpdir makes it, closed to other accounts.
    anybodys = Path("/tmp"), Path("/var/tmp")  # noqa: S108 - only to make a directory below
    return Path(tempfile.gettempdir()), *anybodys


def _home(account: Account, parent: Path) -> Home:
    path = parent.resolve() / f"pg-{token_hex(4)}"
    # The keeper first: there is no moment at which a kill leaves a directory.
    return Home(path=path, account=account, keeper=_start_keeper(path))


def _start_keeper(path: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", keeper.__file__, str(path)],
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _usable(home: Home) -> bool:
    longest = home.sockets / _LONGEST_SOCKET_NAME
    if len(str(longest).encode()) > SOCKET_PATH_BYTES:
        return False
    try:
        home.path.mkdir(mode=0o700)
        home.sockets.mkdir(mode=0o700)
    except OSError:
        return False
    home.account.own(home.path)
    return home.account.reaches(home.path)
