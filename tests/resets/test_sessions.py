"""The sessions of others beside a reset: their ids, their patience, and our sampling."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import psycopg
import pytest

from agent.domain.resets.runs import Done, Failed, Tick, Work
from agent.domain.status import DatabaseStatus
from tests.eventually import eventually
from tests.postgres_servers import Database
from tests.resets.target import CLOCK, Target, armed_target
from tests.resets.test_running import TICK, Bench
from tests.sampled import sampler_at

CACHED = """\
CREATE TABLE cached (id bigint PRIMARY KEY);
CREATE SEQUENCE cached_id_seq CACHE 20 OWNED BY cached.id;
ALTER TABLE cached ALTER COLUMN id SET DEFAULT nextval('cached_id_seq');
"""
SESSIONS = 10
# How late somebody may be on a busy machine without having been held up.
TOLERANCE = 1.0


@pytest.fixture
def target(database: Database) -> Target:
    return armed_target(database)


@pytest.fixture
def bench(target: Target) -> Bench:
    return Bench(target)


def numbered(number: int) -> Tick:
    return replace(TICK, scheduled_for=TICK.scheduled_for + timedelta(minutes=number))


@dataclass
class Session:
    """A connection that does the same all the while; what went wrong, and how long."""

    dsn: str
    statements: Sequence[str]
    rounds: int = 0
    longest: float = 0.0
    errors: list[psycopg.Error] = field(default_factory=list)

    def live(self, stopping: threading.Event) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            while not stopping.wait(0.005):
                for each in self.statements:
                    self._run(connection, each)
                self.rounds += 1

    def _run(self, connection: psycopg.Connection, statement: str) -> None:
        began = CLOCK.monotonic()
        try:
            connection.execute(statement.encode())
        except psycopg.Error as error:
            self.errors.append(error)
        self.longest = max(self.longest, CLOCK.monotonic() - began)


@contextmanager
def at_work(sessions: Sequence[Session]) -> Iterator[None]:
    """All of them, once each has begun, and until the body has ended."""
    with in_threads([each.live for each in sessions]):
        eventually(lambda: all(each.rounds for each in sessions))
        yield


@contextmanager
def in_threads(calls: Sequence[Callable[[threading.Event], None]]) -> Iterator[None]:
    stopping = threading.Event()
    threads = [threading.Thread(target=call, args=[stopping]) for call in calls]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join()


def more_rounds(sessions: Sequence[Session], rounds: int) -> None:
    """Wait until each has done so much more."""
    wanted = [each.rounds + rounds for each in sessions]
    eventually(
        lambda: all(s.rounds >= w for s, w in zip(sessions, wanted, strict=True))
    )


def inserting(target: Target) -> list[Session]:
    statement = "INSERT INTO cached DEFAULT VALUES"
    return [Session(target.dsn, [statement]) for _ in range(SESSIONS)]


def test_sessions_that_cached_values_never_give_one_twice(bench: Bench) -> None:
    bench.target.as_agent(CACHED)
    sessions = inserting(bench.target)
    work = Work(lock_timeout=timedelta(seconds=2), attempts=3)

    with at_work(sessions):
        outcomes = []
        for number in range(6):
            outcomes.append(bench.run(tick=numbered(number), work=work))
            more_rounds(sessions, 10)

    assert all(isinstance(each, Done) for each in outcomes)
    assert [error for each in sessions for error in each.errors] == []


def test_setval_alone_would_give_them_twice(target: Target) -> None:
    target.as_agent(CACHED)
    sessions = inserting(target)

    with at_work(sessions):
        target.as_agent("TRUNCATE cached; SELECT setval('cached_id_seq', 1, false)")
        # The values that were cached come round again, some hundred inserts later.
        eventually(lambda: any(each.errors for each in sessions))

    errors = [error for each in sessions for error in each.errors]
    assert {type(each) for each in errors} == {psycopg.errors.UniqueViolation}


def add_tables(target: Target, number: int) -> None:
    each = (f"CREATE TABLE more_{n} (id serial)" for n in range(number))
    target.as_agent(";".join(each))


@dataclass
class Watch:
    """Samples the database all the while."""

    dsn: str
    rounds: list[DatabaseStatus] = field(default_factory=list)

    def live(self, stopping: threading.Event) -> None:
        sampler = sampler_at(self.dsn)
        while not stopping.wait(0.05):
            self.rounds.append(sampler.sample())

    def check(self) -> None:
        """Each round succeeds, and waits for nobody much longer than it may."""
        assert self.rounds
        assert [each.error for each in self.rounds if each.error] == []
        assert max(each.duration_seconds for each in self.rounds) < 2 + TOLERANCE


@pytest.mark.parametrize("more", [0, 60])
def test_others_wait_no_longer_than_the_lock_timeout(bench: Bench, more: int) -> None:
    add_tables(bench.target, more)
    tables = ("users", "orders", *(f"more_{n}" for n in range(0, more, 20)))
    reading = Session(bench.target.dsn, [f"SELECT count(*) FROM {t}" for t in tables])
    writing = Session(bench.target.dsn, ["INSERT INTO users (name) VALUES ('new')"])
    watch = Watch(bench.target.database.dsn)
    work = Work(lock_timeout=timedelta(seconds=1), attempts=2)

    with (
        held(bench.target, "SELECT FROM orders"),
        at_work([reading, writing]),
        in_threads([watch.live]),
    ):
        outcome = bench.run(work=work)
        more_rounds([reading, writing], 1)

    assert isinstance(outcome, Failed)
    assert outcome.attempts == 2
    for each in (reading, writing):
        assert each.errors == []
        # Not held up in vain either: the run did wait, and let go each time.
        assert 0.3 < each.longest < 1 + TOLERANCE
    watch.check()


@pytest.mark.parametrize("more", [0, 60])
def test_others_wait_no_longer_for_a_sequence_that_is_held(
    bench: Bench, more: int
) -> None:
    add_tables(bench.target, more)
    reading = Session(bench.target.dsn, ["SELECT FROM users", "SELECT FROM orders"])
    watch = Watch(bench.target.database.dsn)
    work = Work(lock_timeout=timedelta(seconds=1), attempts=2)

    with (
        held(bench.target, "SELECT nextval('users_id_seq')"),
        at_work([reading]),
        in_threads([watch.live]),
    ):
        outcome = bench.run(work=work)
        more_rounds([reading], 1)
    again = bench.run(tick=numbered(1), work=work)

    assert isinstance(outcome, Failed)
    assert outcome.attempts == 2
    assert reading.errors == []
    # Under the locks it counts the rows of each table before it waits.
    assert reading.longest < 1 + TOLERANCE + 0.01 * more
    watch.check()
    assert isinstance(again, Done)


def test_waits_for_a_table_and_for_a_sequence_are_one_wait(bench: Bench) -> None:
    """The table is given back late, and then a sequence is held: others see one wait."""
    reading = Session(bench.target.dsn, ["SELECT FROM users"])
    work = Work(lock_timeout=timedelta(seconds=3))

    with (
        held(bench.target, "SELECT nextval('users_id_seq')"),
        bench.target.database.connect() as other,
        at_work([reading]),
    ):
        other.autocommit = False
        other.execute("SELECT FROM orders")
        timer = threading.Timer(2.7, other.rollback)
        timer.start()
        outcome = bench.run(work=work)
        timer.join()
        more_rounds([reading], 1)

    assert isinstance(outcome, Failed)
    assert reading.longest < 3 + 0.5


@contextmanager
def held(target: Target, statement: str) -> Iterator[None]:
    """A transaction that stays open, with what the statement locked."""
    with (
        target.database.connect(target.dsn) as other,
        other.transaction(force_rollback=True),
    ):
        other.execute(statement.encode())
        yield
