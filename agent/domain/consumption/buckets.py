"""Calls in each hour of the last weeks and each day before; only of days that moved.

Hours and days are those of UTC, counted from 1970.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from agent.domain.forecasting.forecast import History
from agent.domain.forecasting.shapes import DAY, Floats

HOURS_KEPT_FOR = timedelta(weeks=8)
DAYS_KEPT_FOR = timedelta(days=400)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AN_HOUR, _A_DAY = timedelta(hours=1), timedelta(days=1)

Hours = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DayCalls:
    """A day's calls, and those of its 24 hours as long as they are kept."""

    day: int
    calls: int
    hours: Hours | None


class Buckets:
    """Counts calls by hour, from `since` on; what is not in them is 0."""

    __slots__ = ("_days", "_touched", "since")

    def __init__(self, since: datetime, days: Iterable[DayCalls] = ()) -> None:
        self.since = since
        self._days: dict[int, Hours | int] = {
            each.day: each.calls if each.hours is None else each.hours for each in days
        }
        self._touched: set[int] = set()

    def add(self, calls: int, *, start: datetime, end: datetime) -> None:
        """Spread calls evenly from `start` to `end`; all to the end if that is earlier.

        Clocks step back, and the total stays exact.
        """
        first, last = hour_of(start), hour_of(end)
        if first >= last:
            self._put(last, calls)
            return
        done = 0
        for hour in range(first, last + 1):
            share = (start_of(hour + 1) - start) / (end - start)
            so_far = calls if hour == last else int(calls * share)
            self._put(hour, so_far - done)
            done = so_far

    @property
    def empty(self) -> bool:
        """Whether nothing was counted, as far as it is kept."""
        return not self._days

    def calls_since(self, hour: int, *, until: int) -> int:
        """Calls in the hours from `hour` up to and with `until`."""
        if self._days.keys().isdisjoint(range(hour // DAY, until // DAY + 1)):
            return 0  # as most of the time for most sequences
        return int(self._hourly(hour, until + 1).sum())

    def history(self, now: datetime) -> History:
        """Whole hours up to the last one that has ended, and the whole days before."""
        end = hour_of(now)
        first = -(-(self.since - _EPOCH) // _AN_HOUR)
        kept = hour_of(now - HOURS_KEPT_FOR) // DAY * DAY
        start = min(max(first, kept), end)
        earliest = max(-(-first // DAY), day_of(now - DAYS_KEPT_FOR))
        return History(
            start=start_of(start),
            hourly=self._hourly(start, end).astype(np.float64),
            daily=self._daily(earliest, start // DAY),
        )

    def touched(self) -> tuple[DayCalls, ...]:
        """The days that changed since this was last asked."""
        days = tuple(
            self._day(day) for day in sorted(self._touched & self._days.keys())
        )
        self._touched.clear()
        return days

    def touch(self, days: Iterable[int]) -> None:
        """Let `touched` name these again, for they could not be written."""
        self._touched.update(days)

    def fold(self, now: datetime, *, keep: timedelta = DAYS_KEPT_FOR) -> None:
        """Keep hours and days no longer than they are of use."""
        hourly_from, daily_from = day_of(now - HOURS_KEPT_FOR), day_of(now - keep)
        for day in [d for d in self._days if d < hourly_from]:
            if day < daily_from:
                del self._days[day]
            else:
                self._days[day] = self._total(day)

    def merge(self, other: Buckets) -> None:
        """Take over what the other counted."""
        for day in other._days:
            hours = other._days[day]
            if isinstance(hours, int):
                self._days[day] = self._total(day) + hours
            else:
                for hour in np.flatnonzero(hours):
                    self._put(day * DAY + int(hour), int(hours[hour]))
            self._touched.add(day)

    def _put(self, hour: int, calls: int) -> None:
        if not calls:
            return
        day, hour_of_day = divmod(hour, DAY)
        hours = self._days.get(day)
        if isinstance(hours, int):  # a clock that is months behind
            self._days[day] = hours + calls
        else:
            if hours is None:
                self._days[day] = hours = np.zeros(DAY, np.int64)
            hours[hour_of_day] += calls
        self._touched.add(day)

    def _total(self, day: int) -> int:
        hours = self._days.get(day, 0)
        return hours if isinstance(hours, int) else int(hours.sum())

    def _day(self, day: int) -> DayCalls:
        hours = self._days[day]
        if isinstance(hours, int):
            return DayCalls(day=day, calls=hours, hours=None)
        return DayCalls(day=day, calls=int(hours.sum()), hours=hours.copy())

    def _hourly(self, start: int, end: int) -> Hours:
        """Calls in the hours from `start` up to `end`, which is not one of them."""
        first, last = start // DAY, -(-end // DAY)
        still = np.zeros(DAY, np.int64)
        days = [self._days.get(day, 0) for day in range(first, last)]
        hours = [still if isinstance(each, int) else each for each in days]
        joined = np.concatenate(hours or [still])
        return joined[start - first * DAY : end - first * DAY]

    def _daily(self, first: int, end: int) -> Floats:
        return np.array([self._total(day) for day in range(first, end)], np.float64)


def hour_of(at: datetime) -> int:
    return (at - _EPOCH) // _AN_HOUR


def day_of(at: datetime) -> int:
    return (at - _EPOCH) // _A_DAY


def start_of(hour: int) -> datetime:
    return _EPOCH + hour * _AN_HOUR
