"""When a sequence runs out, from how it was consumed.

Time to exhaustion is the first passage of the remaining calls by simulated consumption;
docs/forecast.md tells the method in plain words, docs/benchmarks.md how good it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np

from agent.domain.forecasting.levels import level
from agent.domain.forecasting.paths import Outlook, calls_within, hours_to_exhaustion
from agent.domain.forecasting.scoring import HORIZONS, Stretch
from agent.domain.forecasting.shapes import (
    DAY,
    WEEK,
    Floats,
    expected_days,
    season,
    weekly_shape,
)

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

    None stands for later than `HORIZON`, or never; of the rate, for not known yet.
    """

    state: State
    rate_per_second: float | None
    p10_seconds: float | None = None
    p50_seconds: float | None = None
    p90_seconds: float | None = None


def forecast(
    history: History, remaining: int, *, seed: int, stretch: Stretch | None = None
) -> Forecast:
    """The same history, remaining calls, seed and stretch give the same answer."""
    told = screened(history, remaining)
    if told is not None:
        return told
    return simulated(history, remaining, seed=seed, stretch=stretch)


def screened(history: History, remaining: int) -> Forecast | None:
    """What can be told without a simulation; None where the end may be near."""
    known = _known(history)
    rate = float(known[-WEEK:].mean()) / 3600 if len(known) else None
    if remaining <= 0:
        return _exhausted(rate)
    state = _without_simulation(history, known, _observed_hours(history), remaining)
    if state is None:
        return None
    return Forecast(state=state, rate_per_second=0.0 if state is State.IDLE else rate)


def simulated(
    history: History, remaining: int, *, seed: int, stretch: Stretch | None = None
) -> Forecast:
    """The forecast of a history of which `screened` can tell nothing."""
    outlook = _outlook(history, _observed_hours(history))
    hours = hours_to_exhaustion(outlook, remaining, weeks=_HORIZON_WEEKS, seed=seed)
    early, likely, late = (_seconds(hours, share) for share in (0.1, 0.5, 0.9))
    told = Forecast(
        state=State.BEYOND_HORIZON if early is None else State.OK,
        rate_per_second=outlook.level.per_day / DAY / 3600,
        p10_seconds=early,
        p50_seconds=likely,
        p90_seconds=late,
    )
    return told if stretch is None else _stretched(told, stretch)


def unmoved(known_for: timedelta, remaining: int) -> Forecast:
    """What is said of a sequence that was never seen to move; it needs no history."""
    if remaining <= 0:
        return _exhausted(None)
    if known_for >= timedelta(hours=_ENOUGH_HOURS):
        return Forecast(state=State.IDLE, rate_per_second=0.0)
    return Forecast(state=State.INSUFFICIENT_DATA, rate_per_second=None)


def _exhausted(rate: float | None) -> Forecast:
    return Forecast(
        state=State.EXHAUSTED,
        rate_per_second=rate,
        p10_seconds=0.0,
        p50_seconds=0.0,
        p90_seconds=0.0,
    )


def forecasts(
    histories: Sequence[History],
    remaining: Sequence[int],
    *,
    seeds: Sequence[int],
    stretch: Stretch | None = None,
) -> tuple[Forecast, ...]:
    """Many at once; only those at risk cost more than a look."""
    return tuple(
        forecast(history, left, seed=seed, stretch=stretch)
        for history, left, seed in zip(histories, remaining, seeds, strict=True)
    )


def predictions(
    history: History, *, seed: int
) -> Mapping[int, tuple[float, float, float]] | None:
    """For each of `HORIZONS` p10, p50 and p90 of the calls in so many days to come.

    None where too little is known, or nothing moves. They are of the paths that
    `forecast` follows with this seed, and never stretched: what is learned from them
    would else be learned from itself.
    """
    observed = _observed_hours(history)
    if observed < _ENOUGH_HOURS or _idle(history, _known(history), observed):
        return None
    calls = calls_within(_outlook(history, observed), HORIZONS, seed=seed)
    low, middle, high = np.quantile(calls, (0.1, 0.5, 0.9), axis=0).tolist()
    return dict(zip(HORIZONS, zip(low, middle, high, strict=True), strict=True))


def _known(history: History) -> Floats:
    return history.hourly[~np.isnan(history.hourly)]


def _observed_hours(history: History) -> int:
    days = int(np.count_nonzero(~np.isnan(history.daily)))
    return len(_known(history)) + DAY * days


def _without_simulation(
    history: History, known: Floats, observed: int, remaining: int
) -> State | None:
    if _idle(history, known, observed):
        return State.IDLE
    if observed < _ENOUGH_HOURS and not _cannot_wait(known, remaining):
        return State.INSUFFICIENT_DATA
    if known[-WEEK:].any():
        generous = _GENEROUS * max(
            float(known[-hours:].mean()) for hours in (DAY, WEEK, 4 * WEEK)
        )
        beyond = remaining > generous * _HORIZON_HOURS
        return State.BEYOND_HORIZON if beyond else None
    return None


def _cannot_wait(known: Floats, remaining: int) -> bool:
    """Whether the end seems nearer than a history long enough to tell is."""
    if not known.any():
        return False
    return remaining / float(known.mean()) < _CANNOT_WAIT_HOURS


def _idle(history: History, known: Floats, observed: int) -> bool:
    return not known[-WEEK:].any() and _silent(history, observed)


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


def _seconds(hours: Floats, share: float) -> float | None:
    passed = float(hours[int(share * len(hours))])
    return passed * 3600 if passed <= _HORIZON_HOURS else None


def _stretched(told: Forecast, stretch: Stretch) -> Forecast:
    """With the interval stretched around its median, on the scale of logarithms.

    A median later than `HORIZON` is taken to lie there.
    """
    latest = HORIZON.total_seconds()
    middle = latest if told.p50_seconds is None else told.p50_seconds
    more = stretch.at(middle / 86_400) - 1

    def moved(edge: float | None) -> float | None:
        if not edge or not middle:
            return edge
        away = edge * (edge / middle) ** more
        return away if away <= latest else None

    return replace(
        told, p10_seconds=moved(told.p10_seconds), p90_seconds=moved(told.p90_seconds)
    )


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


def _outlook(history: History, observed: int) -> Outlook:
    hourly, daily = _filled(history.hourly), _without_gaps(history.daily)
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
