"""What is stored of a track, to go on from after a restart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from agent.domain.consumption.buckets import DayCalls
from agent.domain.consumption.steps import Mark, Reason
from agent.domain.sequences import FedColumn


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A track as it is stored; `mark` is where it stood when it was last read.

    `current` says that it stood there up to the last round of its database. `days` are
    those that changed, or on the way back all that are kept. `previous` is the (schema,
    name) under which it was stored before, where that has changed. `columns` are those
    that it fed, and those that have lost it.
    """

    schema: str
    name: str
    since: datetime
    mark: Mark
    current: bool
    consumed: int
    fastest: float
    resets: Mapping[Reason, int]
    days: tuple[DayCalls, ...] = ()
    previous: tuple[str, str] | None = None
    columns: tuple[FedColumn, ...] = ()
