"""When to try again what failed."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

from agent.ports import Clock

_FIRST = timedelta(seconds=1)
_LONGEST = timedelta(minutes=1)


class Backoff:
    """Waits between tries: a second after the first failure, doubled up to a minute.

    Each wait is cut by chance to between a half and all of it, so that many agents do
    not come back at the same moment.
    """

    def __init__(
        self, clock: Clock, *, chance: Callable[[], float] = random.random
    ) -> None:
        """`chance` is from 0 to 1."""
        self._clock = clock
        self._chance = chance
        self._wait = _FIRST
        self._until = float("-inf")

    @property
    def over(self) -> bool:
        """Whether it is time to try."""
        return self._clock.monotonic() >= self._until

    def failed(self) -> None:
        wait = self._wait.total_seconds() * (1 + self._chance()) / 2
        self._until = self._clock.monotonic() + wait
        self._wait = min(2 * self._wait, _LONGEST)

    def worked(self) -> None:
        self._wait, self._until = _FIRST, float("-inf")
