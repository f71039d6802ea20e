"""The five fields of a cron expression, and what may stand in each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_MONTHS = {
    "jan": 1,
    "feb": 2,
    "mar": 3,
    "apr": 4,
    "may": 5,
    "jun": 6,
    "jul": 7,
    "aug": 8,
    "sep": 9,
    "oct": 10,
    "nov": 11,
    "dec": 12,
}
_WEEKDAYS = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}
_LONGEST_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_TERM = re.compile(r"(?:\*|(\w+)(?:-(\w+))?)(?:/([0-9]{1,4}))?", re.ASCII)


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


def checked_cron(text: str) -> str:
    """Return the expression with single blanks; raise ValueError if it cannot fire.

    >>> checked_cron("0  3 * * mon-fri")
    '0 3 * * mon-fri'
    """
    given = text.split()
    if len(given) != len(_FIELDS):
        raise ValueError(
            "needs five fields (minute, hour, day of month, month, weekday),"
            f" such as 0 3 * * *, and has {len(given)}"
        )
    values = [_values(one, text) for one, text in zip(_FIELDS, given, strict=True)]
    _check_that_it_happens(days=values[2], months=values[3], weekday=given[4])
    return " ".join(given)


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


def _check_that_it_happens(
    *, days: frozenset[int], months: frozenset[int], weekday: str
) -> None:
    # With a weekday given, cron takes either the day or the weekday.
    longest = max(_LONGEST_MONTH[month - 1] for month in months)
    if weekday == "*" and min(days) > longest:
        raise ValueError("never happens: no such day in these months")
