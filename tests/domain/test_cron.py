from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.schedules.cron import (
    cron_in_words,
    dates_back_from,
    dates_from,
    parse_cron,
)

MONDAY = date(2026, 3, 2)
ONE_WEEK = [MONDAY + timedelta(days=day) for day in range(7)]


def names_in_a_week(weekday: str) -> str:
    cron = parse_cron(f"0 0 * * {weekday}")
    matching = set(islice(dates_from(cron, MONDAY), 7))
    return " ".join(f"{day:%a}" for day in ONE_WEEK if day in matching)


@pytest.mark.parametrize(
    ("weekday", "names"),
    [
        ("0", "Sun"),
        ("7", "Sun"),
        ("sun", "Sun"),
        ("SUN", "Sun"),
        ("1", "Mon"),
        ("mon", "Mon"),
        ("6", "Sat"),
        ("sat", "Sat"),
        ("1-5", "Mon Tue Wed Thu Fri"),
        ("mon-fri", "Mon Tue Wed Thu Fri"),
        ("5-7", "Fri Sat Sun"),
        ("fri-7", "Fri Sat Sun"),
        ("sun-tue", "Mon Tue Sun"),
        ("0-2", "Mon Tue Sun"),
        ("0,7", "Sun"),
        ("tue,4,Sun", "Tue Thu Sun"),
        ("1-5/2", "Mon Wed Fri"),
        ("*/2", "Tue Thu Sat Sun"),
        ("*/7", "Sun"),
        ("*", "Mon Tue Wed Thu Fri Sat Sun"),
        ("0-7", "Mon Tue Wed Thu Fri Sat Sun"),
    ],
)
def test_weekdays_are_counted_from_sunday(weekday: str, names: str) -> None:
    assert names_in_a_week(weekday) == names


@pytest.mark.parametrize("month", range(1, 13))
def test_a_month_has_its_number_its_english_abbreviation_and_its_name(
    month: int,
) -> None:
    first = date(2026, month, 1)

    by_number, by_name = (
        parse_cron(f"0 0 1 {text} *") for text in (month, f"{first:%b}")
    )

    assert by_number == by_name
    assert list(islice(dates_from(by_name, date(2026, 1, 1)), 1)) == [first]
    assert f"{first:%B}" in cron_in_words(by_name)


@pytest.mark.parametrize("day", ONE_WEEK, ids=lambda day: f"{day:%a}")
def test_a_weekday_has_its_english_abbreviation_and_its_name(day: date) -> None:
    assert names_in_a_week(f"{day:%a}") == f"{day:%a}"
    assert f"{day:%A}s" in cron_in_words(parse_cron(f"0 0 * * {day:%a}"))


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("5", [5]),
        ("*/20", [0, 20, 40]),
        ("5-55/25", [5, 30, 55]),
        ("1,3-5,50-59/9", [1, 3, 4, 5, 50, 59]),
        ("*/59", [0, 59]),
        ("*", list(range(60))),
    ],
)
def test_a_field_is_a_set_of_numbers(text: str, minutes: list[int]) -> None:
    assert sorted(parse_cron(f"{text} * * * *").minutes) == minutes


@pytest.mark.parametrize(
    ("days", "weekday", "in_march"),
    [
        ("1", "mon", [1, 2, 9, 16, 23, 30]),
        ("13", "fri", [6, 13, 20, 27]),
        ("*", "mon", [2, 9, 16, 23, 30]),
        ("1", "*", [1]),
        ("*/10", "mon", []),
        ("*/10", "sun", [1]),
        ("*/15", "mon", [16]),
        ("2-8", "*/6", [7, 8]),
        ("1-31/10", "mon", [1, 2, 9, 11, 16, 21, 23, 30, 31]),
        ("1-31", "mon", list(range(1, 32))),
        ("1,*", "mon", list(range(1, 32))),
        ("*,1", "mon", [2, 9, 16, 23, 30]),
        ("30", "0-7", list(range(1, 32))),
    ],
)
def test_one_of_day_and_weekday_is_enough_unless_one_begins_with_a_star(
    days: str, weekday: str, in_march: list[int]
) -> None:
    cron = parse_cron(f"0 0 {days} 3 {weekday}")

    matching = islice(dates_from(cron, date(2026, 3, 1)), 31)

    assert [day.day for day in matching if day < date(2026, 4, 1)] == in_march


@pytest.mark.parametrize(
    ("hour", "any_hour"),
    [
        ("*", True),
        ("*/1", True),
        ("*/6", True),
        ("0-23", True),
        ("0-23/2", False),
        ("3", False),
        ("0-22", False),
    ],
)
def test_hours_with_a_star_follow_the_hours_that_pass(
    hour: str, any_hour: bool
) -> None:
    assert parse_cron(f"0 {hour} * * *").any_hour is any_hour


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0 3 * * 0", "0  3 * * sun"),
        ("0 3 * * 0", "0 3 * * 7"),
        ("*/30 3 * jan *", "0,30 3 * 1 *"),
        ("0 * * * *", "0 0-23 * * *"),
    ],
)
def test_two_spellings_of_one_meaning_are_equal(one: str, other: str) -> None:
    assert parse_cron(one) == parse_cron(other)


