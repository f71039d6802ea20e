"""How one sequence was consumed, from look to look, for as long as it is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from agent.domain.consumption.buckets import Buckets, hour_of, start_of
from agent.domain.consumption.looks import LOOKS_KEPT_FOR, Look, Looks
from agent.domain.consumption.records import Record
from agent.domain.consumption.steps import Mark, Terms, mark_of, step
from agent.domain.consumption.usage import HOUR
from agent.domain.forecasting.forecast import (
    Forecast,
    History,
    forecast,
    screened,
    simulated,
    unmoved,
)
from agent.domain.forecasting.increments import steady
from agent.domain.forecasting.scoring import Stretch
from agent.domain.sequences import At, FedColumn, SequenceDefinition, Unused

WINDOWS: Mapping[str, timedelta] = {
    HOUR: timedelta(hours=1),
    "1d": timedelta(days=1),
    "7d": timedelta(days=7),
}

# One round of sixty seconds, or several short ones: the last minutes.
_RECENT = timedelta(seconds=45)


class Track:
    """Adds up one sequence's calls; all that it knows came from what was observed."""

    __slots__ = (
        "_base",
        "_changed",
        "_definition",
        "_first",
        "_looks",
        "_mark",
        "_previous",
        "_seen_at",
        "buckets",
        "columns",
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
        self._looks = Looks(Look(record.mark.at, record.consumed))
        self._changed = False
        self._previous = record.previous
        self.columns = record.columns

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
            mark=mark_of(sequence, position, at, line),
            current=True,
            consumed=0,
            fastest=0.0,
            resets={},
            columns=sequence.columns,
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

    @property
    def terms(self) -> Terms:
        return self._mark.terms

    def observe(
        self,
        sequence: SequenceDefinition,
        position: Unused | At,
        *,
        at: datetime,
        line: str,
    ) -> None:
        """Take in that the sequence was seen at this position."""
        if at < self._seen_at:  # by a clock that was ahead, and before a restart
            self.set_back(self._seen_at - at)
        seen = self._mark
        if (
            sequence is not self._definition
            or position != seen.position
            or line != seen.line
        ):
            self._take(sequence, mark_of(sequence, position, at, line))
        elif not self.current:
            self.current = self._changed = True
        self._seen_at = at

    def set_back(self, by: timedelta) -> None:
        """Date what was seen by a clock that was set back: as much time has passed.

        Hours stay what they were counted as.
        """
        self._looks.set_back(by)
        self._seen_at -= by
        self._first = replace(self._first, at=self._first.at - by)
        if self.buckets.since > self._seen_at:
            self.buckets.since -= by
            self._changed = True

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
        if window <= LOOKS_KEPT_FOR:
            return self._per_second_since(now - window, now)
        hour = hour_of(now - window) + 1
        begin = max(start_of(hour), self.buckets.since)
        if begin >= now:
            return None
        calls = self.buckets.calls_since(hour, until=hour_of(now))
        return calls / (now - begin).total_seconds()

    def recent_per_second(self, now: datetime) -> float | None:
        """Calls per second over the last minutes, the newest step included."""
        return self._per_second_since(now - _RECENT, now)

    def outlook(
        self, remaining: int, now: datetime, *, seed: int, stretch: Stretch
    ) -> Forecast:
        """When so many calls are used up; the cost follows the risk."""
        if self.buckets.empty:
            return unmoved(now - self.buckets.since, remaining)
        history = self.buckets.history(now)
        # Jumps only make an end seem nearer: what is far with them is far without.
        far = screened(history, remaining)
        if far is not None:
            return far
        usual = _without_jumps(history)
        # Only what became another history has to be screened again.
        tell = simulated if usual is history else forecast
        return tell(usual, remaining, seed=seed, stretch=stretch)

    def history(self, now: datetime) -> History:
        """What a forecast learns from: without lone jumps, which are no rate."""
        return _without_jumps(self.buckets.history(now))

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
            columns=self.columns,
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
        self._looks.put_behind(before)
        self._changed = True

    def forget(self, column: FedColumn) -> None:
        """It does not miss the sequence."""
        kept = tuple(each for each in self.columns if each.place != column.place)
        self.columns, self._changed = kept, True

    def _remember(self, columns: tuple[FedColumn, ...]) -> None:
        """What it does not feed any more stays, until somebody says that it is no loss."""
        known = {column.place: column for column in (*self.columns, *columns)}
        remembered = tuple(known.values())
        if remembered != self.columns:
            self.columns, self._changed = remembered, True

    def _take(self, sequence: SequenceDefinition, mark: Mark) -> None:
        before = replace(self._mark, at=self._seen_at)
        renamed = self.key != (sequence.schema, sequence.name)
        if sequence is not self._definition:
            self._remember(sequence.columns)
        self._definition = sequence
        if self.current and not renamed and before == replace(mark, at=before.at):
            return  # the catalog was read anew, and says the same
        if self._base is not None and mark.line != before.line:
            before = replace(before, position=self._base)
        taken = step(before, mark, fastest=self.fastest)
        if renamed:
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
        self._looks.note(Look(start, self.consumed))
        self.consumed += calls
        self._looks.note(Look(end, self.consumed))
        self.buckets.add(calls, start=start, end=end)
        # A step shorter than a second tells little of what comes in a second, and one of
        # no time at all is none by a clock that was right.
        if end > start:
            seconds = max((end - start).total_seconds(), 1)
            self.fastest = max(self.fastest, calls / seconds)

    def _per_second_since(self, begin: datetime, now: datetime) -> float | None:
        latest = Look(self._seen_at, self.consumed)
        return self._looks.per_second(since=begin, now=now, latest=latest)


def _without_jumps(history: History) -> History:
    """The same one where there are none."""
    hourly = steady(history.hourly)
    return history if hourly is history.hourly else replace(history, hourly=hourly)
