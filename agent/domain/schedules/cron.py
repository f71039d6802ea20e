"""Cron expressions: what their five fields mean, and on which days they match.

The meaning is that of cron(5): 0 and 7 are Sunday, and a day matches by its number *or*
by its weekday if both are restricted. A field that begins with `*` counts as not
restricted, `*/2` too, as it does in Vixie's cron: then both have to match.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import MAXYEAR, MINYEAR, date

_MONTH_NAMES = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
# The week that people name begins on Monday.
_WEEKDAY_NAMES = {
    1: "Monday",
    2: "Tuesday",
    3: "Wednesday",
    4: "Thursday",
    5: "Friday",
    6: "Saturday",
    0: "Sunday",
}
_MONTHS = {name[:3].lower(): n for n, name in enumerate(_MONTH_NAMES, start=1)}
_WEEKDAYS = {_WEEKDAY_NAMES[n][:3].lower(): n for n in range(7)}
_LONGEST_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_TERM = re.compile(r"(?:\*|(\w+)(?:-(\w+))?)(?:/([0-9]{1,4}))?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """What an expression matches; two spellings of the same are equal."""

    text: str = field(compare=False)
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """0 to 6, from Sunday."""
    any_hour: bool
    """The hour begins with `*` or is all of them: what follows hours, not a clock."""
    day_or_weekday: bool
    """Neither begins with `*`, and one that matches is enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """One of the five: its name, its range, and names for its numbers."""

    name: str
    low: int
    high: int
    names: Mapping[str, int] = field(default_factory=dict)

    def number(self, text: str) -> int:
        number = int(text) if re.fullmatch("[0-9]{1,4}", text) else -1
        value = self.names.get(text.lower(), number)
        if not self.low <= value <= self.high:
            raise ValueError(
                f"{self.name} takes {self.low} to {self.high}"
                + (f" or {'/'.join(self.names)}" if self.names else "")
            )
        return value


_FIELDS = (
    _Field(name="minute", low=0, high=59),
    _Field(name="hour", low=0, high=23),
    _Field(name="day of month", low=1, high=31),
    _Field(name="month", low=1, high=12, names=_MONTHS),
    _Field(name="weekday", low=0, high=7, names=_WEEKDAYS),
)


def parse_cron(text: str) -> Cron:
    """Read five fields; raise ValueError if they are wrong or can never match.

    >>> cron = parse_cron("*/30  3 * * sat-7")
    >>> cron.text, sorted(cron.minutes), sorted(cron.weekdays)
    ('*/30 3 * * sat-7', [0, 30], [0, 6])
    """
    given = text.split()
    if len(given) != len(_FIELDS):
        raise ValueError(
            "needs five fields (minute, hour, day of month, month, weekday),"
            f" such as 0 3 * * *, and has {len(given)}"
        )
    minutes, hours, days, months, weekdays = map(_values, _FIELDS, given)
    cron = Cron(
        text=" ".join(given),
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=frozenset(weekday % 7 for weekday in weekdays),
        any_hour=given[1].startswith("*") or len(hours) == 24,
        day_or_weekday=not (given[2].startswith("*") or given[4].startswith("*")),
    )
    _check_that_it_happens(cron)
    return cron


def _values(field: _Field, text: str) -> frozenset[int]:
    return frozenset().union(*(_term(field, term) for term in text.split(",")))


def _term(field: _Field, text: str) -> range:
    match = _TERM.fullmatch(text)
    if match is None:
        raise ValueError(
            f"{field.name} must be *, a number, a range or a list of these, with /step"
        )
    first, last, step = match.groups()
    if first and step and not last:
        raise ValueError(f"{field.name}: a step needs a range before it, such as */15")
    low, high = _ends(field, first, last)
    return range(low, high + 1, _step(field, step))


def _ends(field: _Field, first: str | None, last: str | None) -> tuple[int, int]:
    if first is None:
        return field.low, field.high
    low = field.number(first)
    high = field.number(last or first)
    if low > high:
        hint = "; a Sunday that ends a range is 7" if high == 0 else ""
        raise ValueError(f"{field.name}: the range counts backwards{hint}")
    return low, high


def _step(field: _Field, text: str | None) -> int:
    step = int(text or 1)
    if not 1 <= step <= field.high:
        raise ValueError(f"{field.name}: a step must be 1 to {field.high}")
    return step


