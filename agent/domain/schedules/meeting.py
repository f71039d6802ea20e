"""When two schedules have a tick at one time."""

from __future__ import annotations

from datetime import datetime, timedelta

from agent.domain.schedules.ticks import Schedule, next_ticks, ticks_between

LOOKED_AHEAD = timedelta(days=400)
"""A year with its holidays; what meets more seldom surprises nobody by itself."""

_MOST_TICKS = 2_000
_MOMENT = timedelta(microseconds=1)


def first_meeting(
    one: Schedule, other: Schedule, *, after: datetime
) -> datetime | None:
    """The first tick of both that is later than `after`; None if there is none soon.

    Of schedules with very many ticks, only the first of the sparser one are looked at.

    >>> from datetime import UTC
    >>> from agent.domain.schedules.ticks import Every
    >>> one, other = (Every(interval=timedelta(hours=hours)) for hours in (4, 6))
    >>> str(first_meeting(one, other, after=datetime(2026, 3, 1, 5, tzinfo=UTC)))
    '2026-03-01 12:00:00+00:00'
    """
    until = after + LOOKED_AHEAD
    ticks, others = (
        ticks_between(each, after=after, until=until, limit=_MOST_TICKS)
        for each in (one, other)
    )
    if not ticks or not others:
        return None
    if ticks[-1] < others[-1]:  # the other one reaches further with as many
        other, ticks, others = one, others, ticks
    known, last = frozenset(others), others[-1]
    complete = len(others) < _MOST_TICKS
    meetings = (
        tick
        for tick in ticks
        if tick in known or (tick > last and not complete and _has_tick(other, tick))
    )
    return next(meetings, None)


def _has_tick(schedule: Schedule, at: datetime) -> bool:
    return next_ticks(schedule, at - _MOMENT, 1) == (at,)
