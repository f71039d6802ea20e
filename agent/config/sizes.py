"""Amounts of bytes as people write them: 20GiB, 500MB, 4096."""

from __future__ import annotations

import re

from agent.config.numbers import parse_count

_DECIMAL: dict[str, int] = {
    unit: 1000**power for power, unit in enumerate(("B", "kB", "MB", "GB", "TB", "PB"))
}
_BINARY: dict[str, int] = {
    unit: 1024**power
    for power, unit in enumerate(("B", "KiB", "MiB", "GiB", "TiB", "PiB"))
}
_UNITS = {unit.lower(): by for unit, by in (_DECIMAL | _BINARY).items()} | {"": 1}
_SIZE = re.compile(r"([0-9][0-9.e+]{0,30}?) *([A-Za-z]*)")
_LARGEST = 2**63 - 1

PATTERN = r"^[0-9]{1,20} *([kKMGTP]?B|[KMGTP]iB)$"
"""The same as a regular expression that JSON Schema understands as well."""


def parse_size(text: str) -> int:
    """Read a whole number of bytes with or without a unit; raise ValueError otherwise.

    KiB, MiB, GiB are powers of 1024, kB, MB, GB of 1000. Case does not matter.

    >>> parse_size("20GiB"), parse_size("500MB")
    (21474836480, 500000000)
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None or match[2].lower() not in _UNITS:
        raise ValueError("is not a size; write it like 20GiB, 500MB or 4096")
    size = parse_count(match[1]) * _UNITS[match[2].lower()]
    if size > _LARGEST:
        raise ValueError(f"must be at most {_LARGEST} bytes")
    return size


def format_size(size: int) -> str:
    """Write a size with the unit that makes the shortest whole number of it.

    >>> format_size(21474836480), format_size(500_000_000), format_size(1023)
    ('20GiB', '500MB', '1023B')
    """
    exact = [
        (size // by, unit)
        for unit, by in (_BINARY | _DECIMAL).items()
        if size % by == 0
    ]
    count, unit = min(exact, key=lambda option: (option[0], option[1]))
    return f"{count}{unit}"
