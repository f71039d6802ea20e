"""What repeats in consumption: hours of the day, days of the week, the season.

A day here is 24 hours that end with the history, whatever the calendar says, so that
position 0 of a weekly shape is the first hour to come.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DAY = 24
WEEK = 7 * DAY

_TYPICAL_OF = 4  # weeks: enough for a median, few enough to follow new habits
_LEAST = 0.01
_YEAR = 364  # whole weeks, so that days of the week meet their like
_YEAR_TRUST = 0.5  # one year alone cannot tell a season from an accident
_SMOOTHING = 21  # days


def weekly_shape(hourly: Floats) -> Floats:
    """168 factors around 1; of the day alone, or flat, where the history is short."""
    weeks = min(len(hourly) // WEEK, _TYPICAL_OF)
    if weeks < 2:
        return _daily_shape(hourly)
    recent = hourly[-weeks * WEEK :].reshape(weeks, 7, DAY)
    within_days = _raised(np.median(_shares(recent), axis=0))
    return np.ravel(_weekdays(recent.sum(axis=2))[:, None] * within_days)


def _daily_shape(hourly: Floats) -> Floats:
    days = hourly.reshape(-1, DAY)[-7:]
    if len(days) < 2:
        return np.ones(WEEK)
    return np.tile(_raised(_shares(days).mean(axis=0)), 7)


def _weekdays(weeks: Floats) -> Floats:
    """The typical week, believed as far as the weeks agree (James and Stein)."""
    shares = _shares(weeks)
    typical = np.median(shares, axis=0)
    noise = float(np.mean((shares - typical) ** 2)) / (len(shares) - 1)
    signal = max(float(np.var(typical)) - noise, 0.0)
    trust = signal / (signal + noise) if signal else 0.0
    return _raised(1 + trust * (typical - 1))


def _shares(rows: Floats) -> Floats:
    """Each row divided by its mean; a row of nothing is flat."""
    means = rows.mean(axis=-1, keepdims=True)
    return np.where(means > 0, rows / np.where(means > 0, means, 1), 1)


def _raised(rows: Floats) -> Floats:
    """Around 1 again, and never without anything: time has to pass in every hour."""
    raised = np.maximum(rows, _LEAST)
    return np.asarray(raised / raised.mean(axis=-1, keepdims=True), np.float64)


def of_days(shape: Floats) -> Floats:
    """The seven daily factors of a weekly shape."""
    return np.asarray(shape.reshape(7, DAY).mean(axis=1), np.float64)


def expected_days(shape: Floats, days: int) -> Floats:
    """The factors of so many days up to now."""
    repeated = np.tile(of_days(shape), days // 7 + 1)
    return repeated[len(repeated) - days :]


def season(per_day: Floats) -> Floats:
    """Factors on the level for the next 52 weeks, from what followed a year ago.

    Ones where there are not thirteen months to learn from.
    """
    if len(per_day) < _YEAR + _SMOOTHING:
        return np.ones(52)
    total = np.cumsum(np.concatenate([[0.0], per_day]))
    now = len(per_day) - _YEAR
    middles = now + 7 * np.arange(-1, 53) - 3  # of the last week, and of those to come
    first = np.maximum(middles - _SMOOTHING // 2, 0)
    last = np.minimum(middles + _SMOOTHING // 2 + 1, len(per_day))
    around = np.maximum((total[last] - total[first]) / (last - first), 1e-9)
    change = np.clip(around[2:] / around[0], 0.5, 2.0)
    return np.asarray(change**_YEAR_TRUST, np.float64)
