"""When a sequence runs out, from how it was consumed.

Time to exhaustion is the first passage of the remaining calls by simulated consumption;
docs/forecast.md tells the method in plain words, docs/benchmarks.md how good it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np

from agent.domain.levels import level
from agent.domain.paths import Outlook, hours_to_exhaustion
from agent.domain.shapes import DAY, WEEK, Floats, expected_days, season, weekly_shape

HORIZON = timedelta(days=3653)

_HORIZON_WEEKS = 522
_HORIZON_HOURS = HORIZON / timedelta(hours=1)
_GENEROUS = 10  # times the busiest of the recent rates
_HOURS_KEPT = 8 * WEEK
_DAYS_KEPT = 420
_ENOUGH_HOURS = 2 * DAY
_CANNOT_WAIT_HOURS = WEEK


class State(StrEnum):
    """What kind of answer a forecast is."""

    OK = "ok"
    IDLE = "idle"
    INSUFFICIENT_DATA = "insufficient_data"
    BEYOND_HORIZON = "beyond_horizon"
    EXHAUSTED = "exhausted"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """Calls per hour from `start` until now, NaN where it is not known.

    `daily` are the totals of the days before `start`, as far as they are known. Both
    begin with the oldest.
    """

    start: datetime
    hourly: Floats
    daily: Floats = field(default_factory=lambda: np.empty(0))

    @property
    def end(self) -> datetime:
        return self.start + timedelta(hours=len(self.hourly))


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Seconds until nothing is left: early (p10), likely, late (p90).

    None stands for later than `HORIZON`, or never.
    """

    state: State
    rate_per_second: float
    p10_seconds: float | None = None
    p50_seconds: float | None = None
    p90_seconds: float | None = None


def forecast(history: History, remaining: int, *, seed: int) -> Forecast:
    """The same history, remaining calls and seed give the same answer."""
    known = history.hourly[~np.isnan(history.hourly)]
    rate = float(known[-WEEK:].mean()) / 3600 if len(known) else 0.0
    if remaining <= 0:
        return Forecast(
            state=State.EXHAUSTED,
            rate_per_second=rate,
            p10_seconds=0.0,
            p50_seconds=0.0,
            p90_seconds=0.0,
        )
    observed = len(known) + DAY * int(np.count_nonzero(~np.isnan(history.daily)))
    state = _without_simulation(history, known, observed, remaining)
    if state is None:
        return _simulated(history, remaining, seed=seed, observed=observed)
    return Forecast(state=state, rate_per_second=0.0 if state is State.IDLE else rate)


def forecasts(
    histories: Sequence[History], remaining: Sequence[int], *, seeds: Sequence[int]
) -> tuple[Forecast, ...]:
    """Many at once; only those at risk cost more than a look."""
    cases = zip(histories, remaining, seeds, strict=True)
    return tuple(forecast(history, left, seed=seed) for history, left, seed in cases)


def _without_simulation(
    history: History, known: Floats, observed: int, remaining: int
) -> State | None:
    if not known.any() and _silent(history, observed):
        return State.IDLE
    if observed < _ENOUGH_HOURS and not _cannot_wait(known, remaining):
        return State.INSUFFICIENT_DATA
    if known[-WEEK:].any():
        generous = _GENEROUS * max(
            float(known[-hours:].mean()) for hours in (DAY, WEEK, 4 * WEEK)
        )
        beyond = remaining > generous * _HORIZON_HOURS
        return State.BEYOND_HORIZON if beyond else None
    return State.IDLE if _silent(history, observed) else None


def _cannot_wait(known: Floats, remaining: int) -> bool:
    """Whether the end seems nearer than a history long enough to tell is."""
    if not known.any():
        return False
    return remaining / float(known.mean()) < _CANNOT_WAIT_HOURS


def _silent(history: History, observed: int) -> bool:
    """Whether it has been still for a week, and twice as long as ever before.

    What moves once a month is not idle in between.
    """
    moved_days = np.flatnonzero(history.daily > 0) * DAY
    moved_hours = len(history.daily) * DAY + np.flatnonzero(history.hourly > 0)
    moved = np.concatenate([moved_days, moved_hours])
    if not len(moved):
        return observed >= _ENOUGH_HOURS
    length = len(history.daily) * DAY + len(history.hourly)
    pauses = np.diff(moved)
    longest = int(pauses.max()) if len(pauses) else 0
    return bool(length - 1 - moved[-1] >= max(WEEK, 2 * longest))


def _simulated(
    history: History, remaining: int, *, seed: int, observed: int
) -> Forecast:
    daily = _without_gaps(history.daily)
    outlook = _outlook(_filled(history.hourly), daily, observed)
    hours = hours_to_exhaustion(outlook, remaining, weeks=_HORIZON_WEEKS, seed=seed)
    early, likely, late = (_seconds(hours, share) for share in (0.1, 0.5, 0.9))
    return Forecast(
        state=State.BEYOND_HORIZON if early is None else State.OK,
        rate_per_second=outlook.level.per_day / DAY / 3600,
        p10_seconds=early,
        p50_seconds=likely,
        p90_seconds=late,
    )


def _seconds(hours: Floats, share: float) -> float | None:
    passed = float(hours[int(share * len(hours))])
    return passed * 3600 if passed <= _HORIZON_HOURS else None


def _without_gaps(daily: Floats) -> Floats:
    unknown = np.isnan(daily)
    if not unknown.any():
        return daily
    usual = 0.0 if unknown.all() else float(np.nanmedian(daily))
    return np.where(unknown, usual, daily)


def _filled(hourly: Floats) -> Floats:
    """What is not known is taken to be as usual in that hour of the week."""
    unknown = np.isnan(hourly)
    if not unknown.any():
        return hourly
    filled = hourly.copy()
    for hour in np.unique(np.flatnonzero(unknown) % WEEK):
        alike = hourly[hour::WEEK]
        seen = alike[~np.isnan(alike)]
        usual = np.median(seen) if len(seen) else np.nanmean(hourly)
        filled[hour::WEEK] = np.where(np.isnan(alike), usual, alike)
    return filled


def _outlook(hourly: Floats, daily: Floats, observed: int) -> Outlook:
    if len(hourly) < DAY:
        hourly = np.full(DAY, hourly.mean())
    hourly = hourly[len(hourly) % DAY :]
    days = np.concatenate([daily, hourly.reshape(-1, DAY).sum(axis=1)])[-_DAYS_KEPT:]
    shape = weekly_shape(hourly[-_HOURS_KEPT:])
    expected = expected_days(shape, len(days))
    return Outlook(
        level=level(days, expected, seen_days=observed / DAY),
        shape=shape,
        season=season(days),
    )
