"""What a gate says, and all that it may look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from agent.domain.resets.closure import PlannedTable
from agent.domain.resets.facts import (
    Catalog,
    Feed,
    Marker,
    Measured,
    Relation,
    Unknown,
)
from agent.domain.resets.job import JobKind, ResetJob
from agent.domain.resets.restarts import Restart
from agent.domain.resets.resync import Follower
from agent.domain.resets.seeds import Seed

_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Which tables may be asked about, for a question may run code of a stranger.

    `barred` ones may not. `doubted` ones may, as long as nobody can put code on them
    meanwhile: their owners, or those of what inherits from them, are strangers. Code on
    `accepted` ones is of no concern, since the job names them.
    """

    barred: frozenset[int] = frozenset()
    doubted: frozenset[int] = frozenset()
    accepted: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a job is about: a reset empties and restarts, a resync moves forward.

    `seeded` are the sequences that follow the rows which the seeds of a reset bring.
    """

    kind: JobKind
    tables: tuple[PlannedTable, ...] = ()
    restarts: tuple[Restart, ...] = ()
    followers: tuple[Follower, ...] = ()
    seeded: tuple[Follower, ...] = ()
    trust: Trust = Trust()

    @property
    def table_oids(self) -> frozenset[int]:
        return frozenset(table.oid for table in self.tables)

    @property
    def emptied(self) -> tuple[PlannedTable, ...]:
        """The tables that would be, and so have to be counted."""
        return self.tables if self.kind is JobKind.RESET else ()

    @property
    def chosen(self) -> tuple[Restart | Follower, ...]:
        """Its sequences, whatever happens to them."""
        return self.restarts or self.followers

    @property
    def moved(self) -> tuple[Follower, ...]:
        """Sequences that follow rows, those that are there or those of seeds."""
        return self.followers or self.seeded

    @property
    def alters_sequences(self) -> bool:
        """Whether ALTER SEQUENCE is run; TRUNCATE restarts owned ones by itself."""
        return bool(self.moved) or not all(each.owned for each in self.restarts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that a gate may look at."""

    job: ResetJob
    catalog: Catalog
    measured: Measured
    scope: Scope
    relations: Mapping[int, Relation]
    seeds: tuple[Seed, ...]
    hash: str
    expected_hash: str | None

    @property
    def marker(self) -> Marker:
        """Asked for by gates that need it, when it is there."""
        if isinstance(self.catalog.marker, Unknown):
            raise TypeError(self.catalog.marker.reason)
        return self.catalog.marker

    def name_of(self, table_oid: int) -> str:
        relation = self.relations.get(table_oid)
        return relation.qualified if relation else f"oid {table_oid}"

    def column_of(self, feed: Feed) -> str:
        return f"{self.name_of(feed.table_oid)}.{feed.column}"


@dataclass(frozen=True, slots=True)
class Passed:
    """Nothing speaks against it; `detail` is what was found."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why not, and what would mend it.

    `unread`: only since something could not be read, which may be held by others.
    """

    detail: str
    remedy: str
    unread: bool = False


Answer = Passed | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A question that is asked before anything is changed; names are public.

    One that needs the marker is not asked where there is none, and does not pass. One
    that is decided under the locks is about what can be held by others before them.
    """

    name: str
    ask: Callable[[Case], Answer]
    needs_marker: bool = False
    decided_under_locks: bool = False
    kinds: frozenset[JobKind] = frozenset(JobKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of a gate; one that could not be asked did not pass either.

    `may_wait`: what it could not read, it may read when everything is locked.
    """

    gate: str
    passed: bool
    asked: bool
    detail: str
    remedy: str = ""
    may_wait: bool = False


def verdict(gate: Gate, case: Case) -> Verdict:
    if gate.needs_marker and isinstance(case.catalog.marker, Unknown):
        return Verdict(
            gate=gate.name,
            passed=False,
            asked=False,
            detail="cannot be told without the marker",
        )
    match gate.ask(case):
        case Passed(detail):
            return Verdict(gate=gate.name, passed=True, asked=True, detail=detail)
        case Refused(detail, remedy, unread):
            return Verdict(
                gate=gate.name,
                passed=False,
                asked=True,
                detail=detail,
                remedy=remedy,
                may_wait=unread and gate.decided_under_locks,
            )


def unless(found: Iterable[str], *, remedy: str, unread: bool = False) -> Answer:
    """Refuse for what was found, naming the first few."""
    told = list(found)
    if not told:
        return Passed()
    return Refused(listed(told), remedy, unread)


def listed(names: Iterable[str]) -> str:
    """The first few, and how many more.

    >>> listed("abcdefg")
    'a, b, c, d, e and 2 more'
    """
    told = list(names)
    more = len(told) - _NAMED
    return ", ".join(told[:_NAMED]) + (f" and {more} more" if more > 0 else "")