@pytest.mark.parametrize("month", range(1, 13))
def test_each_month_has_its_name_and_the_days_of_a_leap_year(month: int) -> None:
    leap = date(2024, month, monthrange(2024, month)[1])

    cron = parse_cron(f"0 0 {leap.day} {leap:%b} *")

    assert cron == parse_cron(f"0 0 {leap.day} {month} *")
    assert leap in islice(dates_from(cron, date(2024, 1, 1)), 1)
    with pytest.raises(ValueError, match=r"never happens|takes 1 to 31"):
        parse_cron(f"0 0 {leap.day + 1} {month} *")
    assert f"{leap:%B}" in cron_in_words(cron)


@pytest.mark.parametrize("text", ["0 0 30 2 *", "0 0 30 2 */2", "0 0 31 4,6 */7"])
def test_a_day_that_no_month_has_is_refused_where_the_weekday_is_no_alternative(
    text: str,
) -> None:
    with pytest.raises(ValueError, match="never happens"):
        parse_cron(text)


def test_the_weekday_is_an_alternative_to_a_day_that_no_month_has() -> None:
    cron = parse_cron("0 0 30 2 mon")

    assert next(dates_from(cron, MONDAY)) == date(2027, 2, 1)


def test_29_february_on_a_sunday_is_found_over_a_century_without_leap_day() -> None:
    cron = parse_cron("0 0 29 2 */7")

    found = list(islice(dates_from(cron, date(2061, 1, 1)), 3))

    assert found == [date(2088, 2, 29), date(2128, 2, 29), date(2156, 2, 29)]
    assert next(dates_back_from(cron, date(2127, 12, 31))) == date(2088, 2, 29)


def test_the_calendar_ends() -> None:
    yearly = parse_cron("0 0 1 1 *")

    assert list(dates_from(yearly, date(9997, 6, 1))) == [date(9998, 1, 1)]
    assert list(dates_back_from(yearly, date(3, 6, 1))) == [
        date(3, 1, 1),
        date(2, 1, 1),
    ]


numbers = st.integers(1, 28).map(str)
restricted = st.one_of(
    st.just("*"), st.just("*/3"), numbers, st.lists(numbers, min_size=2).map(",".join)
)


@given(
    days=restricted,
    months=st.sampled_from(["*", "2", "1-6", "*/5", "feb,dec"]),
    weekday=st.sampled_from(["*", "0", "7", "mon-fri", "*/2", "2,sat"]),
    first=st.dates(date(1970, 1, 1), date(2200, 1, 1)),
)
def test_days_rise_and_are_the_same_from_either_side(
    days: str, months: str, weekday: str, first: date
) -> None:
    cron = parse_cron(f"0 0 {days} {months} {weekday}")

    forth = list(islice(dates_from(cron, first), 20))
    back = list(islice(dates_back_from(cron, forth[-1]), 20))

    assert all(one < other for one, other in pairwise([first, *forth][1:]))
    assert forth[0] >= first
    assert back[::-1] == forth
    assert {day.month for day in forth} <= cron.months


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("* * * * *", "every minute"),
        ("*/15 * * * *", "every 15 minutes"),
        ("0,30 * * * *", "every 30 minutes"),
        ("0 * * * *", "every hour"),
        ("5 * * * *", "every hour at minute 5"),
        ("*/40 * * * *", "cron */40 * * * *"),
        ("1,31 * * * *", "cron 1,31 * * * *"),
        ("0 3 * * *", "at 03:00 every day"),
        ("5,35 3,15 * * *", "at 03:05, 03:35, 15:05 and 15:35 every day"),
        ("0 9-17 * * *", "cron 0 9-17 * * *"),
        ("0 */6 * * *", "at 00:00, 06:00, 12:00 and 18:00 every day"),
        ("0 3 * * 1-5", "at 03:00 from Monday to Friday"),
        ("0 3 * * 0", "at 03:00 on Sundays"),
        ("0 3 * * sun,wed", "at 03:00 on Wednesdays and Sundays"),
        ("*/15 * * * sat", "every 15 minutes on Saturdays"),
        ("0 3 1 * *", "at 03:00 on day 1 of every month"),
        ("0 3 1,15 1,7 *", "at 03:00 on days 1 and 15 of January and July"),
        ("0 3 * jun *", "at 03:00 every day in June"),
        ("0 * * jun *", "every hour in June"),
        ("0 3 * jun mon", "at 03:00 on Mondays in June"),
        ("0 3 1 * mon", "at 03:00 on day 1 of every month and on Mondays"),
        ("0 3 1-31 * mon", "at 03:00 every day"),
        ("0 3 */16 * *", "at 03:00 on days 1 and 17 of every month"),
        ("0 3 */2 * *", "cron 0 3 */2 * *"),
        ("0 3 */16 * mon", "cron 0 3 */16 * mon"),
    ],
)
def test_what_is_common_is_said_in_words(text: str, words: str) -> None:
    assert cron_in_words(parse_cron(text)) == words
