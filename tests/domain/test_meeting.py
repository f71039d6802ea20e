"""Two schedules meet where both have a tick."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given

from agent.domain.schedules.meeting import first_meeting
from agent.domain.schedules.ticks import Every, Schedule, next_ticks, ticks_between
from tests.domain.schedules import BERLIN, DAY, MINUTE, cron, moments, schedules, utc

NOON = utc("2026-11-22T12:00")
SECOND = timedelta(seconds=1)

MEETINGS: list[tuple[Schedule, Schedule, str]] = [
    (cron("0 3 * * *"), cron("0 3 * * *"), "2026-11-23T03:00"),
    (cron("0 3 * * *"), cron("*/15 * * * *"), "2026-11-23T03:00"),
    (cron("0 3 * * sat"), cron("0 3 1 * *"), "2027-05-01T03:00"),
    (cron("0 3 1 * *"), cron("0 4 1 * *", BERLIN), "2026-12-01T03:00"),
    (cron("0 3 * * *"), Every(interval=timedelta(hours=1)), "2026-11-23T03:00"),
    (cron("0 0 24 12 *"), Every(interval=SECOND), "2026-12-24T00:00"),
    (cron("0 0 24 12 *"), cron("* * * * *"), "2026-12-24T00:00"),
    (Every(interval=45 * SECOND), Every(interval=MINUTE), "2026-11-22T12:03"),
    (Every(interval=7 * DAY), Every(interval=DAY), "2026-11-26T00:00"),
]


@pytest.mark.parametrize(("one", "other", "at"), MEETINGS)
def test_schedules_meet_at_the_first_tick_that_both_have(
    one: Schedule, other: Schedule, at: str
) -> None:
    assert first_meeting(one, other, after=NOON) == utc(at)
    assert first_meeting(other, one, after=NOON) == utc(at)


APART = [
    (cron("0 3 * * *"), cron("30 3 * * *")),
    (cron("*/2 * * * *"), cron("1-59/2 * * * *")),
    (cron("0 3 1 * *"), cron("0 3 2 * *")),
    (cron("0 3 29 2 *"), cron("0 3 * * *")),  # in 2028
    (
        Every(interval=MINUTE),
        Every(interval=MINUTE, anchor=utc("2000-01-01") + SECOND),
    ),
]


@pytest.mark.parametrize(("one", "other"), APART)
def test_schedules_that_have_no_tick_together_do_not_meet(
    one: Schedule, other: Schedule
) -> None:
    assert first_meeting(one, other, after=NOON) is None


@given(one=schedules, other=schedules, after=moments)
def test_a_meeting_is_a_tick_of_both_and_none_comes_before_it(
    one: Schedule, other: Schedule, after: datetime
) -> None:
    found = first_meeting(one, other, after=after)

    ticks, others = (
        set(ticks_between(each, after=after, until=found or after + DAY, limit=500))
        for each in (one, other)
    )
    if found is None:
        assert not ticks & others
    else:
        assert not (ticks & others) - {found}
        for each in (one, other):
            assert next_ticks(each, found - timedelta(microseconds=1), 1) == (found,)
