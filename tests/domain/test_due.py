"""Which tick is to run now, and which were missed."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agent.domain.schedules.missed import why_missed
from agent.domain.schedules.ticks import (
    LOOKED_BACK,
    MISSED_KEPT,
    CronSchedule,
    Due,
    Every,
    Schedule,
    due,
    ticks_between,
)
from tests.domain.schedules import (
    BERLIN,
    DAY,
    HOUR,
    MINUTE,
    NIGHTLY,
    cron,
    moments,
    schedules,
    utc,
)

DEADLINE = 15 * MINUTE
TICK = utc("2026-03-02T02:00")


def due_at(now: datetime, since: datetime, schedule: Schedule = NIGHTLY) -> Due:
    return due(schedule, now=now, since=since, start_deadline=DEADLINE)


def test_a_tick_runs_when_its_time_has_come() -> None:
    assert due_at(TICK - MINUTE, since=TICK - HOUR) == Due()
    assert due_at(TICK, since=TICK - MINUTE) == Due(run=TICK)
    assert due_at(TICK + MINUTE, since=TICK - MINUTE) == Due(run=TICK)


@pytest.mark.parametrize(
    ("late", "reason"),
    [
        (DEADLINE, "a newer tick was due by then"),
        (DEADLINE + MINUTE, "could not start within 0:15:00"),
    ],
)
def test_a_missed_tick_has_the_true_reason(late: timedelta, reason: str) -> None:
    missed = Due(missed=(TICK,), missed_count=1)

    why = why_missed(missed, now=TICK + late, start_deadline=DEADLINE)

    assert why == {TICK: reason}


def test_a_tick_that_was_looked_at_is_not_looked_at_again() -> None:
    assert due_at(TICK + MINUTE, since=TICK) == Due()


def test_a_tick_runs_until_its_deadline_and_is_missed_after_it() -> None:
    last = TICK + DEADLINE
    second = timedelta(seconds=1)

    assert due_at(last, since=TICK - HOUR) == Due(run=TICK)
    assert due_at(last + second, since=TICK - HOUR) == Due(
        missed=(TICK,), missed_count=1
    )


def test_after_an_absence_only_the_newest_tick_runs() -> None:
    ticks = (TICK - 2 * DAY, TICK - DAY)

    assert due_at(TICK + MINUTE, since=TICK - 3 * DAY) == Due(
        run=TICK, missed=ticks, missed_count=2
    )
    assert due_at(TICK - HOUR, since=TICK - 3 * DAY) == Due(
        missed=ticks, missed_count=2
    )


def test_of_a_dense_schedule_one_tick_runs_though_several_are_young_enough() -> None:
    found = due_at(TICK, since=TICK - 5 * MINUTE, schedule=cron("* * * * *"))

    assert found.run == TICK
    assert found.missed == tuple(TICK - n * MINUTE for n in (4, 3, 2, 1))


@pytest.mark.parametrize("since", [TICK, TICK + timedelta(seconds=1), TICK + DAY])
def test_a_job_that_is_new_or_changed_or_resumed_runs_nothing_of_the_past(
    since: datetime,
) -> None:
    assert due_at(TICK + MINUTE, since=since) == Due()


def test_a_clock_that_steps_back_runs_nothing() -> None:
    for back in (timedelta(seconds=1), HOUR, 400 * DAY):
        assert due_at(TICK + MINUTE - back, since=TICK + MINUTE) == Due()


@pytest.mark.parametrize("schedule", [cron("* * * * *"), Every(interval=MINUTE)])
def test_of_many_missed_ticks_the_newest_are_named_and_all_are_counted(
    schedule: Schedule,
) -> None:
    found = due_at(TICK, since=TICK - 1000 * MINUTE, schedule=schedule)

    assert found.run == TICK
    assert found.missed_count == 999
    assert found.missed == tuple(TICK - n * MINUTE for n in range(MISSED_KEPT, 0, -1))


def test_missed_ticks_without_one_to_run_are_as_many() -> None:
    hourly = Every(interval=HOUR)
    now = TICK + 30 * MINUTE

    found = due_at(now, since=now - 200 * HOUR, schedule=hourly)

    assert found.run is None
    assert found.missed_count == 200
    assert len(found.missed) == MISSED_KEPT
    assert found.missed[-1] == TICK


@pytest.mark.parametrize("schedule", [NIGHTLY, Every(interval=timedelta(seconds=0.1))])
def test_a_clock_that_came_from_1970_is_not_looked_back_at_for_ever(
    schedule: Schedule,
) -> None:
    found = due_at(TICK + HOUR, since=utc("1970-01-01"), schedule=schedule)

    assert found == due_at(
        TICK + HOUR, since=TICK + HOUR - LOOKED_BACK, schedule=schedule
    )


def test_the_night_when_the_clock_goes_back_runs_a_job_once() -> None:
    at_half_past_two = cron("30 2 * * *", BERLIN)
    looks = [utc("2026-10-24T22:00") + n * MINUTE for n in range(300)]

    runs = [
        due_at(now, since=since, schedule=at_half_past_two).run
        for since, now in pairwise(looks)
    ]

    assert [run for run in runs if run] == [utc("2026-10-25T00:30")]


@given(
    schedule=schedules,
    start=moments,
    steps=st.lists(st.timedeltas(-HOUR, 9 * HOUR), max_size=20),
)
def test_however_the_clock_goes_no_tick_is_seen_twice_and_none_is_lost(
    schedule: Schedule, start: datetime, steps: list[timedelta]
) -> None:
    assume(isinstance(schedule, CronSchedule) or schedule.interval > 10 * MINUTE)
    since, now, seen = start, start, list[datetime]()

    for step in steps:
        now += step
        found = due(schedule, now=now, since=since, start_deadline=DEADLINE)
        assert found.run is None or now - DEADLINE <= found.run <= now
        assert found.missed_count >= len(found.missed)
        seen += [*found.missed[-MISSED_KEPT:], *([found.run] if found.run else [])]
        since = max(since, now)

    everything = ticks_between(schedule, after=start, until=since, limit=100_000)
    assert len(seen) == len(set(seen))
    assert set(seen) <= set(everything)
    assert len(everything) > MISSED_KEPT or tuple(seen) == everything
