"""Servers that exist in memory only; the real ones have tests of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event

from agent.domain.consumption.records import Record
from agent.domain.databases import Exclusion, ListedDatabase
from agent.domain.lost import Bereft, Deprived
from agent.domain.sequences import At, Position, SequenceDefinition
from agent.domain.taken import Answer, Question
from agent.errors import AgentError, DatabaseWantedError, HistoryError, NotAdmittedError
from agent.ports import Chapter, Inventory, ServerFacts
from tests.stopped_clock import StoppedClock


def stopped_clock() -> StoppedClock:
    return StoppedClock(datetime(2026, 1, 1, tzinfo=UTC))


def _set() -> Event:
    event = Event()
    event.set()
    return event


@dataclass
class FakeServer:
    """One server with one database per entry; counts what it was asked."""

    name: str = "fake"
    default_database: str = "app"
    contents: dict[str, list[SequenceDefinition]] = field(default_factory=dict)
    values: dict[int, int] = field(default_factory=dict)
    fingerprint: str = "first"
    broken: AgentError | None = None
    # Why the DSN's own database tells no list of databases.
    unlisted: AgentError | None = None
    # Sessions wait for it.
    answering: Event = field(default_factory=_set)
    role: str = "sampler"
    line: str = "1/00000001"
    # What the columns of each table hold.
    held: dict[str, list[int]] = field(default_factory=dict)
    # Tables whose column has nothing that gives it a value.
    deprived: set[str] = field(default_factory=set)
    inventories: int = 0
    questions: int = 0
    exclusions: dict[str, Exclusion] = field(default_factory=dict)
    # Databases that pg_hba.conf does not let us into.
    rejecting: set[str] = field(default_factory=set)
    # How many sessions make way for somebody who copies the database.
    wanted: int = 0
    listings: int = 0
    attempts: int = 0
    sessions: int = 0
    opened: int = 0
    most_opened: int = 0

    def databases(self) -> tuple[ListedDatabase, ...]:
        self.listings += 1
        if trouble := self.broken or self.unlisted:
            raise trouble
        return tuple(
            ListedDatabase(datname=name, exclusion=self.exclusions.get(name))
            for name in sorted(self.contents)
        )

    @contextmanager
    def open(self, datname: str | None) -> Iterator[FakeSession]:
        self.attempts += 1
        if not self.answering.wait(30):
            raise TimeoutError
        if self.broken:
            raise self.broken
        if datname in self.rejecting:
            raise NotAdmittedError("pg_hba.conf rejects connection")
        self.sessions += 1
        self.opened += 1
        self.most_opened = max(self.most_opened, self.opened)
        name = datname or self.default_database
        try:
            if self.wanted:
                self.wanted -= 1
                raise DatabaseWantedError(name)
            yield FakeSession(self, name)
        finally:
            self.opened -= 1


@dataclass
class FakeSession:
    """A session with one database of a fake server."""

    server: FakeServer
    datname: str

    def facts(self) -> ServerFacts:
        return ServerFacts(
            datname=self.datname,
            version="18.4",
            in_recovery=False,
            role=self.server.role,
            line=self.server.line,
        )

    def fingerprint(self) -> str:
        return self.server.fingerprint

    def inventory(self) -> Inventory:
        self.server.inventories += 1
        return Inventory(
            fingerprint=self.server.fingerprint,
            sequences=tuple(self.server.contents[self.datname]),
        )

    def positions(
        self, sequences: Sequence[SequenceDefinition], *, in_recovery: bool
    ) -> Mapping[int, Position]:
        del in_recovery
        return {s.oid: At(self.server.values.get(s.oid, 1)) for s in sequences}

    def answers(self, questions: Sequence[Question]) -> Mapping[Question, Answer]:
        self.server.questions += len(questions)
        return {each: _answer(each, self.server.held) for each in questions}

    def deprived(self, lost: Sequence[Bereft]) -> Sequence[Deprived]:
        return [
            Deprived(
                number=number,
                quoted=f"{each.schema}.{each.name}",
                quoted_schema=each.schema,
            )
            for number, each in enumerate(lost)
            if each.column.table in self.server.deprived
        ]


def _answer(question: Question, held: Mapping[str, Sequence[int]]) -> int | None:
    counted = [
        value
        for value in held.get(question.column.table, ())
        if question.within.low <= value <= question.within.high
        and (value - question.origin) % question.step == 0
    ]
    if question.counted:
        return len(counted)
    return (max if question.greatest else min)(counted, default=None)


@dataclass
class FakeHistory:
    """A history in memory; while it is broken, every call fails."""

    broken: bool = False
    chapters: dict[tuple[str, str], dict[tuple[str, str], Record]] = field(
        default_factory=dict
    )
    calls: int = 0

    def load(self, server: str, datname: str) -> Chapter:
        self._call()
        records = self.chapters.get((server, datname), {})
        return Chapter(records=tuple(records.values()))

    def save(
        self, server: str, datname: str, chapter: Chapter, *, seen_at: datetime
    ) -> None:
        self._call()
        del seen_at
        stored = self.chapters.setdefault((server, datname), {})
        stored |= {(r.schema, r.name): r for r in chapter.records}

    def prune(self, now: datetime) -> None:
        del now
        self._call()

    def _call(self) -> None:
        self.calls += 1
        if self.broken:
            raise HistoryError("disk is full")
