"""A terminal for the command, and somebody who types on it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios

from tests.cli.running import COMMAND, Ran, environment

_COLOURS = re.compile("\x1b\\[[0-9;?]*[a-zA-Z]")


def typed(answer: bytes, *arguments: str, columns: int = 100) -> Ran:
    """Run it on a terminal on which the answer was typed ahead; all is in stdout."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    os.write(leader, answer)
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        env=environment(),
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    written = b""
    with os.fdopen(leader, "rb", buffering=0) as terminal:
        try:
            while piece := terminal.read(65536):
                written += piece
        except OSError:  # Linux's way of saying that the last writer is gone
            pass
    code = process.wait()
    text = _COLOURS.sub("", written.decode(errors="replace").replace("\r\n", "\n"))
    return subprocess.CompletedProcess(process.args, code, text, "")
