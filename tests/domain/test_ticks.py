"""The ticks of schedules, through the days on which clocks change."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from agent.domain.schedules.ticks import (
    CronSchedule,
    Every,
    Schedule,
    describe,
    latest_tick,
    next_ticks,
    schedule_text,
    ticks_between,
)
from tests.domain.schedules import (
    APIA,
    BEIRUT,
    BERLIN,
    DAY,
    HELSINKI,
    HOUR,
    LORD_HOWE,
    MINUTE,
    NEW_YORK,
    NIGHTLY,
    NUUK,
    SAO_PAULO,
    ST_JOHNS,
    cron,
    utc,
)


def shown(ticks: tuple[datetime, ...], zone: str) -> list[str]:
    """Local times with their offsets, so that an hour that comes twice is told apart."""
    return [f"{tick.astimezone(ZoneInfo(zone)):%d %H:%M %z}" for tick in ticks]


def on_dates(schedule: CronSchedule, first: str, last: str) -> tuple[datetime, ...]:
    """The ticks from the first local midnight until the end of the last date."""
    start = datetime.fromisoformat(first).replace(tzinfo=schedule.zone)
    end = datetime.fromisoformat(last).replace(tzinfo=schedule.zone) + DAY
    second = timedelta(seconds=1)
    return ticks_between(
        schedule,
        after=start.astimezone(UTC) - second,
        until=end.astimezone(UTC) - second,
        limit=10_000,
    )


FIXED_TIMES = [
    # The clock leaps: what it leaps over runs at once after it.
    (BERLIN, "59 1 * * *", "2026-03-29", ["29 01:59 +0100"]),
    (BERLIN, "0 2 * * *", "2026-03-29", ["29 03:00 +0200"]),
    (BERLIN, "30 2 * * *", "2026-03-29", ["29 03:00 +0200"]),
    (BERLIN, "0 3 * * *", "2026-03-29", ["29 03:00 +0200"]),
    (BERLIN, "0 2,3 * * *", "2026-03-29", ["29 03:00 +0200"]),
    (BERLIN, "*/20 2 * * *", "2026-03-29", ["29 03:00 +0200"]),
    (BERLIN, "30 1-3 * * *", "2026-03-29", ["29 01:30 +0100", "29 03:00 +0200", "29 03:30 +0200"]),
    (HELSINKI, "30 3 * * *", "2026-03-29", ["29 04:00 +0300"]),
    (NEW_YORK, "30 2 * * *", "2026-03-08", ["08 03:00 -0400"]),
    (LORD_HOWE, "0 2 * * *", "2026-10-04", ["04 02:30 +1100"]),
    (LORD_HOWE, "15 2 * * *", "2026-10-04", ["04 02:30 +1100"]),
    (LORD_HOWE, "30 2 * * *", "2026-10-04", ["04 02:30 +1100"]),
    (LORD_HOWE, "45 2 * * *", "2026-10-04", ["04 02:45 +1100"]),
    (SAO_PAULO, "0 0 * * *", "2018-11-04", ["04 01:00 -0200"]),
    (SAO_PAULO, "30 0 * * *", "2018-11-04", ["04 01:00 -0200"]),
    (BEIRUT, "0 0 * * *", "2024-03-31", ["31 01:00 +0300"]),
    ("UTC", "30 2 * * *", "2026-03-29", ["29 02:30 +0000"]),
    # It goes back: the first of the two.
    (BERLIN, "0 2 * * *", "2026-10-25", ["25 02:00 +0200"]),
    (BERLIN, "30 2 * * *", "2026-10-25", ["25 02:30 +0200"]),
    (BERLIN, "0 3 * * *", "2026-10-25", ["25 03:00 +0100"]),
    (BERLIN, "30 1-3 * * *", "2026-10-25", ["25 01:30 +0200", "25 02:30 +0200", "25 03:30 +0100"]),
    (BERLIN, "*/30 2 * * *", "2026-10-25", ["25 02:00 +0200", "25 02:30 +0200"]),
    (HELSINKI, "30 3 * * *", "2026-10-25", ["25 03:30 +0300"]),
    (NEW_YORK, "30 1 * * *", "2026-11-01", ["01 01:30 -0400"]),
    (LORD_HOWE, "30 1 * * *", "2026-04-05", ["05 01:30 +1100"]),
    (LORD_HOWE, "45 1 * * *", "2026-04-05", ["05 01:45 +1100"]),
    (LORD_HOWE, "0 2 * * *", "2026-04-05", ["05 02:00 +1030"]),
    (SAO_PAULO, "30 23 * * *", "2018-02-17", ["17 23:30 -0200"]),
    ("UTC", "30 2 * * *", "2026-10-25", ["25 02:30 +0000"]),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "text", "day", "times"), FIXED_TIMES)
def test_a_time_on_the_clock_runs_once_on_its_date(
    zone: str, text: str, day: str, times: list[str]
) -> None:
    assert shown(on_dates(cron(text, zone), day, day), zone) == times


HOURS_THAT_PASS = [
    (BERLIN, "0 * * * *", "2026-03-29T00:30", ["29 01:00 +0100", "29 03:00 +0200", "29 04:00 +0200"]),
    (BERLIN, "30 * * * *", "2026-03-29T01:00", ["29 01:30 +0100", "29 03:30 +0200", "29 04:30 +0200"]),
    (BERLIN, "*/30 * * * *", "2026-03-29T01:10", ["29 01:30 +0100", "29 03:00 +0200", "29 03:30 +0200"]),
    (BERLIN, "0 */2 * * *", "2026-03-28T23:30", ["29 00:00 +0100", "29 03:00 +0200", "29 04:00 +0200"]),
    (BERLIN, "0 */3 * * *", "2026-03-28T23:30", ["29 00:00 +0100", "29 03:00 +0200", "29 06:00 +0200"]),
    (BERLIN, "0 * * * *", "2026-10-25T01:30", ["25 02:00 +0200", "25 02:00 +0100", "25 03:00 +0100"]),
    (BERLIN, "*/30 0-23 * * *", "2026-10-25T02:10", ["25 02:30 +0200", "25 02:00 +0100", "25 02:30 +0100"]),
    (BERLIN, "0 */2 * * *", "2026-10-24T23:30", ["25 00:00 +0200", "25 02:00 +0200", "25 02:00 +0100", "25 04:00 +0100"]),
    (NEW_YORK, "0 * * * *", "2026-03-08T01:30", ["08 03:00 -0400", "08 04:00 -0400"]),
    (NEW_YORK, "0 * * * *", "2026-11-01T00:30", ["01 01:00 -0400", "01 01:00 -0500", "01 02:00 -0500"]),
    (LORD_HOWE, "0 * * * *", "2026-10-04T00:30", ["04 01:00 +1030", "04 02:30 +1100", "04 03:00 +1100"]),
    (LORD_HOWE, "*/30 * * * *", "2026-10-04T01:10", ["04 01:30 +1030", "04 02:30 +1100", "04 03:00 +1100"]),
    (LORD_HOWE, "*/30 * * * *", "2026-04-05T01:10", ["05 01:30 +1100", "05 01:30 +1030", "05 02:00 +1030"]),
    (SAO_PAULO, "0 * * * *", "2018-02-17T22:30", ["17 23:00 -0200", "17 23:00 -0300", "18 00:00 -0300"]),
    (ST_JOHNS, "*/30 * * * *", "2008-11-01T23:10", ["01 23:30 -0230", "02 00:00 -0230", "01 23:30 -0330", "02 00:00 -0330"]),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "text", "after", "times"), HOURS_THAT_PASS)
def test_any_hour_goes_by_the_hours_that_pass(
    zone: str, text: str, after: str, times: list[str]
) -> None:
    start = datetime.fromisoformat(after).replace(tzinfo=ZoneInfo(zone))

    ticks = next_ticks(cron(text, zone), start, len(times))

    assert shown(ticks, zone) == times


@pytest.mark.parametrize("zone", [BERLIN, HELSINKI, NEW_YORK, SAO_PAULO, BEIRUT])
@pytest.mark.parametrize(
    ("text", "apart"),
    [
        ("0 * * * *", HOUR),
        ("59 * * * *", HOUR),
        ("*/15 */1 * * *", 15 * MINUTE),
        ("* 0-23 * * *", MINUTE),
    ],
)
def test_an_even_rhythm_stays_even_through_a_year_of_changes(
    zone: str, text: str, apart: timedelta
) -> None:
    count = int(timedelta(days=250) / apart) if apart > MINUTE else 1500
    start = utc("2018-02-17T12:00") if apart > MINUTE else utc("2018-11-03T14:00")

    ticks = next_ticks(cron(text, zone), start, count)

    assert {later - tick for tick, later in pairwise(ticks)} == {apart}


def test_a_date_that_did_not_exist_has_no_ticks() -> None:
    daily = on_dates(cron("0 3 * * *", APIA), "2011-12-28", "2012-01-01")
    hourly = on_dates(cron("0 */6 * * *", APIA), "2011-12-29", "2011-12-31")
    on_the_30th = next_ticks(cron("0 3 30 12 *", APIA), utc("2011-01-01"), 1)

    assert shown(daily, APIA) == [
        "28 03:00 -1000",
        "29 03:00 -1000",
        "31 03:00 +1400",
        "01 03:00 +1400",
    ]
    assert {later - tick for tick, later in pairwise(hourly)} == {6 * HOUR}
    assert len(hourly) == 8
    assert on_the_30th == (utc("2012-12-29T13:00"),)


def test_where_the_clock_leaps_to_midnight_the_next_date_still_has_its_own() -> None:
    ticks = on_dates(cron("30 23 * * *", NUUK), "2024-03-29", "2024-03-31")

    assert shown(ticks, NUUK) == ["29 23:30 -0200", "31 00:00 -0100", "31 23:30 -0100"]


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, LORD_HOWE, APIA, SAO_PAULO, BEIRUT])
@pytest.mark.parametrize("text", ["30 2 * * *", "0 0 * * *", "15 1 * * *"])
def test_each_date_of_twenty_years_has_one_tick(zone: str, text: str) -> None:
    ticks = on_dates(cron(text, zone), "2006-01-01", "2025-12-31")

    dates = Counter(tick.astimezone(ZoneInfo(zone)).date() for tick in ticks)

    all_dates = {date(2006, 1, 1) + day * DAY for day in range(7305)}
    skipped = {date(2011, 12, 30)} if zone == APIA else set()
    assert set(dates.values()) == {1}
    assert set(dates) == all_dates - skipped


@pytest.mark.parametrize(
    ("text", "after", "tick"),
    [
        ("0 0 29 2 *", "2026-03-01", "2028-02-29"),
        ("0 0 29 2 *", "2096-03-01", "2104-02-29"),
        ("0 0 29 2 */7", "2088-03-01", "2128-02-29"),
        ("30 23 31 12 *", "2026-01-01", "2026-12-31T23:30"),
        ("0 12 * * sun", "2026-03-02", "2026-03-08T12:00"),
        ("0 12 * * 7", "2026-03-02", "2026-03-08T12:00"),
        ("0 0 13 * fri", "2026-03-02", "2026-03-06"),
    ],
)
def test_the_next_tick_may_be_far(text: str, after: str, tick: str) -> None:
    assert next_ticks(cron(text), utc(after), 1) == (utc(tick),)
    assert latest_tick(cron(text), utc(tick) + HOUR) == utc(tick)


def test_the_calendar_had_a_beginning() -> None:
    assert latest_tick(cron("0 3 * * *"), utc("0001-06-01")) is None


def test_the_ticks_of_an_interval_are_those_of_everyone() -> None:
    every = Every(interval=6 * HOUR)
    started_here = next_ticks(every, utc("2026-03-01T07:13"), 3)
    started_there = next_ticks(every, utc("2026-03-01T11:59:59"), 3)

    assert started_here == started_there
    assert started_here[0] == utc("2026-03-01T12:00")


def test_an_interval_that_does_not_divide_a_day_goes_on_over_midnight() -> None:
    every = Every(interval=7 * HOUR, anchor=utc("2026-03-01T05:00"))

    ticks = next_ticks(every, utc("2026-03-01T12:00"), 3)

    assert ticks == (
        utc("2026-03-01T19:00"),
        utc("2026-03-02T02:00"),
        utc("2026-03-02T09:00"),
    )


def test_an_anchor_in_a_zone_is_an_instant() -> None:
    anchor = datetime(2026, 3, 28, 12, tzinfo=ZoneInfo(BERLIN))

    ticks = next_ticks(Every(interval=DAY, anchor=anchor), anchor, 1)

    assert shown(ticks, BERLIN) == ["29 13:00 +0200"]


def test_there_is_no_tick_before_the_anchor() -> None:
    every = Every(interval=HOUR, anchor=utc("2026-03-01"))

    assert latest_tick(every, utc("2026-02-28T23:59")) is None
    assert latest_tick(every, utc("2026-03-01")) == utc("2026-03-01")
    assert next_ticks(every, utc("2020-01-01"), 1) == (utc("2026-03-01"),)
    assert not ticks_between(
        every, after=utc("2020-01-01"), until=utc("2026-02-01"), limit=9
    )


@pytest.mark.parametrize("interval", [timedelta(), -HOUR])
def test_time_moves_on_between_two_runs(interval: timedelta) -> None:
    with pytest.raises(ValueError, match="longer than nothing"):
        Every(interval=interval)


def test_an_anchor_says_its_zone() -> None:
    with pytest.raises(ValueError, match="must have a time zone"):
        Every(interval=HOUR, anchor=utc("2026-03-01").replace(tzinfo=None))


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (NIGHTLY, "at 03:00 every day, Europe/Berlin"),
        (cron("*/5 * * * *"), "every 5 minutes, UTC"),
        (cron("0 9-17 * * *", BERLIN), "cron 0 9-17 * * *, Europe/Berlin"),
        (cron("0 3 1-4 * *"), "at 03:00 on days 1, 2, 3 and 4 of every month, UTC"),
        (cron("0 3 1-5 * *"), "cron 0 3 1-5 * *, UTC"),
        (
            cron("0 3 1-4 * 1"),
            "at 03:00 on days 1, 2, 3 and 4 of every month and on Mondays, UTC",
        ),
        (cron("0 3 1-5 * 1"), "cron 0 3 1-5 * 1, UTC"),
        (Every(interval=HOUR), "every hour"),
        (Every(interval=6 * HOUR), "every 6 hours"),
        (Every(interval=DAY), "every day"),
        (Every(interval=36 * HOUR), "every 1 day 12 hours"),
        (Every(interval=90 * MINUTE), "every 1 hour 30 minutes"),
        (Every(interval=timedelta(seconds=2.5)), "every 2 seconds 500 milliseconds"),
        (Every(interval=timedelta(microseconds=7)), "every 0:00:00.000007"),
        (
            Every(interval=7 * DAY, anchor=utc("2026-03-01T05:00")),
            "every 7 days, counted from 2026-03-01 05:00:00 UTC",
        ),
    ],
)
def test_a_schedule_is_described_in_a_few_words(schedule: Schedule, words: str) -> None:
    assert describe(schedule) == words


def test_ticks_of_a_day_and_months_of_a_year_come_in_their_order() -> None:
    # The order of these in a set is another one.
    schedule = cron("0 8,1,17 1 8,1 *")

    assert next_ticks(schedule, utc("2026-01-01"), 5) == (
        *(utc(f"2026-01-01T{hour:02}:00") for hour in (1, 8, 17)),
        *(utc(f"2026-08-01T{hour:02}:00") for hour in (1, 8)),
    )
    assert "January and August" in describe(cron("0 8 1 8,1 *"))


def test_a_schedule_reads_differently_in_another_zone() -> None:
    assert schedule_text(cron("0 3 * * *", BERLIN)) == "0 3 * * * Europe/Berlin"
    assert schedule_text(cron("0 3 * * *")) == "0 3 * * * UTC"


def test_schedules_that_differ_by_a_moment_read_differently() -> None:
    long = timedelta(days=20)
    moments = [timedelta(), timedelta(seconds=1), timedelta(milliseconds=100)]

    texts = [schedule_text(Every(interval=long + moment)) for moment in moments]

    assert texts == ["every 1728000s", "every 1728001s", "every 1728000.1s"]
