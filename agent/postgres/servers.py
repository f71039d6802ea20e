"""A PostgreSQL server: which databases it has, and a short session with each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event

import psycopg
from psycopg import errors

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
    BoundedConnection,
    Endpoint,
    connection,
    database_of,
    parse_conninfo,
)
from agent.postgres.errors import DsnError
from agent.postgres.extremes import ExtremeReader
from agent.postgres.inventory import fingerprint, inventory
from agent.postgres.places import address, has_several_hosts, resolved
from agent.postgres.positions import PositionReader
from agent.postgres.queries import query
from agent.postgres.reading import ReadOnly
from agent.postgres.versions import supported_major
from agent.postgres.yielding import YieldingReading


@dataclass(frozen=True, slots=True, kw_only=True)
class _DatabaseRow:
    """A row of databases.sql."""

    name: bytes
    exclusion: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """A row of facts.sql."""

    datname: str
    version: str
    in_recovery: bool
    role: str
    line: str
    may_tell_line: bool


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
    # Whether a session tells a better name: which of several hosts it has reached.
    named_by_place: bool = False
    # Set when the service has refused to tell the line of history.
    lineless: Event = field(default_factory=Event)
    # The bytes of the names that are not UTF-8, by how they are shown.
    odd_names: dict[str, bytes] = field(default_factory=dict)

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
            supported_major(opened)
            reading = ReadOnly(connection=opened, deadlines=self.endpoint.deadlines)
            listed = reading.rows(query("databases"), _DatabaseRow)
            self._learn_limits(reading)
            return tuple(
                ListedDatabase(
                    datname=self._shown(each.name),
                    exclusion=Exclusion(each.exclusion) if each.exclusion else None,
                )
                for each in listed
            )

    def _shown(self, name: bytes) -> str:
        try:
            return name.decode()
        except UnicodeDecodeError:
            shown = name.decode("utf-8", "backslashreplace")
            self.odd_names[shown] = name
            return shown

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
        odd_name = self.odd_names.get(datname) if datname else None
        with connection(self.endpoint, datname, odd_name=odd_name) as opened:
            reading = YieldingReading(
                database=datname or opened.info.dbname,
                connection=opened,
                deadlines=self.endpoint.deadlines,
                clock=self.endpoint.clock,
            )
            major = supported_major(opened)
            yield PostgresSession(
                reading=reading,
                major=major,
                max_locks=self.max_locks,
                place=_place(opened) if self.named_by_place else None,
                lineless=self.lineless,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresSession:
    """One short-lived connection to one database."""

    reading: ReadOnly
    major: int
    max_locks: int
    lineless: Event
    place: str | None = None

    def facts(self) -> ServerFacts:
        facts = self.reading.row(query("facts"), _Facts)
        line = self._line() if facts.may_tell_line else None
        return ServerFacts(
            datname=facts.datname,
            version=facts.version,
            in_recovery=facts.in_recovery,
            role=facts.role,
            line=line or facts.line,
            place=self.place,
        )

    def _line(self) -> str | None:
        """None where a service has no such functions for its users; asked once."""
        if self.lineless.is_set():
            return None
        try:
            return self.reading.row(query("line"), _Line).line
        except _REFUSALS:
            self.lineless.set()
        except psycopg.DatabaseError:
            pass
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
        self._known: dict[tuple[str, str | None], Ceiling] = {}

    def of(self, dsn: str | None) -> Ceiling:
        """That of a DSN, whatever its database; one alone where it is not known yet."""
        if dsn is None:
            return Ceiling(self._clock)
        try:
            parameters = parse_conninfo(dsn)
        except DsnError:
            return Ceiling(self._clock)
        key = (address(parameters), resolved(parameters).get("user"))
        return self._known.setdefault(key, Ceiling(self._clock))


# What services say instead of an answer, whoever asks.
_REFUSALS = (
    errors.InsufficientPrivilege,
    errors.FeatureNotSupported,
    errors.ObjectNotInPrerequisiteState,
    errors.UndefinedFunction,
)
_NOT_ON_STANDBY = Unreadable(Unreadability.UNLOGGED_ON_STANDBY)


def server_of(dsn: str, endpoint: Endpoint) -> PostgresServer:
    """A server that nobody gave a name, called after its service or its place."""
    parameters = parse_conninfo(dsn)
    return PostgresServer(
        name=address(parameters),
        endpoint=endpoint,
        named_by_place=has_several_hosts(parameters),
    )


def _place(opened: BoundedConnection) -> str:
    return f"{opened.info.host or opened.info.hostaddr}:{opened.info.port}"
