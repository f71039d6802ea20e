"""What the clocks of a zone show, and which instants a local time stands for.

Local times have no zone of their own; instants are in UTC.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)


def shown(zone: ZoneInfo, moment: datetime) -> tuple[datetime, datetime]:
    """What the clock shows at a moment, at least and at most.

    Not the same if it changes within a day: the hour may come twice then, or stand for
    one that was leapt over.
    """
    utc = moment.astimezone(UTC)
    local = [
        (utc + away).astimezone(zone).replace(tzinfo=None) - away
        for away in (-_DAY, timedelta(), _DAY)
    ]
    return min(local), max(local)


def readings(zone: ZoneInfo, local: datetime) -> tuple[datetime, datetime]:
    """The instant of a local time by the offset before a change, and by that after it.

    Equal, unless the clock changes: the first is earlier if it shows the time twice,
    and later if it leaps over it.
    """
    return (
        local.replace(tzinfo=zone, fold=0).astimezone(UTC),
        local.replace(tzinfo=zone, fold=1).astimezone(UTC),
    )


def change(zone: ZoneInfo, *, after: datetime, until: datetime) -> datetime:
    """The instant in (after, until] from which on the clock is another one."""
    old = after.astimezone(zone).utcoffset()

    def changed(seconds: int) -> bool:
        return (after + timedelta(seconds=seconds)).astimezone(zone).utcoffset() != old

    all_seconds = range((until - after) // timedelta(seconds=1))
    return after + timedelta(seconds=bisect_left(all_seconds, x=True, key=changed))
