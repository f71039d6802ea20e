"""Which sequences fell behind the rows that are there, and where they have to stand.

A resync only ever moves a sequence forward, in its own direction and by whole steps:
two nodes that number oddly and evenly stay that way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from agent.domain.resets.closure import above, reached
from agent.domain.resets.facts import (
    Catalog,
    Feed,
    Inheritance,
    Place,
    TargetSequence,
    Unknown,
)
from agent.domain.sequences import (
    At,
    Position,
    SequenceDefinition,
    Unused,
    upcoming,
)

INTEGER_TYPES = frozenset({"int2", "int4", "int8"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """A sequence and the columns that it has to be past."""

    sequence: TargetSequence
    feeds: tuple[Feed, ...]
    why: str

    @property
    def oid(self) -> int:
        return self.sequence.oid

    @property
    def qualified(self) -> str:
        return self.sequence.definition.qualified


def followers(
    listed: Collection[int], names: Collection[str], catalog: Catalog
) -> tuple[Follower, ...]:
    """The sequences of listed tables' columns, and those that the job names, by name.

    One that starts again after its end is meant to be behind its column.
    """
    feeds = _by_sequence(catalog.feeds, catalog.inheritance)
    found = [
        Follower(sequence=sequence, feeds=tuple(feeds[sequence.oid]), why=why)
        for sequence in catalog.sequences
        if not sequence.definition.cycle
        and (why := _reason(sequence, feeds[sequence.oid], listed, names))
    ]
    return tuple(sorted(found, key=lambda each: (each.qualified, each.oid)))


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


def _by_sequence(
    feeds: Iterable[Feed], inheritance: Iterable[Inheritance]
) -> Mapping[int, list[Feed]]:
    """Integer columns; one that a parent has too is looked at there."""
    numbers = [feed for feed in feeds if feed.base_type in INTEGER_TYPES]
    known = {(feed.sequence_oid, *feed.place) for feed in numbers}
    parents = above(inheritance)
    found: defaultdict[int, list[Feed]] = defaultdict(list)
    for feed in numbers:
        higher = reached([feed.table_oid], parents)
        if not any((feed.sequence_oid, oid, feed.column) in known for oid in higher):
            found[feed.sequence_oid].append(feed)
    return found


def _reason(
    sequence: TargetSequence,
    feeds: Iterable[Feed],
    listed: Collection[int],
    names: Collection[str],
) -> str:
    if sequence.definition.qualified in names:
        return "listed"
    return "of a listed table" if any(f.table_oid in listed for f in feeds) else ""
