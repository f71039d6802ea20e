"""How one sequence was consumed, from look to look, for as long as it is known."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from agent.domain.consumption.buckets import Buckets, DayCalls, hour_of, start_of
from agent.domain.consumption.steps import Mark, Reason, step, terms_of
from agent.domain.forecasting.forecast import (
    Forecast,
    History,
    forecast,
    screened,
    unmoved,
)
from agent.domain.forecasting.increments import steady
from agent.domain.forecasting.scoring import Stretch
from agent.domain.sequences import At, SequenceDefinition, Unused

WINDOWS: Mapping[str, timedelta] = {
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
    "7d": timedelta(days=7),
}

_HOUR = timedelta(hours=1)
_POINTS_APART = timedelta(seconds=15)
# One round of sixty seconds, or several short ones: the last minutes.
_RECENT = timedelta(seconds=45)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A track as it is stored; `mark` is where it stood when it was last read.

    `current` says that it stood there up to the last round of its database. `days` are
    those that changed, or on the way back all that are kept. `previous` is the (schema,
    name) under which it was stored before, where that has changed.
    """

    schema: str
    name: str
    since: datetime
    mark: Mark
    current: bool
    consumed: int
    fastest: float
    resets: Mapping[Reason, int]
    days: tuple[DayCalls, ...] = ()
    previous: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _Point:
    """How much had been consumed by then."""

    at: datetime
    consumed: int


