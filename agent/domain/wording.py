"""How names, counts and ratios are put into words that are safe to show."""

from __future__ import annotations

from datetime import timedelta

from agent.domain.limits import Capacity

_UNITS = {
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1),
    "millisecond": timedelta(milliseconds=1),
}


def printable(text: str) -> str:
    r"""The text on one line, with escapes for what a terminal would act upon.

    Control characters, line breaks, bidirectional overrides, zero-width joiners and
    lone surrogates become escapes; letters of any language and emoji stay.

    >>> printable("red\x1b[31m, zwei\nZeilen, \u202egpj.exe")
    'red\\x1b[31m, zwei\\nZeilen, \\u202egpj.exe'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def counted(number: int, noun: str) -> str:
    """A number and its noun.

    >>> counted(1, "server"), counted(0, "job"), counted(3, "database")
    ('1 server', '0 jobs', '3 databases')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def duration_in_words(duration: timedelta) -> str:
    """All units that there are any of, in falling order.

    >>> duration_in_words(timedelta(hours=25, seconds=1)), duration_in_words(timedelta())
    ('1 day 1 hour 1 second', '0 seconds')
    >>> duration_in_words(timedelta(microseconds=1500))
    '0:00:00.001500'
    """
    words, left = [], duration
    for unit, length in _UNITS.items():
        number, left = divmod(left, length)
        words += [counted(number, unit)] if number else []
    return str(duration) if left else " ".join(words) or counted(0, "second")


def percent_used(capacity: Capacity) -> str:
    """Rounded, but 100.0% only when nothing is left, and no more digits than are of use.

    >>> percent_used(Capacity(limit=10_000, total=10_000, left=1))
    '99.9%'
    >>> percent_used(Capacity(limit=10_000, total=10_000, left=0))
    '100.0%'
    >>> percent_used(Capacity(limit=10, total=10, left=-10_000))
    '>999%'
    """
    if capacity.used_ratio > 9.99:
        return ">999%"
    percents = f"{capacity.used_ratio:.1%}"
    return "99.9%" if capacity.remaining and percents == "100.0%" else percents
