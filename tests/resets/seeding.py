"""Seeds for tests: in a whole run, or by themselves in a transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from agent.domain.resets.runs import Outcome
from agent.domain.resets.seeds import Seed
from agent.postgres.connect import BoundedConnection
from agent.postgres.connect import connection as connected
from agent.postgres.resets.seeding import SeedRunner
from tests.resets.target import CLOCK, endpoint
from tests.resets.test_running import WORK, Bench


def seeds_of(*texts: str | bytes) -> tuple[Seed, ...]:
    """Named 1.sql, 2.sql and so on."""
    return tuple(
        Seed(f"{number}.sql", text if isinstance(text, bytes) else text.encode())
        for number, text in enumerate(texts, start=1)
    )


def seeded(bench: Bench, *texts: str | bytes) -> Outcome:
    """What becomes of a run with these seeds."""
    return bench.run(work=replace(WORK, seeds=seeds_of(*texts)))


@contextmanager
def begun(bench: Bench) -> Iterator[BoundedConnection]:
    """A connection in a transaction that may write."""
    name = bench.target.database.name
    with connected(endpoint(bench.target.dsn), name) as connection:
        connection.read_only = False
        connection.execute("BEGIN READ WRITE")
        yield connection


def run_alone(connection: BoundedConnection, bench: Bench, *seeds: Seed) -> None:
    """Run seeds in a transaction that has just begun, and commit."""
    runner = SeedRunner(
        connection,
        lock_timeout=timedelta(seconds=1),
        clock=CLOCK,
        watch=lambda: connected(endpoint(bench.target.dsn), bench.target.database.name),
        told=bench.heard.append,
    )
    runner.begin()
    for each in seeds:
        runner.run(each)
    connection.execute("COMMIT")


class Listening(list[str]):
    """Reacts to what is being said."""

    def __init__(self, react: Callable[[str], None]) -> None:
        super().__init__()
        self._react = react

    def append(self, said: str) -> None:
        super().append(said)
        self._react(said)
