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

import psycopg

from agent.domain.resets.job import Allowed, ResetJob
from agent.domain.resets.runs import Ending, Outcome, Skipped, Taken, Tick, Work
from agent.domain.resets.seeds import Seed
from agent.postgres.resets.worker import open_worker
from agent.services.resetting import Resetter
from tests.postgres_servers import Database
from tests.resets.target import CLOCK, Target, armed_target, endpoint, job_for

_FIRST_TICK = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
_PREPARATION = """\
TRUNCATE users, orders RESTART IDENTITY;
CREATE SEQUENCE invoices START 1000;
ALTER TABLE orders ADD COLUMN invoice bigint;
CREATE FUNCTION kept.effect() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO kept.effects VALUES (pg_current_xact_id());
    RETURN NULL;
END $$;
CREATE TRIGGER effect AFTER TRUNCATE ON orders
    FOR EACH STATEMENT EXECUTE FUNCTION kept.effect();
"""
BATCH = 200
_INSERT = f"""\
WITH ids AS MATERIALIZED (
    SELECT
        nextval('users_id_seq') AS user_id,
        nextval('orders_id_seq') AS id,
        nextval('invoices') AS invoice
    FROM generate_series(1, {BATCH})
),
added AS (INSERT INTO users (id, name) SELECT user_id, 'somebody' FROM ids)
INSERT INTO orders (id, user_id, invoice) OVERRIDING SYSTEM VALUE
SELECT id, user_id, invoice FROM ids
"""
_LOOK = """\
SELECT
    (SELECT count(*) FROM users),
    (SELECT count(*) FROM orders),
    (SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM users_id_seq),
    (SELECT last_value - CASE WHEN is_called THEN 99 ELSE 100 END FROM orders_id_seq),
    (SELECT last_value - CASE WHEN is_called THEN 999 ELSE 1000 END FROM invoices),
    (SELECT count(*) FROM kept.effects)
"""
# What is being done, as a run tells it; "tick" is before anything.
_MOMENTS = ("tick", "locking", "counting", "emptying", "running", "committing")
_LATEST_SECONDS = 0.03


def prepared(database: Database) -> Target:
    """A target whose job tells, in tables outside it, which effects there were."""
    target = armed_target(database)
    target.as_admin(
        "CREATE SCHEMA kept;"
        "CREATE TABLE kept.effects (xid xid8);"
        "CREATE TABLE kept.ticks (scheduled_for timestamptz);"
        "GRANT USAGE, CREATE ON SCHEMA kept TO {role};"
        "GRANT SELECT, INSERT ON kept.effects, kept.ticks TO {role}"
    )
    target.as_agent(_PREPARATION)
    return target


def tick(number: int) -> Tick:
    at = _FIRST_TICK + timedelta(minutes=number)
    return Tick(job="nightly-reset", trigger="schedule", scheduled_for=at)


def job_of(database: str) -> ResetJob:
    return replace(
        job_for(database),
        sequences=("public.invoices",),
        allowed=Allowed(triggers=("public.orders.effect",)),
    )


def work_of(tick: Tick) -> Work:
    """The seed writes down, beside the rows, for which tick there was an effect."""
    text = (
        "INSERT INTO users (id, name) VALUES (1, 'root');"
        f"INSERT INTO kept.ticks VALUES ('{tick.scheduled_for}')"
    )
    seed = Seed("root.sql", text.encode())
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
        if isinstance(outcome, Taken):
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


@dataclass
class Application:
    """Fills the tables all the while; each transaction does the same to all of them."""

    dsn: str
    batches: int = 0
    failures: int = 0
    _stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._live)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _live(self) -> None:
        while not self._stopping.is_set():
            try:
                self._insert()
            except psycopg.Error:
                self.failures += 1
                self._stopping.wait(0.05)

    def _insert(self) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            while not self._stopping.wait(0.02):
                connection.execute(_INSERT)
                self.batches += 1


@dataclass(frozen=True)
class Sight:
    """All there is at one instant at which nobody writes."""

    users: int
    orders: int
    user_values: int
    order_values: int
    invoice_values: int
    effects: int

    @property
    def torn(self) -> bool:
        """Whether one table was emptied without the other."""
        return self.users - self.orders != (1 if self.effects else 0)

    @property
    def lead(self) -> tuple[int, int, int]:
        """How far each sequence is ahead of its rows."""
        return (
            self.user_values - self.users,
            self.order_values - self.orders,
            self.invoice_values - self.orders,
        )


@dataclass
class Observer:
    """Looks again and again, with all writers held off for a moment."""

    target: Target
    application: Application
    sights: list[tuple[Sight, int]] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._live)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def wrong(self) -> list[Sight]:
        """Sights of what is half done: a table not emptied, a sequence not restarted.

        A transaction that broke has used up its values, and a crash up to 32 more.
        """
        found = []
        spared, effects = 0, -1
        for (sight, failures), (_, before) in zip(
            self.sights, [self.sights[0], *self.sights], strict=False
        ):
            if sight.effects != effects:
                spared, effects = before, sight.effects
            most = (BATCH + 33) * (failures - spared + 1)
            if sight.torn or not all(0 <= lead <= most for lead in sight.lead):
                found.append(sight)
        return found

    def _live(self) -> None:
        while not self._stopping.wait(0.05):
            with suppress(psycopg.OperationalError):
                self._look()

    def _look(self) -> None:
        with self.target.database.connect() as connection:
            while not self._stopping.wait(0.05):
                with connection.transaction():
                    connection.execute("LOCK TABLE users, orders IN SHARE MODE")
                    row = connection.execute(_LOOK).fetchone()
                if row is not None:
                    self.sights.append((Sight(*row), self.application.failures))
