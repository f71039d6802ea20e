"""What would have been predicted of a counter, held against what then came.

As the agent would have done it: once a day, from what came before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from agent.domain.consumption.buckets import DAYS_KEPT_FOR, HOURS_KEPT_FOR
from agent.domain.forecasting.forecast import History, predictions
from agent.domain.forecasting.increments import Consumption, steady
from agent.domain.forecasting.scoring import HORIZONS, Prediction, memory
from agent.domain.forecasting.shapes import DAY, Floats

LEAST_DAYS = 3  # two to learn from, one to hold against it

_HOURS_KEPT = HOURS_KEPT_FOR // timedelta(hours=1)
# Outcomes of predictions that were made earlier count for no horizon.
_DAYS_THAT_COUNT = max(memory(each).days + each for each in HORIZONS)


def hourly_calls(consumed: Consumption) -> Floats:
    """Calls per hour, jumps included, for they came too."""
    hourly = consumed.hourly.copy()
    for event in consumed.events:
        hour = -(-(event.at - consumed.start) // timedelta(hours=1)) - 1
        if 0 <= hour < len(hourly):
            hourly[hour] += event.count
    return hourly


def origins(hours: int) -> Sequence[int]:
    """After how many hours to predict: a whole number of days before the end.

    >>> origins(100)
    [52, 76]
    """
    days = min(hours // DAY - LEAST_DAYS + 1, _DAYS_THAT_COUNT)
    return [hours - DAY * day for day in range(days, 0, -1)]


def outcomes(
    consumed: Consumption, hourly: Floats, origin: int, *, seed: int
) -> Iterator[Prediction]:
    """What would have been predicted after so many hours, as far as its day has come."""
    history = _history(consumed, hourly, origin)
    found = predictions(history, seed=seed) or {}
    for horizon, (p10, p50, p90) in found.items():
        end = origin + DAY * horizon
        if end <= len(hourly):
            yield Prediction(
                schema="",
                name="",
                made_at=history.end,
                horizon=horizon,
                consumed=0,
                p10=p10,
                p50=p50,
                p90=p90,
                actual=round(float(hourly[origin:end].sum())),
            )


def _history(consumed: Consumption, hourly: Floats, origin: int) -> History:
    """What the agent would have kept by then."""
    first = max(origin - _HOURS_KEPT, 0)
    days = min(first // DAY, DAYS_KEPT_FOR.days)
    return History(
        start=consumed.start + timedelta(hours=first),
        hourly=steady(hourly[first:origin]),
        daily=hourly[first - DAY * days : first].reshape(-1, DAY).sum(axis=1),
    )
