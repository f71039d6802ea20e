"""One round of sampling of one database, from the connection to its status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime

from agent.domain.consumption.usage import Usage
from agent.domain.databases import Exclusion
from agent.domain.kinds import Acknowledgement
from agent.domain.limits import Capacity
from agent.domain.lost import MISSING, Lost, Name
from agent.domain.pace import Intervals, Thresholds
from agent.domain.sequences import (
    FedColumn,
    Position,
    Reading,
    SequenceDefinition,
)
from agent.domain.status import DatabaseStatus, SequenceStatus, assess, reach
from agent.errors import AgentError, DatabaseWantedError, NotAdmittedError
from agent.ports import Clock, DatabaseSession, Inventory, Server, ServerFacts
from agent.services.acknowledging import Acknowledger
from agent.services.callers import CallerWatch
from agent.services.columns import AT_ONCE, ColumnWatch
from agent.services.losses import LossWatch
from agent.services.selection import Selection
from agent.services.tracking import Seen, Tracker

# A backend that has looked at 20,000 sequences holds 55 MB of relation cache.
_SEQUENCES_PER_CONNECTION = 10_000
# How often in one round a database is left to somebody who needs it for himself.
_MADE_WAY = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingPlan:
    """What to sample, how often to look at the catalog, and what to think of it."""

    selection: Selection = field(default_factory=Selection)
    intervals: Intervals = field(default_factory=Intervals)
    thresholds: Thresholds = field(default_factory=Thresholds)
    accepted: tuple[Acknowledgement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listing:
    """The catalog as it was last read, and the part of it that is looked at."""

    inventory: Inventory
    selected: tuple[SequenceDefinition, ...]
    taken_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What one round read, and when it began."""

    began: float
    facts: ServerFacts
    listing: _Listing
    positions: Mapping[int, Position]
    unsettled: frozenset[int]
    lost: Mapping[Name, Lost]

    def lost_by(self, sequence: SequenceDefinition) -> tuple[FedColumn, ...]:
        """The columns that miss a sequence although one of its name is there."""
        lost = self.lost.get((sequence.schema, sequence.name)) if self.lost else None
        return lost.columns if lost else ()

    def seen(self, at: datetime) -> Seen:
        return Seen(
            at=at,
            order=self.began,
            line=self.facts.line,
            positions=[(s, self.positions[s.oid]) for s in self.listing.selected],
            unsettled=self.unsettled,
        )


