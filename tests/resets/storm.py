"""A session that moves names at random, at once with what a run tells of its steps."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import psycopg

from tests.resets.storm_ground import Ground
from tests.resets.storm_history import (
    Contents,
    History,
    NamedRelation,
    Names,
    contents_of,
    names_at,
)
from tests.resets.storm_moves import PUT_BACK, Move, put_back
from tests.resets.storm_repertoire import Repertoire
from tests.resets.target import CLOCK

BY_ITSELF = "by itself"
SETTINGS = "SET lock_timeout = '60ms'; SET statement_timeout = '2s'"
# A run waits no longer than this for a move that is to come before its next step.
_PATIENCE_SECONDS = 0.25
# How much later than a step, at most: its first statement, the next ones, another step.
_DELAYS = (0.001, 0.006, 0.03)
_SHOWN = 220
# What a run tells before it has its tables locked; all else comes later.
_UNLOCKED = frozenset({"beginning", "locking"})
_LOCK = {
    "r": "LOCK TABLE %s IN ACCESS EXCLUSIVE MODE",
    "S": "COMMENT ON SEQUENCE %s IS ''",
}


@dataclass(frozen=True, kw_only=True)
class MoveMade:
    """A move, when it was committed or failed, and after which step of the run."""

    at: float
    moment: str
    move: Move
    error: str | None

    def __str__(self) -> str:
        what = f"failed: {self.error}" if self.error else self.move.script
        after = f"{self.move.kind}, after {self.moment!r}"
        return f"{self.at * 1000:8.1f} ms  {after}: {what[:_SHOWN]}"


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How often names are moved at a step of the run, and how often by themselves.

    `quiet`: so many steps first. `inline`: the run waits for the move, which so comes
    between two of its statements. `held`: the move is open for a while, and others wait.
    """

    quiet: int
    at_steps: float
    inline: float
    held: float
    back: float
    pause_seconds: float | None

    @staticmethod
    def any(random: Random) -> Timing:
        chance = random.random()
        if chance < 0.3:
            return _LATE
        if chance < 0.5:
            return replace(_THERE_AND_BACK, quiet=random.randrange(9))
        return Timing(
            quiet=random.choice((0, 0, 1, 2, 3)),
            at_steps=random.choice((0.4, 0.7, 1.0)),
            inline=random.choice((0.0, 0.5, 1.0)),
            held=random.choice((0.0, 0.0, 0.3)),
            back=random.choice((0.0, 0.3, 0.6)),
            pause_seconds=random.choice((None, None, 0.005, 0.02, 0.06)),
        )


_LATE = Timing(
    quiet=3, at_steps=1.0, inline=1.0, held=0.0, back=0.0, pause_seconds=None
)
"""Just before the run acts, when nothing is left for it to wait for."""
_THERE_AND_BACK = replace(_LATE, back=1.0)
"""For the length of a step, and all looks as if nothing had been moved."""


@dataclass(frozen=True, kw_only=True)
class _Errand:
    moment: str
    delay: float
    hold: float
    done: threading.Event = field(default_factory=threading.Event)