class Track:
    """Adds up one sequence's calls; all that it knows came from what was observed."""

    __slots__ = (
        "_base",
        "_changed",
        "_definition",
        "_first",
        "_mark",
        "_points",
        "_previous",
        "_seen_at",
        "buckets",
        "consumed",
        "current",
        "fastest",
        "name",
        "resets",
        "schema",
    )

    def __init__(self, record: Record) -> None:
        """Go on where a record ended."""
        self.schema, self.name = record.schema, record.name
        self.consumed = record.consumed
        self.fastest = record.fastest
        self.resets = Counter(record.resets)
        self.buckets = Buckets(record.since, record.days)
        self.current = record.current
        self._first = self._mark = record.mark
        self._seen_at = record.mark.at
        # Where counting stood before a line that reads ahead, in case it is left again.
        self._base: Unused | At | None = None
        self._definition: SequenceDefinition | None = None
        self._points = deque([_Point(record.mark.at, record.consumed)])
        self._changed = False
        self._previous = record.previous

    @classmethod
    def begun(
        cls,
        sequence: SequenceDefinition,
        position: Unused | At,
        *,
        at: datetime,
        line: str,
    ) -> Track:
        """Of a sequence seen for the first time: nothing is consumed yet."""
        record = Record(
            schema=sequence.schema,
            name=sequence.name,
            since=at,
            mark=_mark(sequence, position, at, line),
            current=True,
            consumed=0,
            fastest=0.0,
            resets={},
        )
        track = cls(record)
        track._definition, track._changed = sequence, True
        return track

    @property
    def key(self) -> tuple[str, str]:
        return self.schema, self.name

    @property
    def oid(self) -> int:
        return self._mark.oid

    @property
    def line(self) -> str:
        return self._mark.line

    def observe(
        self,
        sequence: SequenceDefinition,
        position: Unused | At,
        *,
        at: datetime,
        line: str,
    ) -> None:
        """Take in that the sequence was seen at this position."""
        seen = self._mark
        if (
            sequence is not self._definition
            or position != seen.position
            or line != seen.line
        ):
            self._take(sequence, _mark(sequence, position, at, line))
        elif not self.current:
            self.current = self._changed = True
        self._seen_at = at

    def missed(self) -> None:
        """Take in that the sequence could not be read in a round."""
        if self.current:
            self.current, self._changed = False, True

    def per_second(self, window: timedelta, now: datetime) -> float | None:
        """Calls per second over the window, or since the sequence is known.

        None when that was only now.
        """
        if self.buckets.empty and self.consumed == 0:
            return 0.0 if now > self.buckets.since else None
        if window <= _HOUR:
            return self._rate_since(now - window, now)
        hour = hour_of(now - window) + 1
        begin = max(start_of(hour), self.buckets.since)
        if begin >= now:
            return None
        calls = self.buckets.calls_since(hour, until=hour_of(now))
        return calls / (now - begin).total_seconds()

    def recent_per_second(self, now: datetime) -> float | None:
        """Calls per second over the last minutes, the newest step included."""
        return self._rate_since(now - _RECENT, now)

    def outlook(
        self, remaining: int, now: datetime, *, seed: int, stretch: Stretch
    ) -> Forecast:
        """When so many calls are used up; the cost follows the risk."""
        if self.buckets.empty:
            return unmoved(now - self.buckets.since, remaining)
        # Jumps only make an end seem nearer: what is far with them is far without.
        far = screened(self.buckets.history(now), remaining)
        if far is not None:
            return far
        return forecast(self.history(now), remaining, seed=seed, stretch=stretch)

    def history(self, now: datetime) -> History:
        """What a forecast learns from: without lone jumps, which are no rate."""
        history = self.buckets.history(now)
        return replace(history, hourly=steady(history.hourly))

    def changes(self) -> Record | None:
        """What is to be stored since this was last asked; None if there is nothing."""
        if not self._changed:
            return None
        record = Record(
            schema=self.schema,
            name=self.name,
            since=self.buckets.since,
            mark=replace(self._mark, at=self._seen_at),
            current=self.current,
            consumed=self.consumed,
            fastest=self.fastest,
            resets=dict(self.resets),
            days=self.buckets.touched(),
            previous=self._previous,
        )
        self._changed, self._previous = False, None
        return record

    def unstored(self, record: Record) -> None:
        """Take back what `changes` gave, for it could not be written."""
        self._changed = True
        self._previous = record.previous or self._previous
        self.buckets.touch(day.day for day in record.days)

    def continue_from(self, record: Record) -> None:
        """Put what was stored in front of what was seen since.

        For a track that had to begin while the history could not be read.
        """
        bridge = step(record.mark, self._first, fastest=record.fastest)
        buckets = Buckets(record.since, record.days)
        buckets.add(bridge.calls, start=record.mark.at, end=self._first.at)
        buckets.merge(self.buckets)
        before = record.consumed + bridge.calls
        self.buckets = buckets
        self.consumed += before
        self.fastest = max(self.fastest, record.fastest)
        self.resets.update(record.resets)
        if bridge.reset is not None:
            self.resets[bridge.reset] += 1
        self._points = deque(_Point(p.at, p.consumed + before) for p in self._points)
        self._changed = True

    def _take(self, sequence: SequenceDefinition, mark: Mark) -> None:
        before = replace(self._mark, at=self._seen_at)
        self._definition = sequence
        if (
            self.current
            and before == replace(mark, at=before.at)
            and self.key
            == (
                sequence.schema,
                sequence.name,
            )
        ):
            return  # the catalog was read anew, and says the same
        if self._base is not None and mark.line != before.line:
            before = replace(before, position=self._base)
        taken = step(before, mark, fastest=self.fastest)
        if self.key != (sequence.schema, sequence.name):
            self._previous = self._previous or self.key
            self.schema, self.name = sequence.schema, sequence.name
        self._base = before.position if taken.ahead else None
        self._mark = mark
        self.current = self._changed = True
        if taken.reset is not None:
            self.resets[taken.reset] += 1
        if taken.calls:
            self._consume(taken.calls, start=before.at, end=mark.at)

    def _consume(self, calls: int, *, start: datetime, end: datetime) -> None:
        self._note(start)
        self.consumed += calls
        self._note(end)
        self.buckets.add(calls, start=start, end=end)
        # A step shorter than a second tells little of what comes in a second.
        self.fastest = max(self.fastest, calls / max((end - start).total_seconds(), 1))

    def _note(self, at: datetime) -> None:
        """Keep a point, not many for a short time, and one that is over an hour old."""
        points, point = self._points, _Point(at, self.consumed)
        if len(points) > 1 and points[-1].at - points[-2].at < _POINTS_APART:
            points.pop()
        points.append(point)
        while len(points) > 1 and points[1].at <= at - _HOUR:
            points.popleft()

    def _rate_since(self, begin: datetime, now: datetime) -> float | None:
        begin = max(begin, self._points[0].at)
        if begin >= now:
            return None
        return (self.consumed - self._consumed_by(begin)) / (
            now - begin
        ).total_seconds()

    def _consumed_by(self, at: datetime) -> float:
        """Between two points, as if it had gone evenly."""
        after = _Point(self._seen_at, self.consumed)
        for point in reversed(self._points):
            if point.at <= at:
                calls = after.consumed - point.consumed
                if not calls:
                    return point.consumed
                return point.consumed + calls * (
                    (at - point.at) / (after.at - point.at)
                )
            after = point
        return after.consumed


def _mark(
    sequence: SequenceDefinition, position: Unused | At, at: datetime, line: str
) -> Mark:
    return Mark(
        at=at,
        oid=sequence.oid,
        filenode=sequence.filenode,
        terms=terms_of(sequence),
        position=position,
        line=line,
    )
