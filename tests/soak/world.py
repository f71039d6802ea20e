"""A server on which databases, sequences and faults come and go, and as many stay."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from random import Random

import psycopg

from tests.agents import RunningAgent
from tests.postgres_servers import Database

_DATABASES = 4
_SEQUENCES = 30
_HELD_SECONDS = 0.4
_OURS = "application_name LIKE 'pg-sequence-agent%'"


class World:
    """What happens to a server, one thing after another."""

    def __init__(self, base: Database, agent: RunningAgent, random: Random) -> None:
        self._base = base
        self._agent = agent
        self._random = random
        self._numbers = count()
        self._databases: list[Database] = []
        self._kept = agent.config.read_text()
        self.happened: Counter[str] = Counter()

    def fill(self) -> None:
        """As many databases as there will be, and names that will not come back."""
        for _ in range(_DATABASES):
            self._create_database()
        for statement in ("CREATE", "DROP"):
            for first in range(0, 1500, 250):
                names = (
                    f"{statement} SEQUENCE once_{n};" for n in range(first, first + 250)
                )
                self._base.execute("".join(names))
            threading.Event().wait(1)

    def step(self) -> None:
        """One thing happens; what the server refuses, it refuses."""
        kinds, weights = zip(*self._repertoire(), strict=True)
        [happening] = self._random.choices(kinds, weights)
        self.happened[happening.__name__.strip("_")] += 1
        with suppress(psycopg.Error):
            happening()

    def drop(self) -> None:
        """Remove the databases that were made here."""
        while self._databases:
            self._drop_database()

    def _repertoire(self) -> list[tuple[Callable[[], None], int]]:
        return [
            (self._call, 12),
            (self._replace_sequence, 8),
            (self._rename_sequence, 3),
            (self._move, 4),
            (self._restart_sequences, 3),
            (self._hold, 2),
            (self._replace_database, 2),
            (self._end_backends, 3),
            (self._refuse, 1),
            (self._break_the_file, 1),
            (self._reload, 1),
            (self._scrape, 6),
            (self._restart_server, 1),
        ]

    def _any(self) -> Database:
        return self._random.choice([self._base, *self._databases])

    def _create_database(self) -> None:
        name = f"soak_{next(self._numbers)}"
        self._base.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        made = Database(name=name, server=self._base.server)
        made.execute(
            "".join(
                f"CREATE TABLE t{n} (id serial PRIMARY KEY);" for n in range(_SEQUENCES)
            )
        )
        self._databases.append(made)

    def _drop_database(self) -> None:
        gone = self._databases.pop(0)
        self._base.execute(f"DROP DATABASE IF EXISTS {gone.name} WITH (FORCE)")

    def _replace_database(self) -> None:
        self._drop_database()
        self._create_database()

    def _call(self) -> None:
        numbers = self._random.sample(range(_SEQUENCES), 5)
        statements = (f"INSERT INTO t{n} DEFAULT VALUES;" for n in numbers)
        self._random.choice(self._databases).execute("".join(statements))

    def _replace_sequence(self) -> None:
        name = f"coming_{self._random.randrange(20)}"
        self._any().execute(
            f"DROP SEQUENCE IF EXISTS {name}; CREATE SEQUENCE {name}; SELECT nextval('{name}')"
        )

    def _rename_sequence(self) -> None:
        old, new = self._random.sample(range(20), 2)
        self._any().execute(
            f"DROP SEQUENCE IF EXISTS coming_{new};"
            f"ALTER SEQUENCE IF EXISTS coming_{old} RENAME TO coming_{new}"
        )

    def _move(self) -> None:
        number = self._random.randrange(_SEQUENCES)
        value = self._random.randrange(1, 2**31)
        self._random.choice(self._databases).execute(
            f"SELECT setval('t{number}_id_seq', {value})"
        )

    def _restart_sequences(self) -> None:
        number = self._random.randrange(_SEQUENCES)
        self._random.choice(self._databases).execute(
            f"TRUNCATE t{number} RESTART IDENTITY"
        )

    def _hold(self) -> None:
        """A sequence, or the whole catalog of them, locked for some rounds."""
        what = self._random.choice(
            ["ALTER SEQUENCE t0_id_seq CACHE 1", "LOCK TABLE pg_catalog.pg_depend"]
        )
        with self._random.choice(self._databases).connect() as connection:
            connection.execute(f"BEGIN; {what}".encode())
            threading.Event().wait(_HELD_SECONDS)

    def _end_backends(self) -> None:
        self._base.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {_OURS}"
        )

    def _refuse(self) -> None:
        """A database that nobody may connect to for some rounds."""
        name = self._random.choice(self._databases).name
        self._base.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 0")
        threading.Event().wait(_HELD_SECONDS)
        self._base.execute(f"ALTER DATABASE {name} CONNECTION LIMIT -1")

    def _break_the_file(self) -> None:
        self._agent.config.write_text("servers: [")
        threading.Event().wait(_HELD_SECONDS)
        self._agent.config.write_text(self._kept)

    def _reload(self) -> None:
        self._agent.config.write_text(f"{self._kept}\n# {next(self._numbers)}\n")

    def _scrape(self) -> None:
        for path in ("/metrics", "/", "/readyz"):
            self._agent.get(path)

    def _restart_server(self) -> None:
        self._base.server.restart("immediate")
