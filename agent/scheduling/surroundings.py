"""What the rounds of all servers have in common, and their pace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from agent.ports import Clock, Sink
from agent.scheduling.timer import Timer
from agent.services.recording import Recorder


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often every database is looked at, and how many of a server at once."""

    interval: timedelta
    concurrency: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the rounds of all servers have in common."""

    timer: Timer
    clock: Clock
    sinks: Sequence[Sink]
    recorder: Recorder
    round_done: Callable[[str], None]
