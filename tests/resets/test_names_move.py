"""Names come to lead elsewhere while a run is at work: it touches what was planned.

Or it touches nothing, and says so. Whoever owns the schemas can rename them at any time,
for no lock on a table holds the name of its schema.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from agent.domain.resets.job import JobKind
from agent.domain.resets.runs import Done, Failed, Outcome, Refused
from agent.domain.resets.seeds import Seed
from tests.postgres_servers import Database
from tests.resets.moving import (
    WORK,
    Ground,
    State,
    ground_in,
    succeeded,
    swap,
    swap_back,
    swap_sequences,
    view_for,
)
from tests.resets.pausing import pausing

SEEDED = replace(
    WORK,
    seeds=(Seed(name="s.sql", content=b"INSERT INTO live.users VALUES (50, 'x')"),),
)
# 1: before each of them. What is left out differs from one kind of run to another.
EVERY = int(os.environ.get("NAMES_EVERY", "9"))
MOMENTS = ("locking", "counting", "emptying", "running what", "checking", "committing")
MOVES = {
    "tables and sequences": swap("keep"),
    "views": swap("views"),
    "tables with indexes": swap("indexed"),
    "tables with triggers": swap("fired"),
    "a partitioned table": swap("parts"),
    "nothing": "ALTER SCHEMA live RENAME TO aside",
    "another listed sequence": swap_sequences("inv_seq"),
    "another owned sequence": swap_sequences("users_id_seq"),
    "a view for a listed sequence": view_for("inv_seq"),
    "a view for an owned sequence": view_for("users_id_seq"),
    "another table": "ALTER TABLE live.users RENAME TO aside;"
    "ALTER TABLE live.precious RENAME TO users",
}


@pytest.fixture
def ground(database: Database) -> Ground:
    return ground_in(database)


@dataclass
class Mover:
    """Moves names at the first sign of a moment, and perhaps back at that of another."""

    ground: Ground
    moment: str
    statements: str
    moved: list[bool] = field(default_factory=list)

    def __call__(self, said: str) -> None:
        self.ground.heard.append(said)
        if said.startswith(self.moment) and not self.moved:
            self.moved.append(self.ground.move(self.statements))


def check(ground: Ground, outcome: Outcome, before: State, planned: State) -> None:
    """All of the plan was done and nothing else, or nothing; the ledger knows which."""
    after = ground.state()
    changed = {
        oid: after.get(oid)
        for oid in before.keys() | after.keys()
        if before.get(oid) != after.get(oid)
    }
    if isinstance(outcome, Done):
        assert changed == planned
    else:
        assert isinstance(outcome, Failed | Refused), outcome
        assert changed == {}
        assert outcome.reason
    assert succeeded(ground.record()) == isinstance(outcome, Done)


def planned_effect(ground: Ground, kind: JobKind = JobKind.RESET) -> State:
    """What a run is to change, by oid; a resync has one row to move a sequence past."""
    if kind is JobKind.RESYNC:
        ground.move("INSERT INTO live.users VALUES (50, 'explicit')")
        return {ground.oid("live.users_id_seq"): (50, True)}
    return {
        ground.oid("live.users"): (0,),
        ground.oid("live.orders"): (0,),
        ground.oid("live.users_id_seq"): (1, False),
        ground.oid("live.orders_id_seq"): (1, False),
        ground.oid("live.inv_seq"): (1000, False),
    }


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("move", MOVES)
def test_a_run_touches_what_was_planned_or_nothing(
    ground: Ground, move: str, moment: str
) -> None:
    planned, before, traces = planned_effect(ground), ground.state(), ground.traces
    mover = Mover(ground, moment, MOVES[move])

    outcome = ground.run(ground.job(), told=mover)

    assert mover.moved
    if move == "tables and sequences" and moment != "committing":
        assert isinstance(outcome, Failed | Refused)
    check(ground, outcome, before, planned)
    assert ground.traces == traces


@dataclass
class MoverBetween:
    """Moves names before one statement of a run, and back after so many more."""

    ground: Ground
    forth: str
    back: str
    first: int = 0
    lasting: int = 0
    moved: bool = False

    def __call__(self, number: int, _statement: str) -> None:
        if number == self.first:
            self.ground.settle()
            self.moved = self.ground.move(self.forth)
        if number == self.first + self.lasting:
            self.move_back()

    def move_back(self) -> None:
        if self.moved:
            self.ground.settle()
            self.moved = not self.ground.move(self.back)


_LOCKS = re.compile(r"LOCK TABLE ONLY .* IN (ACCESS|SHARE ROW) EXCLUSIVE MODE")


def turning_points(statements: list[str]) -> Iterator[int]:
    """Numbers of the statements of a run that ask or do something, from the locks on."""
    began = next(n for n, each in enumerate(statements) if _LOCKS.match(each))
    for number, statement in enumerate(statements[began:], began + 1):
        if not re.match(
            r"SAVEPOINT|RELEASE|ROLLBACK TO|SELECT +pg_catalog.set_config", statement
        ):
            yield number


@pytest.mark.timeout(300)
@pytest.mark.parametrize("other", ["keep", "views", "indexed", "parts"])
@pytest.mark.parametrize("kind", JobKind)
def test_names_may_move_before_any_statement(
    ground: Ground, kind: JobKind, other: str
) -> None:
    """For one statement only, and for all that come."""
    job, planned = ground.job(kind), planned_effect(ground, kind)
    before, traces = ground.state(), ground.traces
    # Names that moved before there was a plan make another one.
    agreed = replace(WORK, expected_hash=ground.target.plan(job).hash)
    mover = MoverBetween(ground, swap(other), swap_back(other))
    outcomes = []
    with pausing(ground.target.dsn, mover) as proxy:
        dsn = proxy.through(ground.target.dsn)
        ground.run(job, dsn=dsn)
        ground.put_back(kind)
        points = list(turning_points(proxy.statements))
        for number in points[::EVERY]:
            for mover.lasting in (1, 1000):
                proxy.statements.clear()
                mover.first = number
                outcomes.append(ground.run(job, work=agreed, dsn=dsn))
                mover.move_back()
                check(ground, outcomes[-1], before, planned)
                if isinstance(outcomes[-1], Done):
                    ground.put_back(kind)

    # What was locked for a moment only was not locked.
    assert not isinstance(outcomes[0], Done)
    assert ground.traces == traces
    assert {type(each) for each in outcomes} == {Done, Failed, Refused}
