"""What the services need from the world outside, so that tests can stand in for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from agent.domain.consumption.records import Record
from agent.domain.databases import ListedDatabase
from agent.domain.forecasting.scoring import Prediction
from agent.domain.lost import Bereft, Deprived
from agent.domain.sequences import Position, SequenceDefinition
from agent.domain.status import DatabaseStatus
from agent.domain.taken import Answer, Question


class Clock(Protocol):
    """The time, aware and monotonic."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """What a connection says of the server behind it and of itself.

    `role` is the role that is connected, quoted for use in SQL. `line` names the line
    of history that values belong to: another cluster, timeline or standby has another.
    `place` is host and port where only the connection tells them.
    """

    datname: str
    version: str
    in_recovery: bool
    role: str
    line: str
    place: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """All sequences of a database with the columns they feed.

    `fingerprint` changes when a sequence is created, dropped, renamed, altered or
    restarted, so that a look at it tells whether the inventory is still true.
    """

    fingerprint: str
    sequences: tuple[SequenceDefinition, ...]


class DatabaseSession(Protocol):
    """One short-lived connection to one database."""

    def facts(self) -> ServerFacts: ...
    def fingerprint(self) -> str: ...
    def inventory(self) -> Inventory: ...
    def positions(
        self, sequences: Sequence[SequenceDefinition], *, in_recovery: bool
    ) -> Mapping[int, Position]: ...
    def answers(self, questions: Sequence[Question]) -> Mapping[Question, Answer]: ...
    def deprived(self, lost: Sequence[Bereft]) -> Sequence[Deprived]: ...


class Server(Protocol):
    """A PostgreSQL server as a configuration names it."""

    @property
    def name(self) -> str: ...
    @property
    def default_database(self) -> str: ...
    def databases(self) -> tuple[ListedDatabase, ...]: ...
    def open(self, datname: str | None) -> AbstractContextManager[DatabaseSession]: ...


class Sink(Protocol):
    """Whatever shows the newest status of each database."""

    def publish(self, status: DatabaseStatus) -> None: ...
    def forget(self, server: str, datname: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """What is stored of one database: its tracks, and what was predicted of them."""

    records: tuple[Record, ...] = ()
    predictions: tuple[Prediction, ...] = ()


class History(Protocol):
    """Where tracks survive the agent; each method raises HistoryError."""

    def load(self, server: str, datname: str) -> Chapter:
        """All that is stored; current records are marked at their database's last round."""
        ...

    def save(
        self, server: str, datname: str, chapter: Chapter, *, seen_at: datetime
    ) -> None:
        """Write what changed up to the round of `seen_at`, all of it or nothing.

        Writing the same again changes nothing.
        """
        ...

    def prune(self, now: datetime) -> None:
        """Forget what is older than is kept, and give the space back."""
        ...
