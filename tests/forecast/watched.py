"""Sequences whose every call is known, and what is seen of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from agent.domain.consumption.tracks import Track
from agent.domain.forecasting.forecast import Forecast, State, forecast
from agent.domain.forecasting.shapes import WEEK, Floats
from agent.domain.sequences import At, SequenceDefinition, Unused, upcoming
from tests.domain.statuses import BIGINT

MONDAY = datetime(2026, 9, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIVE_MINUTES = timedelta(minutes=5)
HOURS = 5 * WEEK


class Watched:
    """A sequence, the calls that it truly had, and the track that looks at it."""

    def __init__(self, sequence: SequenceDefinition = BIGINT) -> None:
        self.sequence = sequence
        self.position: Unused | At = Unused(sequence.start)
        self.now = MONDAY
        self.line = "primary"
        self.calls = 0
        self.track = Track.begun(sequence, self.position, at=self.now, line=self.line)

    def lives(self, calls: Iterable[int], *, every: timedelta = HOUR) -> Watched:
        """So many calls in each step, and a look at the end of it."""
        for some in calls:
            self.is_called(some)
            self.now += every
            self.is_seen()
        return self

    def is_called(self, calls: int) -> None:
        """As nextval would, one after the other, but around the end in one go."""
        self.calls += calls
        while calls:
            first = upcoming(self.sequence, self.position)
            last = self.sequence.maximum if self.ascends else self.sequence.minimum
            some = min(calls, (last - first) // self.sequence.increment + 1)
            self.position = At(first + (some - 1) * self.sequence.increment)
            calls -= some

    def is_seen(self) -> None:
        self.track.observe(self.sequence, self.position, at=self.now, line=self.line)

    def is_truncated(self) -> None:
        """TRUNCATE … RESTART IDENTITY, as ALTER SEQUENCE … RESTART."""
        self.is_restarted_with(self.sequence.start)

    def is_restarted_with(self, value: int) -> None:
        filenode = self.sequence.filenode + 1000
        self.sequence = replace(self.sequence, filenode=filenode)
        self.position = Unused(value)

    def is_set(self, value: int) -> None:
        self.position = At(value)

    @property
    def ascends(self) -> bool:
        return self.sequence.ascending

    def forecast(self, remaining: float) -> Forecast:
        history = self.track.buckets.history(self.now)
        return forecast(history, round(remaining), seed=1)


def noisy(per_hour: Floats) -> list[int]:
    drawn: list[int] = np.random.default_rng(11).poisson(per_hour).tolist()
    return drawn


STEADY = noisy(np.full(HOURS, 100.0))


def likely_days(watched: Watched, remaining: float) -> float:
    """The median, in days; the answer is in order."""
    told = watched.forecast(remaining)
    assert told.state is State.OK
    assert told.p10_seconds is not None
    assert told.p50_seconds is not None
    assert told.p90_seconds is not None
    assert told.p10_seconds <= told.p50_seconds <= told.p90_seconds
    return told.p50_seconds / 86_400