def _check_that_it_happens(cron: Cron) -> None:
    # A day that exists falls on each weekday sooner or later, 29 February too.
    longest = max(_LONGEST_MONTH[month - 1] for month in cron.months)
    if min(cron.days) > longest and not cron.day_or_weekday:
        raise ValueError("never happens: no such day in these months")


def dates_from(cron: Cron, first: date) -> Iterator[date]:
    """The days that match, from `first` on, to the end of the calendar.

    Any two are at most 40 years apart: 29 February on one weekday, around 2100.
    """
    for year in range(first.year, MAXYEAR):
        for month in sorted(cron.months):
            if (year, month) >= (first.year, first.month):
                yield from (day for day in _month(cron, year, month) if day >= first)


def dates_back_from(cron: Cron, last: date) -> Iterator[date]:
    """The days that match, from `last` back."""
    for year in range(last.year, MINYEAR, -1):
        for month in sorted(cron.months, reverse=True):
            if (year, month) <= (last.year, last.month):
                days = reversed(_month(cron, year, month))
                yield from (day for day in days if day <= last)


def _month(cron: Cron, year: int, month: int) -> list[date]:
    before, length = monthrange(year, month)  # Monday is 0 here, and 1 in cron
    return [
        date(year, month, day)
        for day in range(1, length + 1)
        if _matches(cron, day=day, weekday=(before + day) % 7)
    ]


def _matches(cron: Cron, *, day: int, weekday: int) -> bool:
    if cron.day_or_weekday:
        return day in cron.days or weekday in cron.weekdays
    return day in cron.days and weekday in cron.weekdays


def cron_in_words(cron: Cron) -> str:
    """A sentence for what is common, the expression itself for all else.

    >>> cron_in_words(parse_cron("30 3,15 * * mon-fri"))
    'at 03:30 and 15:30 from Monday to Friday'
    >>> cron_in_words(parse_cron("0 9-17 * * *"))
    'cron 0 9-17 * * *'
    """
    times, days = _times(cron), _days(cron)
    if times is None or days is None:
        return f"cron {cron.text}"
    if times.startswith("every "):
        days = days.removeprefix("every day").strip()
    return f"{times} {days}".rstrip()


def _times(cron: Cron) -> str | None:
    if len(cron.hours) == 24:
        return _minutes(sorted(cron.minutes))
    if len(cron.hours) * len(cron.minutes) > 4:
        return None
    return "at " + _listed(
        f"{hour:02}:{minute:02}"
        for hour in sorted(cron.hours)
        for minute in sorted(cron.minutes)
    )


def _minutes(minutes: list[int]) -> str | None:
    step = 60 // len(minutes)
    if minutes == list(range(0, 60, step)) and 60 % step == 0:
        return {1: "every minute", 60: "every hour"}.get(step, f"every {step} minutes")
    return f"every hour at minute {minutes[0]}" if len(minutes) == 1 else None


def _days(cron: Cron) -> str | None:
    by_day, by_weekday = len(cron.days) < 31, len(cron.weekdays) < 7
    if by_day and by_weekday:
        # The Mondays among some days of the month have no short sentence.
        both = f"{_days_of_month(cron)} and {_days_of_week(cron)}"
        return both if cron.day_or_weekday and len(cron.days) <= 4 else None
    # Of two that are both given, one with all the days in it leaves no day out.
    if cron.day_or_weekday or not (by_day or by_weekday):
        return "every day" + _in_months(cron)
    if by_weekday:
        return _days_of_week(cron)
    return _days_of_month(cron) if len(cron.days) <= 4 else None


def _days_of_month(cron: Cron) -> str:
    noun = "day" if len(cron.days) == 1 else "days"
    months = _in_months(cron).removeprefix(" in ") or "every month"
    return f"on {noun} {_listed(map(str, sorted(cron.days)))} of {months}"


def _days_of_week(cron: Cron) -> str:
    if cron.weekdays == {1, 2, 3, 4, 5}:
        return "from Monday to Friday" + _in_months(cron)
    names = (f"{name}s" for day, name in _WEEKDAY_NAMES.items() if day in cron.weekdays)
    return "on " + _listed(names) + _in_months(cron)


def _in_months(cron: Cron) -> str:
    if len(cron.months) == 12:
        return ""
    return " in " + _listed(_MONTH_NAMES[month - 1] for month in sorted(cron.months))


def _listed(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last
