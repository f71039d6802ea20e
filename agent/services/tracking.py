"""Follows the sequences of one database from round to round: usage and forecasts."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from threading import Lock

from agent.domain.consumption.buckets import day_of, hour_of
from agent.domain.consumption.tracks import WINDOWS, Track
from agent.domain.consumption.usage import Usage, aged
from agent.domain.forecasting.forecast import Forecast, State
from agent.domain.forecasting.scoring import Scorecard
from agent.domain.lost import Bereft, places
from agent.domain.sequences import Position, SequenceDefinition, Unreadable
from agent.ports import Chapter, Inventory
from agent.services.recognition import Finder
from agent.services.scoring import Scorer

# Sequences that are dropped and made again keep their count, but names that never
# come back must not fill the memory.
_GONE_KEPT = 1000
# What remains may differ by so much from what it should be without a new forecast.
_TOLERANCE = 0.001
# Two clocks that are read one after the other are never quite together.
_ACCURACY = timedelta(seconds=1)
_HALF_A_DAY = timedelta(hours=12).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Where a round saw each sequence stand, on which line of history.

    `unsettled` are the oids of sequences that were restarted or altered while the round
    went on, so that position and definition may not belong together. `order` tells
    which round began later where the clock steps back.
    """

    at: datetime
    order: float
    line: str
    positions: Sequence[tuple[SequenceDefinition, Position]]
    unsettled: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A forecast and what it was made of: another hour or another end needs a new one."""

    forecast: Forecast
    at: datetime
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Still:
    """The usage of a sequence that does not move; it holds for an hour."""

    usage: Usage
    hour: int
    remaining: int | None


class Tracker:
    """All tracks of one database; used by its rounds and by whoever writes them down."""

    def __init__(self, server: str, datname: str) -> None:
        self.server, self.datname = server, datname
        self.seen_at: datetime | None = None
        self._lock = Lock()
        self._order = self._daily_at = float("-inf")
        self._day: int | None = None
        self._tracks: dict[int, Track] = {}
        self._gone: tuple[Track, ...] = ()
        self._made: dict[int, _Made] = {}
        self._still: dict[int, _Still] = {}
        self._scorer = Scorer(self._seed)
        self._inventory: Inventory | None = None
        self._bereft: tuple[Bereft, ...] = ()

    @property
    def scorecards(self) -> Mapping[int, Scorecard]:
        """How the forecasts of the past came out, by their horizon in days."""
        return self._scorer.cards

    def resume(self, chapter: Chapter) -> None:
        """Put what was stored in front of whatever was seen since the start."""
        with self._lock:
            begun = {track.key: track for track in self._tracks.values()}
            stored = {
                (record.schema, record.name): record for record in chapter.records
            }
            for key in begun.keys() & stored.keys():
                begun[key].continue_from(stored.pop(key))
            self._gone += tuple(map(Track, stored.values()))
            self._scorer.resume(chapter.predictions)
            self._made, self._still = {}, {}
            self._inventory = None
            self._day, self._daily_at = None, float("-inf")

    def bereft(self, inventory: Inventory) -> tuple[Bereft, ...]:
        """Columns that were fed once, and by no sequence of this inventory."""
        with self._lock:
            if inventory is not self._inventory:
                self._inventory = inventory
                fed = places(inventory.sequences)
                self._bereft = tuple(
                    Bereft(
                        schema=track.schema,
                        name=track.name,
                        oid=track.oid,
                        terms=track.terms,
                        column=column,
                    )
                    for track in (*self._tracks.values(), *self._gone)
                    for column in track.columns
                    if column.place not in fed
                )
            return self._bereft

    def forget(self, lost: Iterable[Bereft]) -> None:
        """These columns are gone, or miss nothing."""
        with self._lock:
            known = {t.key: t for t in (*self._gone, *self._tracks.values())}
            for each in lost:
                if track := known.get(each.key):
                    track.forget(each.column)
            self._inventory = None

    def follow(self, seen: Seen) -> None:
        """Take in a round, unless a later one was taken in already."""
        with self._lock:
            if seen.order <= self._order:
                return
            self._follow_clock(seen)
            known = (*self._tracks.values(), *self._gone)
            find = Finder(known, seen.positions, line=seen.line)
            self._tracks = {
                sequence.oid: track
                for sequence, position in seen.positions
                if (track := _followed(find(sequence), sequence, position, seen))
            }
            self._daily(seen)
            self._gone = tuple(islice(find.left(), _GONE_KEPT))
            for track in self._gone:
                track.missed()
                self._made.pop(track.oid, None)
                self._still.pop(track.oid, None)

    def usage(
        self, sequence: SequenceDefinition, remaining: int | None, now: datetime
    ) -> Usage | None:
        """What is known by now; `remaining` is None where it could not be read."""
        with self._lock:
            track = self._tracks.get(sequence.oid)
            if track is None:
                return None
            still, hour = self._still.get(sequence.oid), hour_of(now)
            if still and still.hour == hour and still.remaining == remaining:
                return still.usage
            usage = Usage(
                consumed=track.consumed,
                resets=dict(track.resets),
                per_second={w: track.per_second(t, now) for w, t in WINDOWS.items()},
                recent_per_second=track.recent_per_second(now),
                outlook=self._outlook(track, remaining, now),
            )
            if _settled(usage):
                self._still[sequence.oid] = _Still(
                    usage=usage, hour=hour, remaining=remaining
                )
            else:
                self._still.pop(sequence.oid, None)
            return usage

    def changes(self) -> tuple[Chapter, datetime | None]:
        """What is to be stored since this was last asked, and up to which round."""
        with self._lock:
            tracks = (*self._gone, *self._tracks.values())
            records = tuple(r for each in tracks if (r := each.changes()) is not None)
            predictions = self._scorer.changes()
            return Chapter(records=records, predictions=predictions), self.seen_at

    def unstored(self, chapter: Chapter) -> None:
        """Take back what `changes` gave, for it could not be written."""
        with self._lock:
            known = (*self._gone, *self._tracks.values())
            by_name = {track.key: track for track in known}
            # First by oid: one that is gone may have left its name to another.
            by_oid = {(track.key, track.oid): track for track in known}
            for record in chapter.records:
                key = (record.schema, record.name)
                track = by_oid.get((key, record.mark.oid)) or by_name.get(key)
                if track is not None:
                    track.unstored(record)
            self._scorer.unstored(chapter.predictions)

    def _follow_clock(self, seen: Seen) -> None:
        """Date what was seen by the clock as it is now, if that was set back.

        Set ahead, it cannot be told from a machine that was asleep, and while that
        slept sequences went on.
        """
        if self.seen_at is not None:
            elapsed = timedelta(seconds=seen.order - self._order)
            back = elapsed - (seen.at - self.seen_at)
            if back > _ACCURACY:
                for track in (*self._tracks.values(), *self._gone):
                    track.set_back(back)
                self._made, self._still = {}, {}
        self._order, self.seen_at = seen.order, seen.at

    def _daily(self, seen: Seen) -> None:
        """Forget and score what its day has come for.

        Not twice in half a day, so that a clock that is wrong for a while does no harm.
        """
        day = day_of(seen.at)
        if day == self._day or seen.order < self._daily_at + _HALF_A_DAY:
            return
        self._day, self._daily_at = day, seen.order
        for track in self._tracks.values():
            track.buckets.fold(seen.at)
        self._scorer.daily(self._tracks.values(), seen.at)

    def _outlook(
        self, track: Track, remaining: int | None, now: datetime
    ) -> Forecast | None:
        if remaining is None:
            return None
        made = self._made.get(track.oid)
        end = remaining + track.consumed
        if made is None or not _holds(made, end, remaining, now):
            answer = track.outlook(
                remaining, now, seed=self._seed(track), stretch=self._scorer.stretch
            )
            made = self._made[track.oid] = _Made(forecast=answer, at=now, end=end)
        return aged(made.forecast, (now - made.at).total_seconds())

    def _seed(self, track: Track) -> int:
        """Of the name, so that the same history is answered alike after a restart."""
        name = "\0".join((self.server, self.datname, *track.key))
        return zlib.crc32(name.encode("utf-8", "surrogatepass"))


def _followed(
    track: Track | None, sequence: SequenceDefinition, position: Position, seen: Seen
) -> Track | None:
    if isinstance(position, Unreadable):
        if track is not None:
            track.missed()
        return track
    if sequence.oid in seen.unsettled:
        return track
    if track is None:
        return Track.begun(sequence, position, at=seen.at, line=seen.line)
    track.observe(sequence, position, at=seen.at, line=seen.line)
    return track


def _holds(made: _Made, end: int, remaining: int, now: datetime) -> bool:
    """Whether the forecast of this hour is about the same end."""
    same_end = abs(end - made.end) <= 1 + _TOLERANCE * remaining
    return same_end and hour_of(made.at) == hour_of(now)


def _settled(usage: Usage) -> bool:
    """Whether nothing moves: no rate, and no end that comes nearer."""
    still = all(rate == 0 for rate in usage.per_second.values())
    outlook = usage.outlook
    return still and (outlook is None or outlook.state is not State.OK)
