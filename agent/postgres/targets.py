"""A database that a job is about, as its plan has to know it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg import IsolationLevel
from psycopg.pq import TransactionStatus

from agent.domain.pace import MAX_LOCKS, Deadlines
from agent.domain.resets.facts import Catalog, Measured, Relation, Size
from agent.domain.resets.verdicts import Scope
from agent.domain.sequences import Position, SequenceDefinition
from agent.ports import Clock
from agent.postgres.connect import BoundedConnection, Endpoint, connection
from agent.postgres.facts.catalog import catalog
from agent.postgres.facts.furthest import Column, furthest
from agent.postgres.facts.measuring import sizes
from agent.postgres.facts.standing import standing, standing_of_own
from agent.postgres.facts.stillness import Doubts
from agent.postgres.positions import PositionReader
from agent.postgres.reading import ReadOnly
from agent.postgres.versions import supported_major


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSession:
    """One connection to the target, idle or within a transaction.

    Within one, every method is a savepoint that is rolled back: the settings and locks
    of the transaction are as they were before. What it locked, it reads as locked.
    """

    connection: BoundedConnection
    deadlines: Deadlines
    clock: Clock

    def catalog(self) -> Catalog:
        with self._aside(IsolationLevel.REPEATABLE_READ) as reading:
            return catalog(reading, major=self._major)

    def measured(self, catalog: Catalog, scope: Scope, *, exact: bool) -> Measured:
        """Read what is in the tables, sequences and columns of a scope.

        `exact` is for whoever is about to act: what cannot be counted stays unknown, and
        who holds a sequence is waited for. Tables that the scope bars are not asked at all.
        """
        relations = {relation.oid: relation for relation in catalog.relations}
        columns = [
            Column(
                relation=relations[feed.table_oid],
                name=feed.column,
                ascending=follower.sequence.definition.ascending,
            )
            for follower in scope.followers
            for feed in follower.feeds
            if feed.table_oid in relations and feed.table_oid not in scope.trust.barred
        ]
        trust = scope.trust
        sequences = [each.sequence.definition for each in scope.chosen]
        doubts = Doubts(
            doubted=trust.doubted,
            accepted=trust.accepted,
            in_recovery=catalog.server.in_recovery,
        )
        # What came to a table since the catalogs were read has to be seen.
        with self._aside(IsolationLevel.READ_COMMITTED) as reading:
            return Measured(
                sizes=sizes(
                    [t.relation for t in scope.emptied if t.oid not in trust.barred],
                    reading,
                    exact=exact,
                    clock=self.clock,
                    doubts=doubts,
                ),
                positions=standing(sequences, reading, major=self._major)
                if exact
                else self._positions(sequences, catalog, reading),
                furthest=furthest(columns, reading, doubts=doubts),
            )

    def sizes(self, relations: Sequence[Relation]) -> Mapping[int, Size]:
        """How much is in tables that are locked, counted."""
        with self._aside(IsolationLevel.READ_COMMITTED) as reading:
            return sizes(relations, reading, exact=True, clock=self.clock)

    def positions_of_own(
        self, sequences: Sequence[SequenceDefinition]
    ) -> Mapping[int, Position]:
        """Where sequences stand that this transaction has given a new file, by oid."""
        with self._aside(IsolationLevel.READ_COMMITTED) as reading:
            return standing_of_own(sequences, reading, major=self._major)

    @property
    def _major(self) -> int:
        return self.connection.info.server_version // 10_000

    @contextmanager
    def _aside(self, isolation: IsolationLevel) -> Iterator[ReadOnly]:
        """A transaction as isolated as that, or a savepoint of the one that is open."""
        if self.connection.info.transaction_status is TransactionStatus.IDLE:
            self.connection.isolation_level = isolation
        with self.connection.transaction(force_rollback=True):
            yield ReadOnly(connection=self.connection, deadlines=self.deadlines)

    def _positions(
        self,
        sequences: Sequence[SequenceDefinition],
        catalog: Catalog,
        reading: ReadOnly,
    ) -> Mapping[int, Position]:
        """Those that can be read; a standby has no values of unlogged ones."""
        in_recovery = catalog.server.in_recovery
        there = [each for each in sequences if not (each.unlogged and in_recovery)]
        reader = PositionReader(reading, major=self._major, max_locks=MAX_LOCKS)
        return reader.positions(there)


@contextmanager
def open_target(endpoint: Endpoint, datname: str) -> Iterator[TargetSession]:
    """A look at a database that changes nothing.

    Raises DatabaseUnreachableError, DatabaseQueryError (also from the body) and
    UnsupportedServerError.
    """
    with connection(endpoint, datname) as opened:
        supported_major(opened)
        yield TargetSession(
            connection=opened, deadlines=endpoint.deadlines, clock=endpoint.clock
        )