@dataclass
class Storm:
    """The session, as the owner of the schemas, from the beginning of a run to its end.

    `told` is for the run: it is called at each of its steps.
    """

    ground: Ground
    random: Random
    history: History
    moves: Repertoire
    timing: Timing
    made: list[MoveMade] = field(default_factory=list)
    steps: list[tuple[float, str]] = field(default_factory=list)
    failure: Exception | None = None
    _errands: queue.Queue[_Errand | None] = field(default_factory=queue.Queue)

    def __post_init__(self) -> None:
        self._began = CLOCK.monotonic()
        # Two threads, each with a generator of its own, so that chance is repeatable.
        self._asked = Random(self.random.random())
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._live)
        self._thread.start()
        self._ready.wait()

    def told(self, what: str) -> None:
        """Perhaps do something now, or soon."""
        self.steps.append((self._now(), what))
        quiet = len(self.steps) <= self.timing.quiet
        if quiet or self._asked.random() >= self.timing.at_steps:
            return
        inline = self._asked.random() < self.timing.inline
        held = self._asked.random() < self.timing.held
        late, long = (
            self._asked.uniform(0, self._asked.choice(_DELAYS)) for _ in range(2)
        )
        errand = _Errand(
            moment=what.partition(" ")[0],
            delay=0 if inline else late,
            hold=long if held else 0,
        )
        self._errands.put(errand)
        if inline:
            errand.done.wait(_PATIENCE_SECONDS)

    def stop(self) -> None:
        self._errands.put(None)
        self._thread.join()
        if self.failure is not None:
            raise self.failure

    def _now(self) -> float:
        return CLOCK.monotonic() - self._began

    def _live(self) -> None:
        try:
            with psycopg.connect(self.ground.owner, autocommit=True) as connection:
                connection.execute(SETTINGS)
                self._ready.set()
                while (errand := self._next()) is not None:
                    if errand.delay:
                        threading.Event().wait(errand.delay)
                    self._move(connection, errand)
                    errand.done.set()
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            self.failure = error
        finally:
            self._ready.set()

    def _next(self) -> _Errand | None:
        while True:
            pause = self.timing.pause_seconds
            if pause is not None:
                pause = self.random.uniform(0, 2 * pause)
            try:
                return self._errands.get(timeout=pause)
            except queue.Empty:
                if len(self.steps) > self.timing.quiet:
                    return _Errand(moment=BY_ITSELF, delay=0, hold=0)

    def _move(self, connection: psycopg.Connection[Any], errand: _Errand) -> None:
        move, error = self._chosen(), None
        try:
            self._carry_out(connection, move, errand.hold)
        except psycopg.Error as failed:
            error = str(failed).partition("\n")[0]
        made = MoveMade(at=self._now(), moment=errand.moment, move=move, error=error)
        self.made.append(made)

    def _chosen(self) -> Move:
        done = [made.move.kind for made in self.made if made.error is None]
        if done and done[-1] != PUT_BACK and self.random.random() < self.timing.back:
            return put_back()
        step = self.steps[-1][1].partition(" ")[0] if self.steps else "beginning"
        return self.moves.any(self.random, locked=step not in _UNLOCKED)

    def _carry_out(
        self, connection: psycopg.Connection[Any], move: Move, hold: float
    ) -> None:
        """Look at what will change, change it, and look at what is new, in one go."""
        with connection.transaction():
            before = self._touched(connection, move)
            connection.execute(self.ground.filled(move.script))
            names = names_at(connection, after=f"{move.kind}: {move.script}")
            after = contents_of(connection, self._interesting(names, before))
            if hold:
                threading.Event().wait(hold)
        self.history.look_again(before)
        self.history.add(names, after, ours=True)

    def _touched(
        self, connection: psycopg.Connection[Any], move: Move
    ) -> dict[int, Contents]:
        """Locked first: from now on the run cannot change them."""
        if not move.touches:
            return {}
        names = names_at(connection, after="")
        oids = {r.oid for r in names.relations.values() if r.qualified in move.touches}
        chosen = [
            each
            for each in names.relations.values()
            if each.kind in _LOCK
            and (each.oid in oids or not oids.isdisjoint(each.owners))
        ]
        for each in sorted(chosen, key=lambda relation: relation.kind, reverse=True):
            quoted = f'"{each.schema}"."{each.name}"'
            connection.execute((_LOCK[each.kind] % quoted).encode())
        again = names_at(connection, after="").relations
        return contents_of(connection, (again[each.oid] for each in chosen))

    def _interesting(
        self, names: Names, before: dict[int, Contents]
    ) -> list[NamedRelation]:
        """What is new, and what we have changed."""
        return [
            each
            for each in names.relations.values()
            if each.oid in before or not self.history.known(each.oid)
        ]
