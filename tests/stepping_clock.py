"""A wall clock that a test sets back or ahead, while the monotonic one goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo
from typing import Self
from unittest.mock import patch

from apscheduler.schedulers import base
from apscheduler.triggers import date, interval

from agent import clock

# Wherever APScheduler and the agent read the wall clock.
_READERS = (base, date, interval, clock)


class WallClock:
    """How far the wall clock is from what it was, as whoever sets it wants it."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self._after_reading = timedelta()

    def step(self, by: timedelta) -> None:
        self.ahead += by

    def step_after_reading(self, by: timedelta) -> None:
        """Let whoever reads it next be the last one to see it as it is."""
        self._after_reading = by

    def read(self) -> timedelta:
        ahead = self.ahead
        self.ahead += self._after_reading
        self._after_reading = timedelta()
        return ahead


@contextmanager
def stepping_clock() -> Iterator[WallClock]:
    """The wall clock of this process in the hands of the body."""
    wall = WallClock()

    class Stepping(datetime):
        """The class that modules know as `datetime`."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) + wall.read()

    replaced = [patch.object(module, "datetime", Stepping) for module in _READERS]
    for each in replaced:
        each.start()
    try:
        yield wall
    finally:
        for each in replaced:
            each.stop()
