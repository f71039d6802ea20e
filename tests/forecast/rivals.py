"""What others do: each says, in days, when so many calls will be used up."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Mapping

import numpy as np

from agent.domain.forecasting.shapes import DAY, WEEK, Floats

LONGEST = 3653.0
SHORTEST = 1 / 24

Rival = Callable[[Floats, float], float]
"""From calls per hour, the oldest first, and the calls that are left."""


def predict_linear(days: int) -> Rival:
    """Prometheus' function of that name: least squares on the counter itself."""

    def days_left(hourly: Floats, remaining: float) -> float:
        value = np.concatenate([[0.0], np.cumsum(hourly[-days * DAY :])])
        hours = np.arange(len(value)) - len(value) + 1.0
        slope, now = np.polyfit(hours, value, 1)
        if slope <= 0:
            return LONGEST
        return float((value[-1] + remaining - now) / slope / DAY)

    return days_left


def mean_of_28_days(hourly: Floats, remaining: float) -> float:
    rate = float(hourly[-28 * DAY :].mean())
    return remaining / rate / DAY if rate > 0 else LONGEST


def seasonal_naive(hourly: Floats, remaining: float) -> float:
    """Last week, again and again."""
    week = hourly[-WEEK:]
    if not week.any():
        return LONGEST
    whole, rest = divmod(remaining, float(week.sum()))
    return 7 * whole + _passage(week, rest) / DAY


def ets(hourly: Floats, remaining: float) -> float:
    """Damped trend and additive week on daily totals, as statsmodels fits them."""
    smoothing = importlib.import_module("statsmodels.tsa.holtwinters")
    hourly = hourly[len(hourly) % DAY :]
    days = hourly.reshape(-1, DAY).sum(axis=1)[-400:]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = smoothing.ExponentialSmoothing(
            days,
            trend="add",
            damped_trend=True,
            seasonal="add",
            seasonal_periods=7,
            initialization_method="estimated",
        )
        ahead = np.maximum(model.fit().forecast(400), 0.0)
    return _passage(np.asarray(ahead, np.float64), remaining)


def _passage(counts: Floats, remaining: float) -> float:
    """After how many of the steps all is used; beyond them at the mean of the last."""
    used = np.cumsum(counts)
    if used[-1] < remaining:
        rate = float(counts[-7:].mean())
        return len(used) + (remaining - float(used[-1])) / rate if rate > 0 else LONGEST
    step = int(np.searchsorted(used, remaining))
    missing = remaining - (float(used[step - 1]) if step else 0.0)
    return step + missing / float(counts[step]) if counts[step] > 0 else float(step)


RIVALS: Mapping[str, Rival] = {
    "`predict_linear` over 1 d": predict_linear(1),
    "`predict_linear` over 7 d": predict_linear(7),
    "mean of 28 days": mean_of_28_days,
    "seasonal naive (last week)": seasonal_naive,
    "ETS (statsmodels)": ets,
}
