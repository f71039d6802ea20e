"""How long a run waits between its attempts, and when it waits no more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

from agent.domain.resets.facts import Measured
from agent.domain.resets.plan import Plan, plan
from agent.domain.resets.runs import Done, Failed, Figures, Tick, Uncertain, Work
from agent.errors import AgentError, BusyError
from agent.services.resetting import Resetter
from tests.resets.catalogs import CATALOG, JOB
from tests.stopped_clock import StoppedClock

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TICK = Tick(job="nightly", trigger="schedule", scheduled_for=NOON)
PLAN: Plan = plan(JOB, CATALOG, Measured())
UNCERTAIN = Uncertain(
    done=Done(plan=PLAN, before=Figures(), after=Figures()), reason="gone"
)


class Stopping(threading.Event):
    """Passes the time that is waited, and is set when so many waits have begun."""

    def __init__(self, clock: StoppedClock, *, at: int | None = None) -> None:
        super().__init__()
        self._clock = clock
        self._at = at
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        if len(self.waits) == self._at:
            self.set()
            return True
        # A moment longer, for what is left of a float may be too short for a step.
        self._clock.move(timedelta(seconds=timeout or 0.0) + timedelta.resolution)
        return self.is_set()


@dataclass
class FakeLedger:
    """Gives out every tick, and knows no fate."""

    ended_as: list[str] = field(default_factory=list)

    def claim(self, tick: Tick) -> UUID:
        del tick
        return uuid4()

    def touch(self, run_id: UUID) -> None: ...

    def fate(self, run_id: UUID) -> None:
        del run_id
        raise AgentError("connection refused")

    def ended(self, run_id: UUID, *ending: object, **more: object) -> None:
        del run_id, more
        self.ended_as.append(str(ending[0]))


@dataclass
class FakeWorker:
    """Every attempt comes to the same; knows when each began."""

    clock: StoppedClock
    perform_as: Callable[[], Any]
    ledger: FakeLedger = field(default_factory=FakeLedger)
    begun_at: list[float] = field(default_factory=list)

    def plan(self, job: object, seeds: object) -> Plan:
        del job, seeds
        return PLAN

    def perform(self, *_: object, **__: object) -> Any:
        self.begun_at.append(self.clock.monotonic())
        return self.perform_as()


def busy() -> None:
    raise BusyError("locked")


class Scene:
    """A run on a clock that moves only by waiting."""

    def __init__(
        self, perform_as: Callable[[], Any] = busy, *, stop_at: int | None = None
    ) -> None:
        self.clock = StoppedClock(NOON)
        self.stopping = Stopping(self.clock, at=stop_at)
        self.worker = FakeWorker(self.clock, perform_as)

    def run(self, *, attempts: int) -> object:
        resetter = Resetter(JOB, self._open, clock=self.clock, stopping=self.stopping)
        work = Work(lock_timeout=timedelta(seconds=2), attempts=attempts)
        return resetter.run(TICK, work)

    def pauses(self) -> list[float]:
        begun = self.worker.begun_at
        return [later - at for at, later in pairwise(begun)]

    @contextmanager
    def _open(self) -> Iterator[Any]:
        yield self.worker


def test_pauses_grow_to_half_a_minute_and_no_further() -> None:
    scene = Scene()

    scene.run(attempts=9)

    longest = [1, 2, 4, 8, 16, 30, 30, 30]
    assert len(scene.pauses()) == len(longest)
    for pause, most in zip(scene.pauses(), longest, strict=True):
        assert most / 2 <= round(pause, 3) <= most


def test_two_who_wait_for_each_other_do_not_wait_equally_long() -> None:
    scenes = [Scene() for _ in range(5)]

    for scene in scenes:
        scene.run(attempts=3)

    for number in range(2):
        assert len({scene.pauses()[number] for scene in scenes}) == len(scenes)


def test_a_run_gives_up_after_its_attempts() -> None:
    scene = Scene()

    outcome = scene.run(attempts=3)

    assert isinstance(outcome, Failed)
    assert outcome.reason == "locked; gave up after 3 attempts"
    assert outcome.attempts == len(scene.worker.begun_at) == 3
    assert scene.worker.ledger.ended_as == ["failed"]


def test_an_agent_that_is_stopped_makes_no_other_attempt() -> None:
    scene = Scene(stop_at=1)

    outcome = scene.run(attempts=3)

    assert isinstance(outcome, Failed)
    assert outcome.reason == "the agent was stopped"
    assert len(scene.worker.begun_at) == 1


def test_an_agent_that_is_stopped_asks_no_more_what_became_of_a_commit() -> None:
    scene = Scene(lambda: UNCERTAIN, stop_at=2)

    outcome = scene.run(attempts=3)

    assert isinstance(outcome, Uncertain)
    assert len(scene.stopping.waits) == 2


def test_what_became_of_a_commit_is_asked_for_half_a_minute() -> None:
    scene = Scene(lambda: UNCERTAIN)

    outcome = scene.run(attempts=3)

    assert isinstance(outcome, Uncertain)
    assert round(sum(scene.stopping.waits)) == 30
