"""The ticks of a schedule: computed from the schedule alone, and the same for everyone.

A tick is an instant in UTC. Replicas, restarts and a clock that was set compute the same
ones, so that a tick can be claimed by its time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import chain, dropwhile, islice, takewhile
from typing import assert_never
from zoneinfo import ZoneInfo

from agent.domain.schedules.cron import Cron, cron_in_words, dates_back_from, dates_from
from agent.domain.schedules.wallclock import change, readings, shown
from agent.domain.wording import duration_in_words

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MISSED_KEPT = 100
"""How many missed ticks are named, the newest; all of them are counted."""
LOOKED_BACK = timedelta(days=366)
"""Nobody asks which minutes were missed in years of absence, and counting takes time."""

_END = datetime(9990, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CronSchedule:
    """Times on the wall clock of a zone."""

    cron: Cron
    zone: ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """An even beat, counted from the anchor on; there is none before it."""

    interval: timedelta
    anchor: datetime = EPOCH

    def __post_init__(self) -> None:
        if self.interval <= timedelta():
            raise ValueError("an interval must be longer than nothing")
        if self.anchor.utcoffset() is None:
            raise ValueError("an anchor must have a time zone")


Schedule = CronSchedule | Every


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is to be done now: the tick to run, and those that nobody ran in time."""

    run: datetime | None = None
    missed: tuple[datetime, ...] = ()
    """The newest `MISSED_KEPT`, oldest first."""
    missed_count: int = 0


def schedule_text(schedule: Schedule) -> str:
    """The schedule in a form that is equal only for equal ones.

    >>> schedule_text(Every(interval=timedelta(minutes=90)))
    'every 5400s'
    """
    match schedule:
        case Every(interval=interval):
            return f"every {_exact_seconds(interval)}s"
        case CronSchedule(cron=cron, zone=zone):
            return f"{cron.text} {zone.key}"
        case _ as never:
            assert_never(never)


def _exact_seconds(interval: timedelta) -> str:
    whole, rest = divmod(interval, timedelta(seconds=1))
    fraction = f"{rest // timedelta(microseconds=1):06}".rstrip("0")
    return f"{whole}.{fraction}" if fraction else str(whole)


def next_ticks(schedule: Schedule, after: datetime, count: int) -> tuple[datetime, ...]:
    """The first `count` ticks later than `after`.

    >>> every = Every(interval=timedelta(hours=6))
    >>> [str(tick) for tick in next_ticks(every, datetime(2026, 3, 1, 7, tzinfo=UTC), 2)]
    ['2026-03-01 12:00:00+00:00', '2026-03-01 18:00:00+00:00']
    """
    return tuple(islice(_ticks(schedule, after=after), count))


def ticks_between(
    schedule: Schedule, *, after: datetime, until: datetime, limit: int
) -> tuple[datetime, ...]:
    """The first `limit` ticks that are later than `after` and not later than `until`."""
    return tuple(islice(_ticks(schedule, after=after, until=until), limit))


def newest_ticks(
    schedule: Schedule, *, after: datetime, until: datetime, limit: int
) -> tuple[tuple[datetime, ...], int]:
    """The newest `limit` ticks in (after, until], oldest first, and how many there are."""
    if isinstance(schedule, Every):
        beats = _beats_between(schedule, after=after, until=until)
        return tuple(_beat(schedule, beat) for beat in beats[-limit:]), len(beats)
    total, newest = 0, deque[datetime](maxlen=limit)
    for tick in _ticks(schedule, after=after, until=until):
        newest.append(tick)
        total += 1
    return tuple(newest), total


def latest_tick(schedule: Schedule, at: datetime) -> datetime | None:
    """The newest tick that is not later than `at`; None before the first of all."""
    match schedule:
        case Every():
            newest = _beats_until(schedule, at)[-1:]
            return _beat(schedule, newest[0]) if newest else None
        case CronSchedule():
            return _latest_cron_tick(schedule, at)
        case _ as never:
            assert_never(never)


def due(
    schedule: Schedule, *, now: datetime, since: datetime, start_deadline: timedelta
) -> Due:
    """What to do at `now`, having last looked at `since`.

    Only the newest tick may run, and only if it is not older than `start_deadline`.
    Nothing at or before `since` is looked at: let it be the moment when a job became
    known, got another schedule or was resumed; nor is what is older than `LOOKED_BACK`.
    When the clock steps back nothing is due: keep the later of `since` and `now`.
    """
    after = max(since, now - LOOKED_BACK)
    newest, total = newest_ticks(
        schedule, after=after, until=now, limit=MISSED_KEPT + 1
    )
    if newest and now - newest[-1] <= start_deadline:
        return Due(run=newest[-1], missed=newest[:-1], missed_count=total - 1)
    return Due(missed=newest[-MISSED_KEPT:], missed_count=total)


