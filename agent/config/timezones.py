"""The names of time zones that say what they mean all year."""

from __future__ import annotations

import zoneinfo
from difflib import get_close_matches


def checked_timezone(name: str) -> str:
    """Return an IANA name; raise ValueError for abbreviations and for unknown ones.

    Abbreviations load, and then mean something else than people think: EST knows no
    summer, CET is not Berlin's history.

    >>> checked_timezone("Europe/Berlin"), checked_timezone("UTC")
    ('Europe/Berlin', 'UTC')
    """
    name = name.strip()
    if name != "UTC" and "/" not in name:
        raise ValueError("must be an IANA name such as Europe/Berlin, or UTC")
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is not a known time zone" + _hint(name)) from None
    return name


def _hint(name: str) -> str:
    known = {zone.lower(): zone for zone in zoneinfo.available_timezones()}
    if not known:
        return ": this machine has no time zone data; install tzdata"
    close = get_close_matches(name.lower(), known, n=1)
    return f"; did you mean {known[close[0]]!r}?" if close else ""
