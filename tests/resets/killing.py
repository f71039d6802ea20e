"""Agents that race for the ticks of one job, and are killed while they are at it."""

from __future__ import annotations

import multiprocessing
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.connection import Connection
from random import Random

from agent.domain.filters import NameFilter
from agent.domain.resets.job import Allowed, ResetJob
from agent.domain.resets.runs import (
    Early,
    Ending,
    Outcome,
    Skipped,
    Taken,
    Tick,
    Work,
)
from agent.domain.resets.seeds import Seed
from agent.postgres.resets.worker import open_worker
from agent.services.resetting import Resetter
from tests.resets.target import CLOCK, Target, endpoint, job_for

_FIRST_TICK = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
# What is being done, as a run tells it; "tick" is before anything.
_MOMENTS = ("tick", "locking", "counting", "emptying", "running", "committing")
_LATEST_SECONDS = 0.03


def tick(number: int) -> Tick:
    at = _FIRST_TICK + timedelta(minutes=number)
    return Tick(job="nightly-reset", trigger="schedule", scheduled_for=at)


def job_of(database: str) -> ResetJob:
    return replace(
        job_for(database),
        tables=NameFilter(include=("live.users", "live.orders")),
        sequences=("live.invoices",),
        allowed=Allowed(triggers=("live.orders.effect",)),
    )


def work_of(tick: Tick) -> Work:
    """The seed writes down, beside the rows, for which tick there was an effect.

    Where another table has the name meanwhile, that row is there already.
    """
    text = (
        "INSERT INTO live.users (id, name) VALUES (1, 'root');"
        f"INSERT INTO kept.ticks VALUES ('{tick.scheduled_for}')"
    )
    seed = Seed(name="root.sql", content=text.encode())
    return Work(lock_timeout=timedelta(seconds=1), attempts=3, seeds=(seed,))


def be_agent(dsn: str, database: str, pipe: Connection) -> None:
    """Run each tick that is announced, and tell about it, until this is killed."""
    job = job_of(database)
    while (number := pipe.recv()) is not None:
        told = partial(_tell, pipe, number)
        resetter = Resetter(
            job,
            partial(open_worker, endpoint(dsn), database, agent="racing/1"),
            clock=CLOCK,
            stopping=threading.Event(),
            told=told,
        )
        told("tick")
        told(resetter.run(tick(number), work_of(tick(number))))


def _tell(pipe: Connection, number: int, told: str | Outcome) -> None:
    pipe.send((number, told))


@dataclass
class Race:
    """What the agents said of each tick."""

    endings: dict[int, list[Ending]] = field(default_factory=dict)
    _over: set[int] = field(default_factory=set)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def ended(self, number: int, outcome: Outcome) -> None:
        if isinstance(outcome, Taken | Early):
            return
        with self._changed:
            self.endings.setdefault(number, []).append(outcome)
            if outcome.run_id is not None and not isinstance(outcome, Skipped):
                self._over.add(number)
            self._changed.notify_all()

    def killed(self, number: int) -> None:
        with self._changed:
            self._over.add(number)
            self._changed.notify_all()

    def await_ending(self, number: int, *, seconds: float) -> None:
        """Of somebody who had the tick, or the death of one who may have had it."""
        with self._changed:
            self._changed.wait_for(lambda: number in self._over, seconds)


@dataclass
class Agent:
    """A process that is started again whenever it was killed, and when that will be."""

    target: Target
    random: Random
    race: Race
    kills: int = 0
    moments: Counter[str] = field(default_factory=Counter)
    _pipe: Connection | None = None
    _stopping: threading.Event = field(default_factory=threading.Event)
    _recent: list[int] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._live)
        self._thread.start()

    def announce(self, number: int) -> None:
        with self._lock:
            # A new process gets these once more: it knows nothing of the one before.
            self._recent = [*self._recent[-2:], number]
            if self._pipe is not None:
                with suppress(OSError):
                    self._pipe.send(number)

    def stop(self) -> None:
        """Let it finish what it has begun."""
        self._stopping.set()
        with self._lock, suppress(OSError):
            if self._pipe is not None:
                self._pipe.send(None)
        self._thread.join()

    def _live(self) -> None:
        context = multiprocessing.get_context("forkserver")
        # Otherwise each process would load all of it, which takes longer than it lives.
        context.set_forkserver_preload(["__main__", __name__])
        while not self._stopping.is_set():
            ours, theirs = context.Pipe()
            process = context.Process(
                target=be_agent,
                args=(self.target.dsn, self.target.database.name, theirs),
                daemon=True,
            )
            process.start()
            theirs.close()
            with self._lock:
                self._pipe = ours
                for number in self._recent:
                    ours.send(number)
                if self._stopping.is_set():
                    ours.send(None)
            self._watch(ours, process.kill)
            process.join()
            with self._lock:
                self._pipe = None
            ours.close()

    def _watch(self, pipe: Connection, kill: Callable[[], None]) -> None:
        """Listen to it, and kill it a little after a certain moment of a certain tick."""
        moment = self.random.choice(_MOMENTS)
        spared = self.random.randrange(3)
        seconds = self.random.uniform(0, _LATEST_SECONDS)
        with suppress(EOFError, ConnectionError):
            while True:
                number, told = pipe.recv()
                if not isinstance(told, str):
                    self.race.ended(number, told)
                elif told.startswith(moment) and not self._stopping.is_set():
                    spared -= 1
                    if spared < 0:
                        threading.Event().wait(seconds)
                        kill()
                        self.kills += 1
                        self.moments[moment] += 1
                        self.race.killed(number)
                        return
