"""How long a reset keeps others out, beside the plainest way to do the same.

    python -m tests.resets.benchmark [--tables 516] [--postgres 16,18] [--rounds 3]

Both empty the same number of equal tables; a reader tells how long it was held up.
"""

from __future__ import annotations

import argparse
import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median
from typing import TextIO

import psycopg
from psycopg import sql

from agent.domain.filters import NameFilter
from agent.domain.resets.job import ResetJob
from agent.domain.resets.runs import Done, Tick, Work
from agent.postgres.resets.worker import open_worker
from agent.services.resetting import Resetter
from tests.postgres_servers import Servers, database_on
from tests.resets.target import CLOCK, Target, armed_target, endpoint, job_for

_AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
_NUMBERS = itertools.count()
_WORK = Work(lock_timeout=timedelta(seconds=5), attempts=3)


@dataclass
class Reader:
    """Somebody who reads one table all the while, and how long that took at most."""

    dsn: str
    table: str
    longest: float = 0.0

    def live(self, stopping: threading.Event, ready: threading.Event) -> None:
        statement = sql.SQL("SELECT FROM {} LIMIT 1").format(
            sql.Identifier(*self.table.split("."))
        )
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            while not stopping.wait(0.001):
                began = CLOCK.monotonic()
                connection.execute(statement)
                self.longest = max(self.longest, CLOCK.monotonic() - began)
                ready.set()


@contextmanager
def held_up(dsn: str, table: str) -> Iterator[Reader]:
    """A reader at work while the body runs."""
    reader = Reader(dsn, table)
    stopping, ready = threading.Event(), threading.Event()
    thread = threading.Thread(target=reader.live, args=[stopping, ready])
    thread.start()
    try:
        ready.wait(5)
        yield reader
    finally:
        stopping.set()
        thread.join()


def add_tables(target: Target, schema: str, number: int) -> None:
    """Empty tables with serial keys, in a schema of their own."""
    target.as_admin(f"CREATE SCHEMA {schema} AUTHORIZATION {{role}}")
    for start in range(0, number, 100):
        target.as_agent(
            ";".join(
                f"CREATE TABLE {schema}.t{n:04} (id serial PRIMARY KEY, name text)"
                for n in range(start, min(start + 100, number))
            )
        )


def reset_seconds(target: Target, schema: str, *, number: int) -> float:
    """How long a reader of the first table was held up by a reset of all."""
    job: ResetJob = replace(
        job_for(target.database.name), tables=NameFilter(include=(f"{schema}.*",))
    )
    resetter = Resetter(
        job,
        partial(open_worker, endpoint(target.dsn), job.database, agent="bench/1"),
        clock=CLOCK,
        stopping=threading.Event(),
    )
    tick = Tick(
        job=job.name,
        trigger="schedule",
        scheduled_for=_AT + timedelta(minutes=number),
    )
    with held_up(target.dsn, f"{schema}.t0000") as reader:
        outcome = resetter.run(tick, _WORK)
    if not isinstance(outcome, Done):
        raise TypeError(str(outcome))
    return reader.longest


def plain_seconds(target: Target, schema: str, *, number: int) -> float:
    """The same for one LOCK and one TRUNCATE … RESTART IDENTITY."""
    names = sql.SQL(", ").join(
        sql.Identifier(schema, f"t{n:04}") for n in range(number)
    )
    with (
        psycopg.connect(target.dsn, autocommit=True) as connection,
        held_up(target.dsn, f"{schema}.t0000") as reader,
        connection.transaction(),
    ):
        connection.execute(sql.SQL("LOCK TABLE {}").format(names))
        connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(names))
    return reader.longest


def measure(
    target: Target,
    *,
    tables: int,
    rounds: int,
    schemas: tuple[str, str] = ("one", "other"),
) -> tuple[float, float]:
    """Median seconds of the plain way and of a reset, by turns, in schemas to be made."""
    one, other = schemas
    add_tables(target, one, tables)
    add_tables(target, other, tables)
    plain, reset = [], []
    for _ in range(rounds):
        plain.append(plain_seconds(target, one, number=tables))
        reset.append(reset_seconds(target, other, number=next(_NUMBERS)))
    return median(plain), median(reset)


def main(write: Callable[[str], object]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=516)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postgres", default="16,18")
    options = parser.parse_args()
    with Servers("wheel") as servers:
        for major in map(int, options.postgres.split(",")):
            with database_on(servers.primary(major)) as database:
                target = armed_target(database)
                plain, reset = measure(
                    target, tables=options.tables, rounds=options.rounds
                )
            write(
                f"PostgreSQL {major}, {options.tables} tables: plain {plain:.2f} s,"
                f" reset {reset:.2f} s, {reset / plain:.1f} times\n"
            )


if __name__ == "__main__":
    import sys

    _OUT: TextIO = sys.stdout
    main(_OUT.write)
