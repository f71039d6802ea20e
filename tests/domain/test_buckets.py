from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.consumption.buckets import Buckets, day_of, hour_of
from tests.domain.statuses import NOON

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SINCE = NOON - 3 * HOUR


def hourly(buckets: Buckets, now: datetime = NOON) -> list[float]:
    return [float(calls) for calls in buckets.history(now).hourly]


def test_calls_are_spread_evenly_over_the_time_between() -> None:
    buckets = Buckets(SINCE)

    buckets.add(100, start=NOON - 2.5 * HOUR, end=NOON - 0.5 * HOUR)

    assert hourly(buckets) == [25, 50, 25]


def test_a_step_within_an_hour_stays_in_it() -> None:
    buckets = Buckets(SINCE)

    buckets.add(7, start=NOON - 1.9 * HOUR, end=NOON - 1.1 * HOUR)

    assert hourly(buckets) == [0, 7, 0]


def test_calls_of_a_clock_that_stepped_back_are_counted_where_it_stands() -> None:
    buckets = Buckets(SINCE)

    buckets.add(7, start=NOON, end=NOON - 1.5 * HOUR)

    assert hourly(buckets) == [0, 7, 0]


def test_the_hour_that_is_not_over_is_not_yet_history() -> None:
    buckets = Buckets(SINCE)

    buckets.add(7, start=NOON, end=NOON + timedelta(minutes=1))

    assert hourly(buckets, NOON + timedelta(minutes=59)) == [0, 0, 0]
    assert hourly(buckets, NOON + HOUR) == [0, 0, 0, 7]


def test_an_hour_that_was_not_seen_from_its_beginning_is_left_out() -> None:
    buckets = Buckets(NOON - 1.5 * HOUR)

    assert buckets.history(NOON).start == NOON - HOUR
    assert hourly(buckets) == [0]


def test_nothing_is_known_in_the_first_minutes() -> None:
    history = Buckets(NOON + timedelta(minutes=1)).history(NOON + timedelta(minutes=9))

    assert len(history.hourly) == 0
    assert len(history.daily) == 0


@given(
    calls=st.integers(0, 10**12),
    ago=st.timedeltas(timedelta(0), 30 * DAY),
    lasted=st.timedeltas(timedelta(0), 20 * DAY),
)
def test_no_call_is_lost_in_spreading(
    calls: int, ago: timedelta, lasted: timedelta
) -> None:
    buckets = Buckets(NOON - 60 * DAY)

    buckets.add(calls, start=NOON - ago - lasted, end=NOON - ago)

    assert buckets.calls_since(hour_of(NOON - 60 * DAY), until=hour_of(NOON)) == calls


def test_days_before_the_last_eight_weeks_are_kept_as_totals() -> None:
    buckets = Buckets(NOON - 100 * DAY)
    for ago in (90, 1):
        buckets.add(24, start=NOON - ago * DAY, end=NOON - ago * DAY)

    buckets.fold(NOON)

    history = buckets.history(NOON)
    midnight = NOON.replace(hour=0)
    assert history.start == midnight - 56 * DAY
    assert len(history.hourly) == 56 * 24 + 12
    assert history.hourly.sum() == 24
    assert len(history.daily) == 99 - 56  # the first day was not seen whole
    assert np.flatnonzero(history.daily).tolist() == [99 - 90]


def test_days_that_are_too_old_are_forgotten() -> None:
    buckets = Buckets(NOON - 500 * DAY)
    buckets.add(5, start=NOON - 450 * DAY, end=NOON - 450 * DAY)

    buckets.fold(NOON)

    assert buckets.history(NOON).daily.sum() == 0


def test_only_days_that_changed_are_told_and_only_once() -> None:
    buckets = Buckets(SINCE)
    buckets.add(5, start=NOON - HOUR, end=NOON - HOUR)

    (day,) = buckets.touched()

    assert (day.day, day.calls) == (day_of(NOON), 5)
    assert buckets.touched() == ()


def test_days_that_could_not_be_written_are_told_again() -> None:
    buckets = Buckets(SINCE)
    buckets.add(5, start=NOON, end=NOON)
    (day,) = buckets.touched()

    buckets.touch([day.day])

    assert [again.calls for again in buckets.touched()] == [5]


@pytest.mark.parametrize("fold", [False, True])
def test_merging_adds_up(*, fold: bool) -> None:
    stored, fresh = Buckets(NOON - 80 * DAY), Buckets(NOON - HOUR)
    stored.add(10, start=NOON - 70 * DAY, end=NOON - 70 * DAY)
    stored.add(3, start=NOON, end=NOON)
    fresh.add(4, start=NOON, end=NOON)
    if fold:
        stored.fold(NOON)

    stored.merge(fresh)

    history = stored.history(NOON + HOUR)
    assert history.hourly[-1] == 7
    assert history.daily.sum() == 10
