"""Waiting in tests: for something to become true, and never longer than a deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

POLL_SECONDS = 0.02


def eventually(holds: Callable[[], bool], *, within: float = 30) -> None:
    """Return as soon as it holds; fail when it does not in so many seconds."""
    deadline = time.perf_counter() + within
    while not holds():
        assert time.perf_counter() < deadline, f"still not so after {within} s"
        threading.Event().wait(POLL_SECONDS)
