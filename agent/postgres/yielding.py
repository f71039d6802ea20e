"""Reading that makes way for whoever needs a database for himself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from psycopg.sql import Composed

from agent.errors import DatabaseWantedError
from agent.ports import Clock
from agent.postgres.queries import query
from agent.postgres.reading import ReadOnly, Row

_ASKED_EVERY_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """The row of wanted.sql."""

    wanted: bool


@dataclass(slots=True)
class _Moment:
    """When it was asked last whether somebody waits; at first, when reading began."""

    at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class YieldingReading(ReadOnly):
    """Asks between statements whether somebody waits for the database to be left.

    A look at thousands of sequences takes seconds; nobody is to wait that long. Raises
    DatabaseWantedError.
    """

    database: str
    clock: Clock
    asked: _Moment = field(default_factory=_Moment)

    def rows(
        self,
        statement: bytes | Composed,
        row: type[Row],
        parameters: Mapping[str, object] | None = None,
    ) -> list[Row]:
        now = self.clock.monotonic()
        if self.asked.at is None:
            self.asked.at = now  # most looks are over before it would be asked
        elif now - self.asked.at > _ASKED_EVERY_SECONDS:
            (answer,) = ReadOnly.rows(self, query("wanted"), _Wanted)
            if answer.wanted:
                raise DatabaseWantedError(self.database)
            self.asked.at = self.clock.monotonic()
        return ReadOnly.rows(self, statement, row, parameters)
