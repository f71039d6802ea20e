"""Which of some sequences asks for a human first."""

from __future__ import annotations

import math

from agent.domain.findings import Severity, worst_severity
from agent.domain.status import SequenceStatus, early_end

_RANKING = (Severity.CRITICAL, Severity.WARNING, None)


def urgency(status: SequenceStatus) -> tuple[int, float, float]:
    """A key to sort by: worst severity, then time left, then used ratio.

    What is not known comes after what is.
    """
    capacity = status.capacity
    end = early_end(status)
    if capacity is not None and capacity.remaining == 0:
        end = 0.0
    return (
        _rank(status),
        math.inf if end is None else end,
        math.inf if capacity is None else -capacity.used_ratio,
    )


def _rank(status: SequenceStatus) -> int:
    return _RANKING.index(worst_severity(status.findings))
