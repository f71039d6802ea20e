"""Eight weeks of a hundred calls an hour."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from agent.domain.forecasting.forecast import Forecast
from agent.domain.forecasting.shapes import WEEK

START = datetime(2026, 1, 1, tzinfo=UTC)
STEADY = np.full(8 * WEEK, 100.0)


def seconds(told: Forecast) -> tuple[float, float, float]:
    assert told.p10_seconds is not None
    assert told.p50_seconds is not None
    assert told.p90_seconds is not None
    return told.p10_seconds, told.p50_seconds, told.p90_seconds
