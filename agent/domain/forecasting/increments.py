"""From where a counter stood to how much was consumed in each hour.

A fall is a restart, a lone jump is no rate, and what happened in a gap is spread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from agent.domain.forecasting.shapes import Floats

_HOUR = 3600.0
_DAY = 24 * _HOUR
_BLOCKS_AT_LEAST = 8
_UNUSUAL = 10  # median absolute deviations


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a counter stood."""

    at: datetime
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A jump that used up capacity but tells nothing of the rate."""

    at: datetime
    count: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Consumption:
    """Calls per hour, the oldest first; the last hour ends with the last position."""

    start: datetime
    hourly: Floats
    resets: int
    events: tuple[Event, ...]


def consumption(positions: Sequence[Position]) -> Consumption:
    """Of at least two positions at different times, in the order of time."""
    ends = np.array([(p.at - positions[0].at).total_seconds() for p in positions])
    steps = [later.value - earlier.value for earlier, later in pairwise(positions)]
    bounds = _bounds(np.array([max(step, 0) for step in steps], np.float64), ends)
    counts = [
        _counted(step, later.value, bound)
        for step, later, bound in zip(steps, positions[1:], bounds, strict=True)
    ]
    amounts = np.array(counts, np.float64)
    usual, lone = _without_jumps(amounts, ends, bounds)
    events = tuple(
        Event(at=positions[i + 1].at, count=counts[i])
        for i in map(int, np.flatnonzero(lone))
    )
    hourly = _per(_HOUR, usual, ends)
    return Consumption(
        start=positions[-1].at - timedelta(hours=len(hourly)),
        hourly=hourly,
        resets=sum(step < 0 for step in steps),
        events=events,
    )


def steady(hourly: Floats) -> Floats:
    """Calls per hour without the lone jumps, which tell nothing of the rate."""
    ends = np.arange(len(hourly) + 1, dtype=np.float64) * _HOUR
    bounds = _bounds(hourly, ends)
    return _without_jumps(hourly, ends, bounds)[0] if len(hourly) else hourly


def _without_jumps(
    amounts: Floats, ends: Floats, bounds: Floats
) -> tuple[Floats, NDArray[np.bool_]]:
    """Amounts with the usual in place of lone jumps, and where those were."""
    lone = (amounts > bounds) & _without_like(amounts)
    if not lone.any():
        return amounts, lone
    return np.where(
        lone, np.minimum(amounts, _usual(amounts, ends, lone)), amounts
    ), lone


def _counted(step: int, value: int, bound: float) -> int:
    """Calls of one step; after a fall those since the restart.

    A value too high for the time since then was set: where from is not known.
    """
    if step >= 0:
        return step
    return value if 0 <= value <= bound else 0


def _bounds(amounts: Floats, ends: Floats) -> Floats:
    """What each step may bring and still be consumption, from the usual days."""
    block = _block(ends)
    if not block:
        return np.full(len(amounts), np.inf)
    blocks = _per(block, amounts, ends)
    median = float(np.median(blocks))
    spread = 1.4826 * float(np.median(np.abs(blocks - median)))
    bound = median + _UNUSUAL * max(spread, median / 2)
    return np.asarray(bound * np.maximum(np.diff(ends) / block, 1), np.float64)


def _block(ends: Floats) -> float:
    """A day, or an eighth of a short history; 0 where too few steps say what is usual."""
    if len(ends) <= _BLOCKS_AT_LEAST:
        return 0.0
    return min(_DAY, float(ends[-1]) / _BLOCKS_AT_LEAST)


def _without_like(amounts: Floats) -> NDArray[np.bool_]:
    """Whether no other step brought about as much: what came twice is a habit."""
    ranked = np.sort(amounts)
    first = np.searchsorted(ranked, amounts / 2, side="left")
    last = np.searchsorted(ranked, amounts * 2, side="right")
    return np.asarray(last - first == 1, np.bool_)


def _usual(amounts: Floats, ends: Floats, lone: NDArray[np.bool_]) -> Floats:
    """What each step would have brought at the median rate of the others."""
    if lone.all():
        return np.zeros(len(amounts))
    rates = amounts / np.diff(ends)
    return np.asarray(np.diff(ends) * np.median(rates[~lone]), np.float64)


def _per(unit: float, amounts: Floats, ends: Floats) -> Floats:
    """Amounts in whole units of time up to the end, each spread over its step."""
    total = np.concatenate([[0.0], np.cumsum(amounts)])
    units = int(ends[-1] / unit + 1e-9)
    edges = ends[-1] - unit * np.arange(units, -1, -1)
    return np.diff(np.interp(edges, ends, total))
