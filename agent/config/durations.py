"""Durations as people write them: 500ms, 60s, 1h30m, 400d."""

from __future__ import annotations

import re
from datetime import timedelta

_MILLISECONDS = {
    "w": 7 * 24 * 3_600_000,
    "d": 24 * 3_600_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1_000,
    "ms": 1,
}
_PARTS = " *".join(f"([0-9]{{1,15}} *{unit})?" for unit in _MILLISECONDS)
_LONGEST = timedelta(days=36_500)

# What YAML 1.1 takes for a number: 1:30 would be 90 and 0x10 would be 16.
_BARE_NUMBER = re.compile(
    r"[+-]?(0[xob])?[0-9a-f_.:]*[0-9](e[+-]?[0-9]+)?", re.IGNORECASE
)

PATTERN = f"^(?=.){_PARTS}$"
"""The same as a regular expression that JSON Schema understands as well."""


def parse_duration(text: str) -> timedelta:
    """Read units in falling order, each once and whole; raise ValueError otherwise.

    >>> parse_duration("1h30m") == parse_duration("90m") == timedelta(hours=1.5)
    True
    """
    text = text.strip()
    if _BARE_NUMBER.fullmatch(text):
        raise ValueError("needs a unit, such as 60s")
    match = re.fullmatch(PATTERN, text)
    if match is None:
        raise ValueError("is not a duration; write it like 500ms, 60s, 1h30m or 400d")
    counts = (int(part.rstrip("wdhms ")) if part else 0 for part in match.groups())
    total = sum(map(int.__mul__, counts, _MILLISECONDS.values()))
    if total > _LONGEST // timedelta(milliseconds=1):
        raise ValueError(f"must be at most {format_duration(_LONGEST)}")
    return timedelta(milliseconds=total)


def format_duration(duration: timedelta) -> str:
    """Write a duration so that `parse_duration` reads the same, to the millisecond.

    >>> format_duration(timedelta(minutes=90)), format_duration(timedelta(days=400))
    ('1h30m', '400d')
    """
    left = duration // timedelta(milliseconds=1)
    written = ""
    # Weeks are read and never written: 400d says more than 57w1d.
    for unit in ("d", "h", "m", "s", "ms"):
        count, left = divmod(left, _MILLISECONDS[unit])
        written += f"{count}{unit}" if count else ""
    return written or "0s"
