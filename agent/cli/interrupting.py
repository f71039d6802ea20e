"""Ctrl-C while a server does not answer, and while something is being changed."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from agent.cli.failures import ExitCode

_ENDING = (signal.SIGINT, signal.SIGTERM)
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


@contextmanager
def stopping_in_order(
    stopping: threading.Event,
) -> Iterator[Callable[[], signal.Signals | None]]:
    """Within the body, SIGINT and SIGTERM set `stopping`; a second one ends the program.

    Yields a function that tells which one came.
    """
    came: list[signal.Signals] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        if came:
            _leave_with(128 + number)
        came.append(signal.Signals(number))
        stopping.set()

    before = {each: signal.signal(each, stop) for each in _ENDING}
    try:
        yield lambda: came[0] if came else None
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    _leave_with(ExitCode.INTERRUPTED)


def _leave_with(code: int) -> None:
    if sys.stderr.isatty():  # where a progress bar has hidden it
        # A terminal that takes nothing now (Ctrl-S, a slow line) must not hold us up.
        os.set_blocking(sys.stderr.fileno(), False)
        with suppress(BlockingIOError):
            os.write(sys.stderr.fileno(), _SHOW_CURSOR)
        os.set_blocking(sys.stderr.fileno(), True)  # the shell shares this mode
    os._exit(code)
