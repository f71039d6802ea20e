"""Counts and ratios as people and templates write them: 5000000, 5e+06, 0.75, 75%."""

from __future__ import annotations

import re
from decimal import Decimal

_NUMBER = re.compile(r"[+-]?[0-9][0-9_]{0,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?")


def parse_count(text: str) -> int:
    """Read a whole number; raise ValueError otherwise.

    Helm writes 5000000 from a values file as 5e+06, so that is a whole number too.

    >>> parse_count("5000000") == parse_count("5_000_000") == parse_count("5e+06")
    True
    """
    number = _decimal(text)
    if number is None or number != number.to_integral_value():
        raise ValueError("must be a whole number")
    return int(number)


def parse_ratio(text: str) -> float:
    """Read a share above 0 and up to 1, or the same as a percentage.

    >>> parse_ratio("0.75") == parse_ratio("75%")
    True
    """
    text = text.strip()
    number = _decimal(text.removesuffix("%"))
    if number is not None and text.endswith("%"):
        number /= 100
    if number is None or not 0 < number <= 1:
        raise ValueError("must be above 0 and at most 1, such as 0.75 or 75%")
    return float(number)


def _decimal(text: str) -> Decimal | None:
    text = text.strip()
    return Decimal(text.replace("_", "")) if _NUMBER.fullmatch(text) else None
