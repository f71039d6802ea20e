"""Many ways in which consumption may go on, and when each of them has used all up.

A path is the level, walking at random with heavy tails (Student's t), times weeks that
happened, drawn whole (block bootstrap, Künsch 1989), times the weekly shape. Residuals
drawn day by day would average out and promise far too much.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.domain.forecasting.levels import Level
from agent.domain.forecasting.shapes import DAY, WEEK, Floats, of_days

_PATHS = 400
_FREEDOM = 4  # of Student's t: shifts of level are rare and large
_STEP = float(np.sqrt(7 * (_FREEDOM - 2) / _FREEDOM))  # to a week's variance
_WEEKS_AT_FIRST = 6
_EXTREME = 20.0
_ENOUGH = 0.93  # of the paths; the 90th percentile needs no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What is known of the weeks to come: level, 168 hourly factors, 52 of the season."""

    level: Level
    shape: Floats
    season: Floats

    @property
    def week_sums(self) -> Floats:
        """Level-days in each of the weeks that may be drawn."""
        return self.level.weeks @ of_days(self.shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leg:
    """Some weeks in a row: for each path and week its level, and which week was drawn."""

    first: int
    levels: Floats
    drawn: NDArray[np.int64]


def hours_to_exhaustion(
    outlook: Outlook, remaining: float, *, weeks: int, seed: int
) -> Floats:
    """Sorted, one per path; infinite for paths with calls left after all weeks."""
    left = np.full(_PATHS, remaining)
    passed = np.full(_PATHS, np.inf)
    expected = min(remaining / (7 * outlook.level.per_day), weeks)
    span = int(2 * expected) + _WEEKS_AT_FIRST
    for leg in _legs(outlook, span=span, weeks=weeks, seed=seed):
        used = np.cumsum(leg.levels * outlook.week_sums[leg.drawn], axis=1)
        passed = np.minimum(passed, _passages(outlook, leg, used, left))
        left = left - used[:, -1]
        if np.count_nonzero(left <= 0) > _ENOUGH * _PATHS:
            break
    return np.sort(passed)


def calls_within(outlook: Outlook, days: Sequence[int], *, seed: int) -> Floats:
    """A row per path, a column per number of whole days, at least one.

    The paths are those of `hours_to_exhaustion` with the same seed.
    """
    weeks = -(-max(days) // 7)
    [leg] = _legs(outlook, span=weeks, weeks=weeks, seed=seed)
    factors = outlook.level.weeks[leg.drawn] * of_days(outlook.shape)
    per_day = leg.levels[:, :, None] * factors
    used = np.cumsum(per_day.reshape(_PATHS, 7 * weeks), axis=1)
    return np.asarray(used[:, np.array(days) - 1], np.float64)


def _legs(outlook: Outlook, *, span: int, weeks: int, seed: int) -> Iterator[_Leg]:
    """All weeks, so many at a time."""
    # Week after week, so that a path is the same however far it is followed: more
    # calls left never run out sooner.
    of_level, of_weeks = (np.random.default_rng([seed, which]) for which in range(2))
    level = outlook.level
    start = _mirrored(of_level.standard_normal(_PATHS // 2))
    walked = np.log(level.per_day) + level.uncertainty * start
    for first in range(0, weeks, span):
        some = min(span, weeks - first)
        drawn = of_level.standard_t(_FREEDOM, (some, _PATHS // 2))
        steps = level.drift * _STEP * _mirrored(drawn.T)
        walk = walked[:, None] + np.cumsum(steps, axis=1)
        seasons = outlook.season[np.arange(first, first + some) % 52]
        yield _Leg(
            first=first,
            levels=seasons * np.exp(np.clip(walk - steps / 2, -_EXTREME, 2 * _EXTREME)),
            drawn=of_weeks.integers(len(level.weeks), size=(some, _PATHS)).T,
        )
        walked = walk[:, -1]


def _mirrored(draws: Floats) -> Floats:
    """With every path its opposite, so that the median hardly depends on the seed."""
    return np.concatenate([draws, -draws])


def _passages(outlook: Outlook, leg: _Leg, used: Floats, left: Floats) -> Floats:
    """Hours from now to the passage within this leg, or infinite."""
    passed = np.full(len(left), np.inf)
    paths = np.flatnonzero((left > 0) & (used[:, -1] >= left))
    week = np.argmax(used[paths] >= left[paths, None], axis=1)
    before = np.where(week > 0, used[paths, week - 1], 0.0)
    missing = (left[paths] - before) / leg.levels[paths, week]
    within = _hours_within(outlook, leg.drawn[paths, week], missing)
    passed[paths] = (leg.first + week) * WEEK + within
    return passed


def _hours_within(
    outlook: Outlook, drawn: NDArray[np.int64], missing: Floats
) -> Floats:
    """Where in the drawn weeks so many level-days are used up."""
    days = outlook.level.weeks[drawn]
    used = np.cumsum(days * of_days(outlook.shape), axis=1)
    day = np.argmax(used >= np.minimum(missing, used[:, -1])[:, None], axis=1)
    each = np.arange(len(drawn))
    over = used[each, day] - missing
    hours = outlook.shape.reshape(7, DAY)[day] / DAY * days[each, day][:, None]
    # Backwards from the end of the day that was too long.
    late = np.cumsum(hours[:, ::-1], axis=1)
    hour = np.minimum((late < over[:, None]).sum(axis=1), DAY - 1)
    surplus = late[each, hour] - over
    partial = surplus / np.maximum(hours[each, DAY - 1 - hour], 1e-12)
    passed = np.clip(day * DAY + DAY - 1 - hour + partial, 0, WEEK)
    return np.asarray(passed, np.float64)
