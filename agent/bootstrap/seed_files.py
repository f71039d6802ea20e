"""Reads the files of SQL that jobs name as seeds."""

from __future__ import annotations

import os
import stat
from contextlib import closing
from io import FileIO
from pathlib import Path

from agent.domain.resets.seeds import Seed
from agent.errors import AgentError

# All of it is held in memory, here and at the server. More is no seed but a restore.
LARGEST_SEED_BYTES = 256 * 1024**2

# Where the file is none, opening it waits for nobody and takes no terminal over.
_HARMLESSLY = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class SeedUnreadableError(AgentError):
    """A seed file of a job that cannot be read now."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"seed {str(path)!r} cannot be read: {reason}")


def read_seed(path: Path) -> Seed:
    """The file as it is now. Raises SeedUnreadableError."""
    try:
        # Opening a device may already do something.
        _check(path, path.stat())
        with closing(FileIO(os.open(path, _HARMLESSLY))) as file:
            before = os.fstat(file.fileno())
            _check(path, before)
            content = _read(file)
            after = os.fstat(file.fileno())
    except OSError as error:
        reason = error.strerror or str(error)
        raise SeedUnreadableError(
            path, f"{reason}; name a file that the agent may read"
        ) from None
    if len(content) > LARGEST_SEED_BYTES:
        raise _too_large(path)
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        raise SeedUnreadableError(
            path, "it was written to meanwhile; move a finished file to its place"
        )
    return Seed(str(path), content)


def _check(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "something else")
        raise SeedUnreadableError(path, f"it is {kind}; name a regular file")
    if status.st_size > LARGEST_SEED_BYTES:
        raise _too_large(path)


def _read(file: FileIO) -> bytes:
    """All of it, or a byte more than there may be."""
    parts: list[bytes] = []
    left = LARGEST_SEED_BYTES + 1
    while left and (part := file.read(min(left, 1024**2))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _too_large(path: Path) -> SeedUnreadableError:
    return SeedUnreadableError(
        path,
        f"it is larger than {LARGEST_SEED_BYTES // 1024**2} MiB; split it, or restore"
        " such an amount without a seed",
    )
