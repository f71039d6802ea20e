"""What holds for the ticks of any schedule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agent.domain.schedules.ticks import (
    CronSchedule,
    Schedule,
    latest_tick,
    next_ticks,
    ticks_between,
)
from tests.domain.schedules import (
    BEIRUT,
    BERLIN,
    CHANGING,
    DAY,
    HELSINKI,
    HOUR,
    MINUTE,
    NEW_YORK,
    SAO_PAULO,
    ST_JOHNS,
    changes,
    cron,
    cron_schedules,
    field,
    moments,
    near_changes,
    schedules,
    utc,
)


@given(schedule=schedules, moment=moments, hours=st.integers(-30, 30))
def test_ticks_rise_and_are_found_from_all_sides(
    schedule: Schedule, moment: datetime, hours: int
) -> None:
    start = near_changes(schedule, moment) + hours * HOUR

    ticks = next_ticks(schedule, start, 12)

    assert ticks[0] > start
    assert all(tick < later for tick, later in pairwise(ticks))
    assert all(tick.tzinfo is UTC for tick in ticks)
    assert ticks == ticks_between(schedule, after=start, until=ticks[-1], limit=99)
    assert ticks[:3] == ticks_between(schedule, after=start, until=ticks[-1], limit=3)
    for tick, later in pairwise(ticks):
        assert next_ticks(schedule, tick, 1) == (later,)
        assert latest_tick(schedule, later) == later
        assert latest_tick(schedule, later - timedelta(microseconds=1)) == tick


@pytest.mark.parametrize("zone", CHANGING)
@pytest.mark.parametrize(
    "text", ["*/20 * * * *", "5,35 0-3,22,23 * * *", "*/30 1,2 * * *", "59 2 * * *"]
)
def test_ticks_near_a_change_are_the_same_from_wherever_one_looks(
    zone: str, text: str
) -> None:
    schedule = cron(text, zone)
    for day in changes(schedule.zone, utc("2011-01-01"), 366):
        first, last = day - DAY, day + 3 * DAY
        ticks = ticks_between(schedule, after=first, until=last, limit=1000)
        for moment in (day + n * 10 * MINUTE for n in range(24 * 6)):
            before = tuple(tick for tick in ticks if tick <= moment)
            behind = ticks[len(before) :]
            assert before == ticks_between(
                schedule, after=first, until=moment, limit=1000
            )
            assert behind == ticks_between(
                schedule, after=moment, until=last, limit=1000
            )
            assert latest_tick(schedule, moment) == before[-1]


def matches(schedule: CronSchedule, tick: datetime) -> bool:
    cron, local = schedule.cron, tick.astimezone(schedule.zone)
    in_days = local.day in cron.days
    in_week = local.isoweekday() % 7 in cron.weekdays
    return (
        local.minute in cron.minutes
        and local.hour in cron.hours
        and local.month in cron.months
        and (in_days or in_week if cron.day_or_weekday else in_days and in_week)
    )


def offsets_around(schedule: CronSchedule, moment: datetime) -> set[timedelta | None]:
    near = (moment + hours * HOUR for hours in range(-26, 51))
    return {each.astimezone(schedule.zone).utcoffset() for each in near}


@given(schedule=cron_schedules(), moment=moments, hours=st.integers(-30, 30))
def test_a_tick_matches_in_local_time_unless_the_clock_leapt_over_it(
    schedule: CronSchedule, moment: datetime, hours: int
) -> None:
    start = near_changes(schedule, moment) + hours * HOUR

    for tick in next_ticks(schedule, start, 12):
        before = (tick - DAY).astimezone(schedule.zone).utcoffset()
        leapt = before != tick.astimezone(schedule.zone).utcoffset()
        assert leapt or matches(schedule, tick)


@given(schedule=cron_schedules(), day=moments)
def test_on_ordinary_days_the_ticks_are_the_minutes_that_match(
    schedule: CronSchedule, day: datetime
) -> None:
    start = day.replace(hour=0, minute=0, second=0, microsecond=0)
    assume(len(offsets_around(schedule, start)) == 1)

    minutes = (start + n * MINUTE for n in range(1, 1441))

    assert ticks_between(schedule, after=start, until=start + DAY, limit=1500) == tuple(
        minute for minute in minutes if matches(schedule, minute)
    )


@given(
    minute=field(0, 59),
    zone=st.sampled_from([BERLIN, HELSINKI, NEW_YORK, SAO_PAULO, BEIRUT, ST_JOHNS]),
    moment=moments,
)
def test_with_any_hour_the_ticks_are_the_minutes_that_match_on_all_days(
    minute: str, zone: str, moment: datetime
) -> None:
    schedule = cron(f"{minute} * * * *", zone)
    change = near_changes(schedule, moment) - DAY
    start = change.replace(minute=0, second=0, microsecond=0)

    minutes = (start + n * MINUTE for n in range(1, 2881))

    assert ticks_between(
        schedule, after=start, until=start + 2 * DAY, limit=3000
    ) == tuple(minute for minute in minutes if matches(schedule, minute))
