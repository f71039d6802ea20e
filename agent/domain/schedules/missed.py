"""Why ticks were not run, in words for the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from agent.domain.schedules.ticks import Due

ABSENT = "no agent had this job in force at that time"
UNARMED = "the database was armed only after it"
_OVERTAKEN = "a newer tick was due by then"


def why_missed(
    due: Due, *, now: datetime, start_deadline: timedelta
) -> Mapping[datetime, str]:
    """The reason of each tick that is missed, having been found at `now`."""
    late = f"could not start within {start_deadline}"
    return {
        tick: late if now - tick > start_deadline else _OVERTAKEN for tick in due.missed
    }
