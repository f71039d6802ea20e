"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import datetime, timedelta


class StoppedClock:
    """Tells the same time until it is moved."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._monotonic = 1_000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def step(self, by: timedelta) -> None:
        """Set the clock on the wall, and leave the monotonic one alone."""
        self._now += by

    def move(self, by: timedelta) -> None:
        self._now += by
        self._monotonic += by.total_seconds()
