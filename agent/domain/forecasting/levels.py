"""How fast a sequence is consumed now, and how far off such statements were before.

Several memories, short and long, look at the same days. Each is believed by how well
it would have told every past week from what came before it (Bates and Granger 1969),
and their common error in those weeks says how unsteady the level is. What is learned
from few weeks is drawn to what is typical (James and Stein 1961).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from agent.domain.forecasting.shapes import Floats

_DAYS = 112
_HALF_LIVES = np.array([2.0, 4.0, 8.0, 16.0, 32.0])  # days
_TYPICAL_DRIFT = 0.05
_TYPICAL_COUNTS_AS = 2  # weeks
_WORST_ERROR = 3.0  # of a logarithm: one wild week is not to decide
_WILDEST_DRIFT = 0.15  # what changes more is noise, and the weeks show it
_BURST = 4  # times the median of its week
_SAME_ERROR = 0.1  # errors below it do not tell memories apart
_FIRST_DAY_TELLS = 0.3
_NOTHING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Calls a day, and the standard deviations of its logarithm.

    `uncertainty` is that of today's level, `drift` what each further day adds. `weeks`
    are rows of seven factors: how days came out beside the level of their time.
    """

    per_day: float
    uncertainty: float
    drift: float
    weeks: Floats


def level(per_day: Floats, factors: Floats, *, seen_days: float) -> Level:
    """From daily totals, the last of them yesterday's, and the shape they should have."""
    days = per_day[-_DAYS:]
    expected = factors[-_DAYS:]
    estimates = _estimates(days, expected)
    errors = _past_errors(days, estimates)
    weights = _weights(errors)
    weeks = _weeks(days, expected)
    memory = float(weights @ _HALF_LIVES) / np.log(2)
    drift = _drift(weights @ errors, weeks, memory=memory)
    # A random walk seen through a memory of n days is lost by n of its steps.
    lost = drift**2 * memory
    views = np.log(estimates[:, -1])
    view = float(weights @ views)
    disagreement = float(weights @ (views - view) ** 2)
    few = _FIRST_DAY_TELLS**2 / seen_days
    return Level(
        # What is used up on average: the mean of a lognormal, above its median.
        per_day=float(np.exp(view + lost / 2)),
        uncertainty=float(np.sqrt(lost + disagreement + few)),
        drift=drift,
        weeks=weeks,
    )


def _estimates(days: Floats, expected: Floats) -> Floats:
    """A row per memory, a column per day: the level as of the end of that day."""
    decay = _decay(len(days))
    return np.maximum((decay @ _tamed(days)) / (decay @ expected), _NOTHING)


@lru_cache(maxsize=_DAYS)
def _decay(days: int) -> Floats:
    """For each memory and day, how much it keeps of every day up to then."""
    age = np.subtract.outer(np.arange(days), np.arange(days))
    kept = np.exp2(-np.maximum(age, 0) / _HALF_LIVES[:, None, None])
    return np.where(age >= 0, kept, 0.0)


def _tamed(days: Floats) -> Floats:
    """The one burst without precedent counts no more than what was seen before.

    A burst that came twice is a habit, such as the run at the end of each month.
    """
    if len(days) < 14:
        return days
    windows = np.lib.stride_tricks.sliding_window_view(days, 7)
    middle = np.clip(np.arange(len(days)) - 3, 0, len(windows) - 1)
    usual = _BURST * np.median(windows, axis=1)[middle]
    elsewhere = np.zeros(len(days))
    elsewhere[7:] = np.maximum.accumulate(days)[:-7]
    later = np.maximum.accumulate(days[::-1])[::-1]
    elsewhere[:-7] = np.maximum(elsewhere[:-7], later[7:])
    return np.minimum(days, np.maximum(usual, elsewhere))


def _past_errors(days: Floats, estimates: Floats) -> Floats:
    """Logarithms of each estimate over the seven days that followed it."""
    first = min(7, len(days))
    total = np.cumsum(np.concatenate([[0.0], days]))
    followed = np.maximum((total[first + 7 :] - total[first:-7]) / 7, _NOTHING)
    then = estimates[:, first - 1 : first - 1 + len(followed)]
    errors = np.clip(np.log(then / followed), -_WORST_ERROR, _WORST_ERROR)
    return np.asarray(errors, np.float64)


def _weights(errors: Floats) -> Floats:
    if errors.shape[1] == 0:
        return np.full(len(errors), 1 / len(errors))
    independent = errors.shape[1] / 7
    typical = np.mean(errors**2, axis=1) + _SAME_ERROR**2
    merit = -0.5 * independent * np.log(typical)
    weights = np.exp(merit - merit.max())
    return np.asarray(weights / weights.sum(), np.float64)


def _weeks(days: Floats, expected: Floats) -> Floats:
    """Every seven days in a row, beside the level of the three weeks around them.

    What they come to is 1 on average, or the level would count twice what it knows.
    """
    if len(days) < 14:
        return np.ones((1, 7))
    starts = np.arange(len(days) - 6)[:, None]
    # Whichever day a week began with, its Mondays stand where Mondays do.
    chosen = starts + (len(days) + np.arange(7) - starts) % 7
    around = _moving_sums(days) / _moving_sums(expected)
    middle = np.clip(starts[:, 0] - 7, 0, len(around) - 1)
    then = np.maximum(around[middle], _NOTHING)
    relative = (days / expected)[chosen] / then[:, None]
    shape = expected[chosen]
    mean = float(np.mean(relative * shape))
    return relative / mean if mean else np.ones((1, 7))


def _moving_sums(values: Floats) -> Floats:
    size = min(21, len(values))
    return np.convolve(values, np.ones(size), mode="valid")


def _drift(errors: Floats, weeks: Floats, *, memory: float) -> float:
    """The daily step of a random walk that explains the errors that noise does not."""
    independent = len(errors) / 7
    noise = float(np.var(np.log(np.maximum(weeks.mean(axis=1), 0.05))))
    squared = float(np.mean(errors**2)) if len(errors) else 0.0
    # Of a walk, seven thirds of a step are in the mean of the week that followed.
    own = max(squared - noise, 0.0) / (memory + 7 / 3)
    known = independent + _TYPICAL_COUNTS_AS
    mixed = independent * own + _TYPICAL_COUNTS_AS * _TYPICAL_DRIFT**2
    return min(float(np.sqrt(mixed / known)), _WILDEST_DRIFT)
