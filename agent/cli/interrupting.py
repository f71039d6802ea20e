"""Ctrl-C while a server does not answer."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from agent.cli.failures import ExitCode

_SHOW_CURSOR = b"\x1b[?25h\n"


@contextmanager
def leaving_at_once() -> Iterator[None]:
    """Within the body, SIGINT ends the program; nothing has been written by then.

    A KeyboardInterrupt would wait for all threads, and nothing gets a thread out of
    libpq's connect before its deadline.
    """
    before = signal.signal(signal.SIGINT, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    if sys.stderr.isatty():  # where a progress bar has hidden it
        # A terminal that takes nothing now (Ctrl-S, a slow line) must not hold us up.
        os.set_blocking(sys.stderr.fileno(), False)
        with suppress(BlockingIOError):
            os.write(sys.stderr.fileno(), _SHOW_CURSOR)
        os.set_blocking(sys.stderr.fileno(), True)  # the shell shares this mode
    os._exit(ExitCode.INTERRUPTED)
