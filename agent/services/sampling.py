"""One round of sampling of one database, from the connection to its status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from agent.domain.filters import NameFilter
from agent.domain.findings import Thresholds
from agent.domain.sequences import Position, Reading, SequenceDefinition
from agent.domain.status import DatabaseStatus, SequenceStatus, assess
from agent.errors import AgentError
from agent.ports import Clock, DatabaseSession, Inventory, Server

# A backend that has looked at 20,000 sequences holds 55 MB of relation cache.
_SEQUENCES_PER_CONNECTION = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which sequences of a database are looked at."""

    schemas: NameFilter = field(default_factory=lambda: NameFilter(exclude=("pg_*",)))
    sequences: NameFilter = field(default_factory=NameFilter)

    def admits(self, sequence: SequenceDefinition) -> bool:
        return self.schemas.admits(sequence.schema) and self.sequences.admits(
            sequence.qualified
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingPlan:
    """What to sample, how often to look at the catalog, and what to think of it."""

    selection: Selection = field(default_factory=Selection)
    inventory_interval: timedelta = timedelta(minutes=10)
    thresholds: Thresholds = field(default_factory=Thresholds)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listing:
    """The catalog as it was last read, and the part of it that is looked at."""

    inventory: Inventory
    selected: tuple[SequenceDefinition, ...]
    taken_at: float


class Sampler:
    """Samples one database again and again; what did not change costs little."""

    def __init__(
        self, server: Server, datname: str | None, *, plan: SamplingPlan, clock: Clock
    ) -> None:
        """Sample `datname`, or the database that the server's DSN leads to."""
        self._server = server
        self._datname = datname
        self._plan = plan
        self._clock = clock
        self._listing: _Listing | None = None
        self._statuses: Mapping[int, SequenceStatus] = {}
        self._role = ""

    def sample(self) -> DatabaseStatus:
        """One round; trouble with the database is part of the status, not raised."""
        started = self._clock.monotonic()
        datname = self._datname or self._server.default_database
        blank = unread(self._server, datname, clock=self._clock)
        try:
            status = self._read(blank)
        except AgentError as error:
            status = replace(blank, error=str(error))
        return replace(status, duration_seconds=self._clock.monotonic() - started)

    def _read(self, blank: DatabaseStatus) -> DatabaseStatus:
        with self._server.open(self._datname) as session:
            facts = session.facts()
            listing = self._listed(session)
            first, *others = _chunks(listing.selected)
            positions = dict(session.positions(first, in_recovery=facts.in_recovery))
        for chunk in others:
            with self._server.open(self._datname) as session:
                positions |= session.positions(chunk, in_recovery=facts.in_recovery)
        return replace(
            blank,
            datname=facts.datname,
            server_version=facts.version,
            in_recovery=facts.in_recovery,
            excluded=len(listing.inventory.sequences) - len(listing.selected),
            sequences=self._assessed(listing.selected, positions, facts.role),
        )

    def _listed(self, session: DatabaseSession) -> _Listing:
        """The listing of the round before, unless it is old or no longer true."""
        now = self._clock.monotonic()
        known = self._listing
        if known is not None and self._still_true(known, session, now):
            return known
        inventory = session.inventory()
        self._listing = _Listing(
            inventory=inventory,
            selected=tuple(filter(self._plan.selection.admits, inventory.sequences)),
            taken_at=now,
        )
        return self._listing

    def _still_true(
        self, known: _Listing, session: DatabaseSession, now: float
    ) -> bool:
        age = now - known.taken_at
        return (
            age < self._plan.inventory_interval.total_seconds()
            and session.fingerprint() == known.inventory.fingerprint
        )

    def _assessed(
        self,
        sequences: Sequence[SequenceDefinition],
        positions: Mapping[int, Position],
        role: str,
    ) -> tuple[SequenceStatus, ...]:
        """Assess what changed; of the rest, the status of the round before stands."""
        before = self._statuses if role == self._role else {}
        self._role = role
        self._statuses = {
            s.oid: self._status(before.get(s.oid), s, positions[s.oid])
            for s in sequences
        }
        return tuple(self._statuses.values())

    def _status(
        self,
        before: SequenceStatus | None,
        sequence: SequenceDefinition,
        position: Position,
    ) -> SequenceStatus:
        if before and (before.sequence, before.position) == (sequence, position):
            return before
        return assess(
            Reading(sequence=sequence, position=position),
            thresholds=self._plan.thresholds,
            role=self._role,
        )


def unread(
    server: Server, datname: str, *, clock: Clock, error: str | None = None
) -> DatabaseStatus:
    """The status of a database of which nothing was read."""
    return DatabaseStatus(
        server=server.name,
        datname=datname,
        sampled_at=clock.now(),
        duration_seconds=0.0,
        error=error,
    )


def _chunks(
    sequences: Sequence[SequenceDefinition],
) -> list[Sequence[SequenceDefinition]]:
    """At least one, so that an empty database is connected to as well."""
    size = _SEQUENCES_PER_CONNECTION
    starts = range(0, max(len(sequences), 1), size)
    return [sequences[start : start + size] for start in starts]
