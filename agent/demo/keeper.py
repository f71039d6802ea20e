"""Outlives the program that started a server, to stop it and remove its files.

Run as a script with the server's directory as its only argument. It waits on its
standard input, which nobody writes to: the end of it means that the owner let go
or died, by whatever signal. It has a session of its own, so Ctrl-C passes it by.

Needs /proc to find a server that was left behind. Where there is none, removing
the files is enough: within a minute PostgreSQL notices and ends itself.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

DATA = "data"  # the cluster's place inside the server's directory
POLL_SECONDS = 0.02
SHUTDOWN = (
    (signal.SIGINT, 30.0),  # fast: backends are told to go, then a checkpoint
    (signal.SIGQUIT, 5.0),  # immediate
    (signal.SIGKILL, 5.0),
)


def main() -> None:
    """Wait for the end of the owner, then leave nothing of the server."""
    home = Path(sys.argv[1])
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    sys.stdin.buffer.read()
    stop_servers(home / DATA)
    remove(home)


def stop_servers(data: Path) -> None:
    """Stop whatever runs on this data directory, gently at first."""
    for number, patience_seconds in SHUTDOWN:
        if not _signalled(data, number):
            return
        for _ in range(int(patience_seconds / POLL_SECONDS)):
            if not any(_processes(data)):
                return
            time.sleep(POLL_SECONDS)


def remove(home: Path) -> None:
    """Remove a directory in which a dying process may still be writing."""
    for _ in range(250):
        shutil.rmtree(home, ignore_errors=True)
        if not home.exists():
            return
        time.sleep(POLL_SECONDS)


def _signalled(data: Path, number: signal.Signals) -> bool:
    found = list(_processes(data))
    for process in found:
        try:
            os.kill(process, number)
        except ProcessLookupError:
            continue
    return bool(found)


def _processes(data: Path) -> Iterator[int]:
    """Processes started with `-D data`: initdb or the postmaster.

    Backends rewrite their command line; a zombie has none.
    """
    wanted = b"\0-D\0" + os.fsencode(data) + b"\0"
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes()
        except OSError:  # gone since, or hidden from us and so not ours
            continue
        if wanted in command:
            yield int(entry.parent.name)


if __name__ == "__main__":
    main()
