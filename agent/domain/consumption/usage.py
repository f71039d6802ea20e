"""What is said of how a sequence is consumed, and of when it runs out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from agent.domain.consumption.steps import Reason
from agent.domain.forecasting.forecast import Forecast

HOUR = "1h"
"""The shortest window of a rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Consumption since the agent first saw the sequence.

    `per_second` are rates by the name of their window; None is not known yet.
    `recent_per_second` is that of the last minutes. `outlook` counts from the same
    moment as the rest; None where the sequence could not be read.
    """

    consumed: int
    resets: Mapping[Reason, int]
    per_second: Mapping[str, float | None]
    recent_per_second: float | None
    outlook: Forecast | None


def aged(forecast: Forecast, seconds: float) -> Forecast:
    """The forecast as it reads so much later, if nothing unexpected came in between."""
    return replace(
        forecast,
        p10_seconds=_sooner(forecast.p10_seconds, seconds),
        p50_seconds=_sooner(forecast.p50_seconds, seconds),
        p90_seconds=_sooner(forecast.p90_seconds, seconds),
    )


def _sooner(seconds: float | None, by: float) -> float | None:
    return None if seconds is None else max(seconds - by, 0.0)
