"""The calls of a day's 24 hours as text: it stays small, and SQL can split it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agent.domain.consumption.buckets import Hours
from agent.domain.forecasting.shapes import DAY


def text_of(hours: Hours) -> str:
    """All 24, the first one before the others.

    >>> text_of(np.arange(24))
    '0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23'
    """
    return ",".join(map(str, hours.tolist()))


def hours_of(texts: Sequence[str]) -> Hours:
    """A row of 24 for each text; ValueError if one is not that.

    All in one go: one by one, a hundred thousand days would take seconds.
    """
    if not texts:
        return np.empty((0, DAY), np.int64)
    found = np.fromstring(",".join(texts), dtype=np.int64, sep=",")
    return found.reshape(len(texts), DAY)