class Sampler:
    """Samples one database again and again; what did not change costs little."""

    def __init__(
        self,
        server: Server,
        datname: str | None,
        *,
        plan: SamplingPlan,
        clock: Clock,
        tracker: Tracker | None = None,
        once: bool = False,
        needed: bool = True,
    ) -> None:
        """Sample `datname`, or the database that the server's DSN leads to.

        Without a tracker nothing is known of consumption. `once`: no later round looks
        at what this one leaves out. One that is not `needed` may turn out to be closed
        to us, which is no failure unless it was open before.
        """
        self._server = server
        self._datname = datname
        self._plan = plan
        self._clock = clock
        self._tracker = tracker
        self._once = once or tracker is None
        self._acknowledger = Acknowledger(plan.accepted)
        self._needed = needed
        self._listing: _Listing | None = None
        self._columns = ColumnWatch(plan.intervals.columns)
        self._callers = CallerWatch()
        self._losses = LossWatch(tracker, plan.selection) if tracker else None
        self._statuses: Mapping[int, SequenceStatus] = {}
        self._role = ""

    def sample(self) -> DatabaseStatus:
        """One round; trouble with the database is part of the status, not raised."""
        started = self._clock.monotonic()
        datname = self._datname or self._server.default_database
        blank = unread(self._server, datname, clock=self._clock)
        try:
            status = self._read(blank)
        except NotAdmittedError as error:
            if self._needed or self._listing is not None:
                status = replace(blank, error=str(error))
            else:
                status = replace(blank, exclusion=Exclusion.PG_HBA)
        except AgentError as error:
            status = replace(blank, error=str(error))
        return replace(status, duration_seconds=self._clock.monotonic() - started)

    def _read(self, blank: DatabaseStatus) -> DatabaseStatus:
        look = self._look_between_others()
        seen = look.seen(blank.sampled_at)
        if self._tracker is not None:
            self._tracker.follow(seen)
        if self._callers.follow(seen) and self._listing:
            self._listing = self._listing_of(
                self._listing.inventory, self._listing.taken_at
            )
        facts, listing = look.facts, look.listing
        return replace(
            blank,
            server=facts.place or blank.server,
            datname=self._datname or facts.datname,
            server_version=facts.version,
            in_recovery=facts.in_recovery,
            excluded=len(listing.inventory.sequences) - len(listing.selected),
            sequences=self._assessed(look, blank.sampled_at),
            scorecards=self._tracker.scorecards if self._tracker else {},
        )

    def _look_between_others(self) -> _Look:
        """Try again after having made way: the server lets us in when they are done."""
        for _ in range(_MADE_WAY):
            try:
                return self._look()
            except DatabaseWantedError:
                continue
        return self._look()

    def _look(self) -> _Look:
        began = self._clock.monotonic()
        with ExitStack() as opened:
            session = opened.enter_context(self._server.open(self._datname))
            facts = session.facts()
            listing = self._listed(session)
            session = self._look_at_columns(session, listing.selected, opened)
            first, *others = _chunks(listing.selected)
            positions = self._positions(session, first, facts)
            unsettled = self._unsettled(session, listing)
            lost = self._losses.look(session, listing.inventory) if self._losses else {}
        for chunk in others:
            with self._server.open(self._datname) as session:
                positions |= self._positions(session, chunk, facts)
                unsettled |= self._unsettled(session, listing)
        return _Look(
            began=began,
            facts=facts,
            listing=listing,
            positions=positions,
            unsettled=unsettled,
            lost=lost,
        )

    def _look_at_columns(
        self,
        session: DatabaseSession,
        sequences: Sequence[SequenceDefinition],
        opened: ExitStack,
    ) -> DatabaseSession:
        """Those that are due; the session that is `opened` now.

        A look that stands alone has no later round for the rest. Never two sessions at
        once: there may be room for one.
        """
        now = self._clock.monotonic()
        more = self._columns.look(session, sequences, now)
        fed = sum(len(sequence.columns) for sequence in sequences)
        for _ in range(fed // AT_ONCE if self._once else 0):
            if more:
                opened.close()
                session = opened.enter_context(self._server.open(self._datname))
                more = self._columns.look(session, sequences, now)
        return session

    def _positions(
        self,
        session: DatabaseSession,
        sequences: Sequence[SequenceDefinition],
        facts: ServerFacts,
    ) -> dict[int, Position]:
        """Where they stand; of those that seem behind their columns, read once more."""
        found = session.positions(sequences, in_recovery=facts.in_recovery)
        again = self._columns.confirm(
            session,
            found,
            in_recovery=facts.in_recovery,
            now=self._clock.monotonic(),
            all_at_once=self._once,
        )
        return {**found, **again}

    def _listed(self, session: DatabaseSession) -> _Listing:
        """The listing of the round before, unless it is old or no longer true."""
        now = self._clock.monotonic()
        known = self._listing
        if known is not None and self._still_true(known, session, now):
            return known
        self._listing = self._listing_of(session.inventory(), now)
        return self._listing

    def _listing_of(self, inventory: Inventory, now: float) -> _Listing:
        return _Listing(
            inventory=inventory,
            selected=tuple(
                self._callers.as_called(each)
                for each in inventory.sequences
                if self._plan.selection.admits(each)
            ),
            taken_at=now,
        )

    def _unsettled(self, session: DatabaseSession, listing: _Listing) -> frozenset[int]:
        """What was restarted, altered or dropped since the catalog was read."""
        if (
            self._tracker is None
            or session.fingerprint() == listing.inventory.fingerprint
        ):
            return frozenset()
        # What is read now serves the next round, unless it is touched once more.
        self._listing = self._listing_of(session.inventory(), self._clock.monotonic())
        before, now = (
            {s.oid: s for s in each.inventory.sequences}
            for each in (listing, self._listing)
        )
        return frozenset(
            s.oid for s in listing.selected if now.get(s.oid) != before[s.oid]
        )

    def _still_true(
        self, known: _Listing, session: DatabaseSession, now: float
    ) -> bool:
        age = now - known.taken_at
        return (
            age < self._plan.intervals.inventory.total_seconds()
            and session.fingerprint() == known.inventory.fingerprint
        )

    def _assessed(self, look: _Look, now: datetime) -> tuple[SequenceStatus, ...]:
        """Assess what changed; of the rest, the status of the round before stands."""
        role = look.facts.role
        before = self._statuses if role == self._role else {}
        self._role = role
        self._statuses = {
            s.oid: self._status(
                before.get(s.oid),
                Reading(sequence=s, position=look.positions[s.oid]),
                look.lost_by(s),
                now,
            )
            for s in look.listing.selected
        }
        return self._acknowledger.mark(
            (*self._statuses.values(), *self._missing(look)), now.date()
        )

    def _missing(self, look: _Look) -> list[SequenceStatus]:
        """Those that are gone, and missed by columns."""
        there = {(s.schema, s.name) for s in look.listing.selected if look.lost}
        return [
            assess(
                Reading(sequence=lost.sequence, position=MISSING),
                thresholds=self._plan.thresholds,
                role=look.facts.role,
                lost=lost.columns,
            )
            for name, lost in look.lost.items()
            if name not in there
        ]

    def _status(
        self,
        before: SequenceStatus | None,
        reading: Reading,
        lost: tuple[FedColumn, ...],
        now: datetime,
    ) -> SequenceStatus:
        same = before is not None and (before.sequence, before.position) == (
            reading.sequence,
            reading.position,
        )
        sights = self._columns.sights(reading.sequence)
        reached = before.capacity if before and same else reach(reading)
        usage = self._usage(reading.sequence, reached, now)
        if (
            before
            and same
            and (before.usage, before.sights, before.lost) == (usage, sights, lost)
        ):
            return before
        return assess(
            reading,
            thresholds=self._plan.thresholds,
            role=self._role,
            usage=usage,
            sights=sights,
            lost=lost,
            before=before.findings if before else (),
        )

    def _usage(
        self, sequence: SequenceDefinition, reached: Capacity | None, now: datetime
    ) -> Usage | None:
        if self._tracker is None:
            return None
        return self._tracker.usage(
            sequence, reached.remaining if reached else None, now
        )


def unread(
    server: Server,
    datname: str,
    *,
    clock: Clock,
    error: str | None = None,
    exclusion: Exclusion | None = None,
) -> DatabaseStatus:
    """The status of a database of which nothing was read."""
    return DatabaseStatus(
        server=server.name,
        datname=datname,
        sampled_at=clock.now(),
        duration_seconds=0.0,
        error=error,
        exclusion=exclusion,
    )


def _chunks(
    sequences: Sequence[SequenceDefinition],
) -> list[Sequence[SequenceDefinition]]:
    """At least one, so that an empty database is connected to as well."""
    size = _SEQUENCES_PER_CONNECTION
    starts = range(0, max(len(sequences), 1), size)
    return [sequences[start : start + size] for start in starts]
