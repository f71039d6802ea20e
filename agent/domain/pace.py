"""How often databases are looked at, how long that may take, and what is too full.

The defaults of these values are those of the configuration.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

MAX_LOCKS = 256
"""How many locks one transaction of sampling takes of the table that all share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """How long anything may take on a sampled server."""

    connect: timedelta = timedelta(seconds=5)
    statement: timedelta = timedelta(seconds=10)
    lock: timedelta = timedelta(milliseconds=200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """The time between two looks at the catalog, and at what columns hold."""

    inventory: timedelta = timedelta(minutes=10)
    columns: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From which used ratio, and how long before its end, a sequence needs attention."""

    warning_used_ratio: float = 0.75
    critical_used_ratio: float = 0.90
    warning_exhausts_within: timedelta = timedelta(days=90)
    critical_exhausts_within: timedelta = timedelta(days=14)