def describe(schedule: Schedule) -> str:
    """The schedule in a few words.

    >>> describe(Every(interval=timedelta(hours=6)))
    'every 6 hours'
    """
    match schedule:
        case Every():
            words = duration_in_words(schedule.interval)
            # every day, but every 1 day 6 hours
            one = words.removeprefix("1 ")
            words = words if " " in one else one
            return f"every {words}{_anchor_in_words(schedule)}"
        case CronSchedule():
            return f"{cron_in_words(schedule.cron)}, {schedule.zone}"
        case _ as never:
            assert_never(never)


def _anchor_in_words(every: Every) -> str:
    if every.anchor == EPOCH:
        return ""
    return f", counted from {every.anchor.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _ticks(
    schedule: Schedule, *, after: datetime, until: datetime = _END
) -> Iterator[datetime]:
    match schedule:
        case Every():
            beats = _beats_between(schedule, after=after, until=until)
            return (_beat(schedule, beat) for beat in beats)
        case CronSchedule():
            ticks = _cron_ticks(schedule, after=after, until=until)
            return takewhile(lambda tick: tick <= until, ticks)
        case _ as never:
            assert_never(never)


def _beat(every: Every, number: int) -> datetime:
    return every.anchor.astimezone(UTC) + number * every.interval


def _beats_between(every: Every, *, after: datetime, until: datetime) -> range:
    return _beats_until(every, until)[len(_beats_until(every, after)) :]


def _beats_until(every: Every, moment: datetime) -> range:
    elapsed = moment - every.anchor.astimezone(UTC)
    return range(max(elapsed // every.interval + 1, 0))


def _cron_ticks(
    schedule: CronSchedule, *, after: datetime, until: datetime
) -> Iterator[datetime]:
    """Ticks later than `after`, and no search for any beyond `until`."""
    first, _ = shown(schedule.zone, after)
    _, last = shown(schedule.zone, until)
    hours = _hours_from(schedule.cron, first.replace(minute=0, second=0, microsecond=0))
    return _in_order(schedule, takewhile(lambda hour: hour <= last, hours), after)


def _latest_cron_tick(schedule: CronSchedule, at: datetime) -> datetime | None:
    _, last = shown(schedule.zone, at)
    for hour in _hours_back_from(schedule.cron, last):
        reached = [tick for tick in _ticks_of(schedule, hour) if tick <= at]
        if reached:
            # Near a change of the clock, an earlier hour may have a later tick.
            found = max(reached)
            return max(_ticks(schedule, after=found, until=at), default=found)
    return None


def _hours_from(cron: Cron, first: datetime) -> Iterator[datetime]:
    days, hours = dates_from(cron, first.date()), sorted(cron.hours)
    starts = (datetime.combine(day, time(hour)) for day in days for hour in hours)
    return dropwhile(lambda start: start < first, starts)


def _hours_back_from(cron: Cron, last: datetime) -> Iterator[datetime]:
    days, hours = dates_back_from(cron, last.date()), sorted(cron.hours, reverse=True)
    starts = (datetime.combine(day, time(hour)) for day in days for hour in hours)
    return dropwhile(lambda start: start > last, starts)


def _in_order(
    schedule: CronSchedule, hours: Iterable[datetime], after: datetime
) -> Iterator[datetime]:
    """The ticks of these hours that are later than `after`, each once and rising.

    Where a clock changes, the ticks of several hours mingle, and of two days if that is
    at midnight: a tick is let go when none of a later hour can come before it.
    """
    held = set[datetime]()
    for hour in hours:
        begins = min(readings(schedule.zone, hour))
        yield from sorted(tick for tick in held if tick < begins)
        held = {tick for tick in held if tick >= begins}
        held.update(tick for tick in _ticks_of(schedule, hour) if tick > after)
    yield from sorted(held)


def _ticks_of(schedule: CronSchedule, hour: datetime) -> Iterable[datetime]:
    first = readings(schedule.zone, hour)
    last = readings(schedule.zone, hour + 59 * _MINUTE)
    minutes = [minute * _MINUTE for minute in schedule.cron.minutes]
    if first[0] == first[1] and last == (first[0] + 59 * _MINUTE,) * 2:
        return [first[0] + minute for minute in minutes]
    return chain.from_iterable(
        _ticks_near_change(schedule, hour + minute) for minute in minutes
    )


def _ticks_near_change(schedule: CronSchedule, local: datetime) -> tuple[datetime, ...]:
    """The instants that stand for a local time: none, one, or two."""
    before, after = readings(schedule.zone, local)
    if before <= after:  # it exists, once or twice
        return (before, after) if schedule.cron.any_hour else (before,)
    if before - after >= _DAY:  # nor does its date: Samoa had no 30 December 2011
        return ()
    if schedule.cron.any_hour:  # as long after the last tick as ever
        return (before,)
    return (change(schedule.zone, after=after, until=before),)
