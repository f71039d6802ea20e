"""Runs seeds inside the transaction of a run, as if they were typed in its database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

import psycopg
from psycopg.rows import class_row

from agent.domain.resets.seeds import Seed, SeedError
from agent.domain.resets.seeds_script import Script, script
from agent.errors import BusyError
from agent.ports import Clock
from agent.postgres.connect import BoundedConnection
from agent.postgres.queries import query
from agent.postgres.resets.bounds import LONGEST_RUN
from agent.postgres.resets.seed_errors import explained, is_of_a_statement
from agent.postgres.resets.seed_run import SeedRun
from agent.postgres.resets.seed_session import (
    NotAsBeforeError,
    Session,
    Surroundings,
    put_back,
    release,
    session,
    set_locally,
    surroundings,
)
from agent.postgres.resets.seed_watch import Connect, LockWatch


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    names: list[str]
    conforming: bool


class SeedRunner:
    """Runs the seeds of one attempt; whatever it raises, the attempt is to be rolled back.

    `watch` opens a second connection to the same database; `told` hears what is being
    done, and what is left out.
    """

    def __init__(
        self,
        connection: BoundedConnection,
        *,
        lock_timeout: timedelta,
        clock: Clock,
        watch: Connect,
        told: Callable[[str], None],
    ) -> None:
        self._connection = connection
        self._patience = lock_timeout
        self._clock = clock
        self._connect = watch
        self._told = told
        self._until = clock.monotonic() + LONGEST_RUN.total_seconds()
        self._scripts: dict[Seed, Script] = {}
        self._session: Session | None = None

    def prepare(self, seeds: Iterable[Seed]) -> None:
        """Read them, while nothing is locked yet. Raises SeedError."""
        for seed in seeds:
            read = self._scripts[seed] = self._read(seed)
            for remark in read.remarks:
                self._told(remark)

    def begin(self) -> None:
        """Note what the session is like: the first thing in the transaction."""
        self._session = session(self._connection)

    def run(self, seed: Seed) -> None:
        """All of it and what it deferred; only rows are left of it.

        Raises SeedError, and BusyError where another attempt may succeed.
        """
        if self._session is None:
            raise RuntimeError("SeedRunner.begin() comes first in the transaction")
        read = self._scripts.get(seed) or self._read(seed)
        self._told(f"running {seed.name}")
        with self._released_if_it_fails(self._session):
            around = surroundings(self._connection, read.settings)
            set_locally(self._connection, around.plain)
            self._run_watched(read, around, self._session)
        self._put_back(seed.name, around, self._session)

    def _read(self, seed: Seed) -> Script:
        with self._connection.cursor(row_factory=class_row(_Known)) as cursor:
            (known,) = cursor.execute(query("seed_known")).fetchall()
        return script(
            seed,
            conforming=known.conforming,
            known_settings=frozenset(known.names),
        )

    def _run_watched(self, read: Script, around: Surroundings, before: Session) -> None:
        encoding = self._connection.info.parameter_status("client_encoding")
        watch = LockWatch(
            self._connect,
            before.holdings,
            patience=self._patience,
            clock=self._clock,
        )
        run = SeedRun(
            connection=self._connection,
            seed=read.name,
            bounds={**around.bounds, "client_encoding": encoding},
            patience=self._patience,
            until=self._until,
            clock=self._clock,
            watch=watch,
        )
        with watch:
            for step in read.steps:
                run.step(step)
            run.deferred()
        if watch.cancelled:  # and the seed made nothing of it
            raise run.busy()
        if watch.blind:
            self._told(f"nobody watched the locks of {read.name}: {watch.blind}")

    @contextmanager
    def _released_if_it_fails(self, before: Session) -> Iterator[None]:
        try:
            with self._connection.transaction():
                yield
        except (SeedError, BusyError, psycopg.Error):
            with suppress(psycopg.Error):
                release(self._connection, before.holdings)
            raise

    def _put_back(self, name: str, around: Surroundings, before: Session) -> None:
        try:
            put_back(self._connection, before, around)
        except NotAsBeforeError as error:
            raise SeedError(name, str(error)) from error
        except psycopg.Error as error:
            if not is_of_a_statement(error):
                raise
            reason = f"what it left cannot be put back: {explained(error)}"
            raise SeedError(name, reason) from error
