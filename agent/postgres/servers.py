"""A PostgreSQL server: which databases it has, and a short session with each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import psycopg

from agent.domain.databases import Exclusion, ListedDatabase
from agent.domain.lost import Bereft, Deprived
from agent.domain.pace import MAX_LOCKS
from agent.domain.sequences import (
    Position,
    SequenceDefinition,
    Unreadability,
    Unreadable,
)
from agent.domain.taken import Answer, Question
from agent.errors import AgentError
from agent.ports import Clock, Inventory, ServerFacts
from agent.postgres.ceiling import Ceiling
from agent.postgres.connect import (
    Endpoint,
    connection,
    database_of,
    environment_defaults,
    parse_conninfo,
)
from agent.postgres.errors import DsnError
from agent.postgres.extremes import ExtremeReader
from agent.postgres.inventory import fingerprint, inventory
from agent.postgres.positions import PositionReader
from agent.postgres.queries import query
from agent.postgres.reading import ReadOnly
from agent.postgres.versions import supported_major
from agent.postgres.yielding import YieldingReading


@dataclass(frozen=True, slots=True, kw_only=True)
class _DatabaseRow:
    """A row of databases.sql."""

    datname: str
    exclusion: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limits:
    """A row of limits.sql."""

    allowed: int | None
    taken: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """A server as the configuration names it."""

    name: str
    endpoint: Endpoint
    max_locks: int = MAX_LOCKS

    @property
    def default_database(self) -> str:
        """The database that the DSN leads to; "" where not even the DSN is known."""
        try:
            conninfo = (self.endpoint.bare or self.endpoint.conninfo)()
            return database_of(parse_conninfo(conninfo))
        except AgentError:
            return ""

    def databases(self) -> tuple[ListedDatabase, ...]:
        """All databases in the order of their names."""
        with connection(self.endpoint, None) as opened:
            reading = ReadOnly(connection=opened, deadlines=self.endpoint.deadlines)
            listed = reading.rows(query("databases"), _DatabaseRow)
            self._learn_limits(reading)
            return tuple(
                ListedDatabase(
                    datname=each.datname,
                    exclusion=Exclusion(each.exclusion) if each.exclusion else None,
                )
                for each in listed
            )

    def _learn_limits(self, reading: ReadOnly) -> None:
        if (ceiling := self.endpoint.ceiling) is not None:
            for each in reading.rows(query("limits"), _Limits):
                ceiling.granted(each.allowed, taken=each.taken)

    @contextmanager
    def open(self, datname: str | None) -> Iterator[PostgresSession]:
        """A session with one database, closed at the end.

        Raises DatabaseUnreachableError, UnsupportedServerError and, also from the body,
        DatabaseQueryError and DatabaseWantedError.
        """
        with connection(self.endpoint, datname) as opened:
            reading = YieldingReading(
                connection=opened,
                deadlines=self.endpoint.deadlines,
                clock=self.endpoint.clock,
            )
            major = supported_major(opened)
            yield PostgresSession(
                reading=reading, major=major, max_locks=self.max_locks
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresSession:
    """One short-lived connection to one database."""

    reading: ReadOnly
    major: int
    max_locks: int

    def facts(self) -> ServerFacts:
        facts = self.reading.row(query("facts"), ServerFacts)
        return replace(facts, line=self._line() or facts.line)

    def _line(self) -> str | None:
        """None where a service has taken these functions away from its users."""
        try:
            return self.reading.row(query("line"), _Line).line
        except psycopg.DatabaseError:
            return None

    def fingerprint(self) -> str:
        return fingerprint(self.reading)

    def inventory(self) -> Inventory:
        return inventory(self.reading)

    def positions(
        self, sequences: Sequence[SequenceDefinition], *, in_recovery: bool
    ) -> Mapping[int, Position]:
        """Where each sequence stands, by oid; none is left out."""
        # Some minors fail a whole statement on one unlogged sequence of a standby.
        hidden = {s.oid for s in sequences if s.unlogged and in_recovery}
        reader = PositionReader(
            self.reading, major=self.major, max_locks=self.max_locks
        )
        found = reader.positions([s for s in sequences if s.oid not in hidden])
        return dict.fromkeys(hidden, _NOT_ON_STANDBY) | dict(found)

    def answers(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        """How far columns have come; none is left out."""
        reader = ExtremeReader(reading=self.reading, max_locks=self.max_locks)
        return reader.answers(questions)

    def deprived(self, lost: Sequence[Bereft]) -> Sequence[Deprived]:
        """Those of the columns that miss their sequence."""
        return self.reading.rows(
            query("deprived"),
            Deprived,
            {
                "tables_schemas": [each.column.table_schema for each in lost],
                "tables": [each.column.table_name for each in lost],
                "columns": [each.column.column for each in lost],
                "schemas": [each.schema for each in lost],
                "names": [each.name for each in lost],
            },
        )


class Ceilings:
    """The ceiling of each server and role: those with one DSN have it in common."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[tuple[str | None, ...], Ceiling] = {}

    def of(self, dsn: str | None) -> Ceiling:
        """That of a DSN, whatever its database; one alone where it is not known yet."""
        if dsn is None:
            return Ceiling(self._clock)
        try:
            parameters = environment_defaults() | parse_conninfo(dsn)
        except DsnError:
            return Ceiling(self._clock)
        key = tuple(parameters.get(name) for name in _WHERE)
        return self._known.setdefault(key, Ceiling(self._clock))


_WHERE = ("service", "host", "hostaddr", "port", "user")
_NOT_ON_STANDBY = Unreadable(Unreadability.UNLOGGED_ON_STANDBY)


def address(conninfo: str) -> str:
    """Host and port of a DSN, or the directory of the socket and the port."""
    parameters = environment_defaults() | parse_conninfo(conninfo)
    host = parameters.get("host") or parameters.get("hostaddr") or "localhost"
    return f"{host}:{parameters.get('port') or '5432'}"
