"""Whether the agent itself is alive and ready; no database has a say in it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from threading import Lock

from agent.ports import Clock

LONGEST_SILENCE = timedelta(seconds=10)


class Health:
    """What the scheduler and the rounds of sampling have shown so far."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._beaten_at = clock.monotonic()  # the scheduler gets its time to start
        self._servers: tuple[str, ...] | None = None
        self._sampled: frozenset[str] = frozenset()

    def beat(self) -> None:
        """Say that the scheduler still ticks."""
        self._beaten_at = self._clock.monotonic()

    def silence(self) -> timedelta:
        """How long ago the scheduler ticked."""
        return timedelta(seconds=self._clock.monotonic() - self._beaten_at)

    def alive(self) -> bool:
        return self.silence() < LONGEST_SILENCE

    def configured(self, servers: Iterable[str]) -> None:
        """Say that a configuration with these servers is in force."""
        with self._lock:
            self._servers = tuple(servers)
            # A server that comes back later has a first round ahead of it again.
            self._sampled = self._sampled.intersection(self._servers)

    def round_done(self, server: str) -> None:
        """Say that a server had a round, whether or not anything could be read."""
        with self._lock:
            self._sampled = self._sampled | {server}

    def awaited(self) -> tuple[str, ...]:
        """What is missing before the agent is ready, in words; nothing when it is."""
        with self._lock:
            servers, sampled = self._servers, self._sampled
        if servers is None:
            return ("a configuration",)
        missing = (server for server in servers if server not in sampled)
        return tuple(f"the first round of server {server!r}" for server in missing)
