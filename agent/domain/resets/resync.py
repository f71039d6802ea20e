"""Which sequences fell behind the rows that are there, and where they have to stand.

A resync only ever moves a sequence forward, in its own direction and by whole steps:
two nodes that number oddly and evenly stay that way.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from agent.domain.resets.closure import topmost
from agent.domain.resets.facts import (
    Catalog,
    Feed,
    Place,
    RelationKind,
    TargetSequence,
    Unknown,
)
from agent.domain.resets.job import ResetJob
from agent.domain.sequences import (
    At,
    Position,
    SequenceDefinition,
    Supply,
    Unused,
    upcoming,
)
from agent.domain.table_facts import Neighbours, above, reached

FOLLOWED_TYPES = frozenset({"int2", "int4", "int8", "numeric"})
_FURTHEST_EVER = 2**63


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """A sequence and the columns that it has to be past.

    `computed` are columns whose values say nothing of where it has to stand: while
    there are any, it is not moved.
    """

    sequence: TargetSequence
    feeds: tuple[Feed, ...]
    computed: tuple[Feed, ...]
    why: str

    @property
    def oid(self) -> int:
        return self.sequence.oid

    @property
    def qualified(self) -> str:
        return self.sequence.definition.qualified


def followers(
    listed: Collection[int], job: ResetJob, catalog: Catalog
) -> tuple[Follower, ...]:
    """The sequences of listed tables' columns, and those that the job names, by name.

    One that starts again after its end is meant to be behind its column.
    """
    columns = _numbers(catalog)
    found = [
        follower
        for sequence in catalog.sequences
        if not sequence.definition.cycle
        and (why := _reason(sequence, columns[sequence.oid], listed, job))
        and (follower := _follower(sequence, columns[sequence.oid], why, job, catalog))
    ]
    return tuple(sorted(found, key=lambda each: (each.qualified, each.oid)))


def _follower(
    sequence: TargetSequence,
    feeds: Iterable[Feed],
    why: str,
    job: ResetJob,
    catalog: Catalog,
) -> Follower | None:
    """None where the job knows that there is no column to follow."""
    names = {relation.oid: relation.qualified for relation in catalog.relations}
    parents = above(catalog.inheritance)
    computed = [feed for feed in feeds if feed.supply is Supply.COMPUTED]
    refused = [
        feed
        for feed in topmost(computed, parents)
        if f"{names.get(feed.table_oid)}.{feed.column}"
        not in job.allowed.computed_defaults
    ]
    plain = topmost(_without_computed(feeds, computed, parents), parents)
    if computed and not refused and not plain:
        return None
    return Follower(
        sequence=sequence, feeds=tuple(plain), computed=tuple(refused), why=why
    )


def _without_computed(
    feeds: Iterable[Feed], computed: Iterable[Feed], parents: Neighbours
) -> list[Feed]:
    """Plain columns whose values hold none of a child that computes them."""
    mixed = {
        (oid, feed.column)
        for feed in computed
        for oid in reached([feed.table_oid], parents)
    }
    return [
        feed
        for feed in feeds
        if feed.supply is Supply.PLAIN and feed.place not in mixed
    ]


def _numbers(catalog: Catalog) -> Mapping[int, list[Feed]]:
    """Columns of tables, by sequence, that hold numbers and get them from it."""
    views = {r.oid for r in catalog.relations if r.kind is RelationKind.VIEW}
    found: defaultdict[int, list[Feed]] = defaultdict(list)
    for feed in catalog.feeds:
        if (
            feed.base_type in FOLLOWED_TYPES
            and feed.supply is not Supply.LEFTOVER
            and feed.table_oid not in views
        ):
            found[feed.sequence_oid].append(feed)
    return found


def whole(value: int | Decimal | None, *, ascending: bool) -> int | Unknown | None:
    """The last whole number that a column has come to, in its sequence's direction.

    >>> whole(Decimal("12.5"), ascending=True), whole(Decimal("-12.5"), ascending=False)
    (12, -12)
    >>> whole(Decimal("NaN"), ascending=True)
    Unknown(reason='it holds NaN, which no sequence can be past')
    """
    if value is None or isinstance(value, int):
        return value
    if value.is_finite():
        number = math.floor(value) if ascending else math.ceil(value)
        if -_FURTHEST_EVER <= number < _FURTHEST_EVER:
            return number
    return Unknown(f"it holds {value}, which no sequence can be past")


def furthest(
    follower: Follower, columns: Mapping[Place, int | Unknown | None]
) -> int | Unknown | None:
    """The value, of all that are in its columns, that lies furthest ahead."""
    found = [
        columns.get(feed.place, Unknown("was not read")) for feed in follower.feeds
    ]
    for each in found:
        if isinstance(each, Unknown):
            return each
    values = [each for each in found if isinstance(each, int)]
    if not values:
        return None
    return max(values) if follower.sequence.definition.ascending else min(values)


def past(sequence: SequenceDefinition, position: Position, value: int) -> int | None:
    """Where the sequence has to stand to be past a value; None if it is already.

    The answer may lie outside what the sequence may be set to.
    """
    if not isinstance(position, Unused | At):
        return None
    following = upcoming(sequence, position)
    behind = (value - following) * (1 if sequence.ascending else -1)
    if behind < 0:
        return None
    steps = -(-behind // abs(sequence.increment))
    return following + steps * sequence.increment


def _reason(
    sequence: TargetSequence,
    feeds: Iterable[Feed],
    listed: Collection[int],
    job: ResetJob,
) -> str:
    if job.lists_sequence(sequence.definition.schema, sequence.definition.name):
        return "listed"
    return "of a listed table" if any(f.table_oid in listed for f in feeds) else ""
