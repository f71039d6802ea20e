"""What had been consumed by the looks of the last hour, and how fast that was."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

LOOKS_KEPT_FOR = timedelta(hours=1)

_APART = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Look:
    """How much had been consumed by then."""

    at: datetime
    consumed: int


class Looks:
    """Those between which calls came; what lies between them is taken to be even."""

    __slots__ = ("_kept",)

    def __init__(self, first: Look) -> None:
        self._kept = deque([first])

    def note(self, look: Look) -> None:
        """Keep it, but not many for a short time, and one that is over an hour old."""
        kept = self._kept
        if len(kept) > 1 and kept[-1].at - kept[-2].at < _APART:
            kept.pop()
        kept.append(look)
        while len(kept) > 1 and kept[1].at <= look.at - LOOKS_KEPT_FOR:
            kept.popleft()

    def set_back(self, by: timedelta) -> None:
        """Date all of them by a clock that was set back by so much."""
        self._kept = deque(Look(each.at - by, each.consumed) for each in self._kept)

    def put_behind(self, calls: int) -> None:
        """Let so many calls have come before the first look."""
        self._kept = deque(Look(each.at, each.consumed + calls) for each in self._kept)

    def per_second(
        self, *, since: datetime, now: datetime, latest: Look
    ) -> float | None:
        """Calls per second, of no longer than is known; None if that is only now.

        `latest` is where it stands, noted or not.
        """
        begin = max(since, self._kept[0].at)
        if begin >= now:
            return None
        calls = latest.consumed - self._consumed_by(begin, latest)
        return calls / (now - begin).total_seconds()

    def _consumed_by(self, at: datetime, latest: Look) -> float:
        after = latest
        for look in reversed(self._kept):
            if look.at <= at:
                calls = after.consumed - look.consumed
                if not calls:
                    return look.consumed
                return look.consumed + calls * ((at - look.at) / (after.at - look.at))
            after = look
        return after.consumed
