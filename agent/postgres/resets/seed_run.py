"""The steps of one seed, and whose fault it is when one of them fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import psycopg
from psycopg import errors

from agent.domain.resets.seeds import CopyFromStdin, SeedError
from agent.domain.resets.seeds_script import Batch, Step
from agent.errors import BusyError
from agent.ports import Clock
from agent.postgres.connect import BoundedConnection, milliseconds
from agent.postgres.queries import query
from agent.postgres.resets.bounds import LONGEST_STATEMENT
from agent.postgres.resets.seed_copy import copy_rows
from agent.postgres.resets.seed_errors import explained, is_of_a_statement, located
from agent.postgres.resets.seed_session import set_locally
from agent.postgres.resets.seed_watch import LockWatch

_NUMBER = re.compile(r"sequence_agent: statement (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedRun:
    """One seed of one attempt, in the transaction and surroundings made for it.

    `bounds` are the settings that no seed may change, `until` is when it has to be done.
    """

    connection: BoundedConnection
    seed: str
    bounds: Mapping[str, str | None]
    patience: timedelta
    until: float
    clock: Clock
    watch: LockWatch

    def step(self, step: Step) -> None:
        numbers: list[int] = []
        with self._bounded(lambda error: located(error, step, numbers)):
            match step:
                case Batch():
                    self._lay(step.statements)
                    with self._hearing(numbers):
                        self.connection.execute(query("seed_run"))
                case CopyFromStdin():
                    copy_rows(self.connection, step.sql, step.data)

    def deferred(self) -> None:
        """What it left to the end of the transaction."""
        with self._bounded(None):
            self.connection.execute(query("seed_deferred"))

    def _lay(self, text: str) -> None:
        self.connection.execute(query("seed_lay"), {"text": text})

    @contextmanager
    def _bounded(
        self, locate: Callable[[psycopg.Error], tuple[int, str]] | None
    ) -> Iterator[None]:
        """Bound what is done next, whatever the seed set, and blame it for its errors.

        `locate` tells the line and the statement of an error.
        """
        began = self.clock.monotonic()
        left = timedelta(seconds=self.until - began)
        if left <= timedelta(0):
            raise SeedError(self.seed, self._too_long())
        longest = min(left, LONGEST_STATEMENT)
        try:
            set_locally(
                self.connection,
                {
                    **self.bounds,
                    "statement_timeout": milliseconds(longest),
                    "lock_timeout": milliseconds(self.patience),
                },
            )
            yield
        except psycopg.Error as error:
            if not is_of_a_statement(error):
                raise
            line, sql = locate(error) if locate else (None, "")
            late = self.clock.monotonic() - began >= longest.total_seconds()
            raise self._blamed(error, line, sql, late=late) from error

    def busy(self, line: int | None = None, more: str = "") -> BusyError:
        """Waiting for locks for too long, which another attempt may not have to."""
        seconds = f"{self.patience.total_seconds():g} s"
        reason = f"waited for locks for longer than {seconds}{more}"
        return BusyError(str(SeedError(self.seed, reason, line=line)))

    def _blamed(
        self, error: psycopg.Error, line: int | None, sql: str, *, late: bool
    ) -> SeedError | BusyError:
        match error:
            case _ if self.watch.cancelled:
                return self.busy(line)
            case errors.LockNotAvailable():
                return self.busy(line, f": {explained(error)}")
            case errors.DeadlockDetected():
                return BusyError(str(SeedError(self.seed, explained(error), line=line)))
            case errors.QueryCanceled() if late:
                return SeedError(self.seed, self._too_long(), line=line)
            case _:
                what = "" if line else "its deferred work failed: "
                return SeedError(self.seed, what + explained(error, sql), line=line)

    @contextmanager
    def _hearing(self, numbers: list[int]) -> Iterator[None]:
        """Hear which statement failed."""

        def hear(notice: psycopg.errors.Diagnostic) -> None:
            match = _NUMBER.fullmatch(notice.message_primary or "")
            if match and notice.severity_nonlocalized == "INFO":
                numbers.append(int(match[1]))

        self.connection.add_notice_handler(hear)
        try:
            yield
        finally:
            self.connection.remove_notice_handler(hear)

    def _too_long(self) -> str:
        return (
            "took too long: a run has 30 minutes for its seeds, and 10 for what is"
            " handed over at once"
        )
