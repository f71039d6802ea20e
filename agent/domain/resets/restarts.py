"""Which sequences a reset puts back to their start, and which it leaves as they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from agent.domain.resets.closure import topmost
from agent.domain.resets.facts import Catalog, Feed, RelationKind, TargetSequence
from agent.domain.resets.job import ResetJob
from agent.domain.sequences import Link
from agent.domain.table_facts import above


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """A sequence to restart; TRUNCATE … RESTART IDENTITY does it for `owned` ones."""

    sequence: TargetSequence
    why: str
    owned: bool

    @property
    def oid(self) -> int:
        return self.sequence.oid

    @property
    def qualified(self) -> str:
        return self.sequence.definition.qualified


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRestarted:
    """A sequence that feeds emptied tables by default only, and is not in the plan.

    `feeds` are those columns, as schema.table.column.
    """

    sequence: str
    feeds: tuple[str, ...]


def restarts(
    planned: Collection[int], job: ResetJob, catalog: Catalog
) -> tuple[Restart, ...]:
    """Those that planned tables own, and those that the job names, by name."""
    relations = {relation.oid: relation for relation in catalog.relations}
    owners = {
        feed.sequence_oid: f"{relations[feed.table_oid].qualified}.{feed.column}"
        for feed in catalog.feeds
        if feed.link is not Link.DEFAULT and feed.table_oid in planned
    }
    found = (_restart(s, owners.get(s.oid), job) for s in catalog.sequences)
    return tuple(
        sorted(filter(None, found), key=lambda each: (each.qualified, each.oid))
    )


def not_restarted(
    planned: Collection[int], restarted: Collection[int], catalog: Catalog
) -> tuple[NotRestarted, ...]:
    """By name; a column that a partition has from its parent is told once."""
    names = {relation.oid: relation.qualified for relation in catalog.relations}
    feeds: defaultdict[int, list[Feed]] = defaultdict(list)
    for feed in catalog.feeds:
        if feed.table_oid in planned and feed.sequence_oid not in restarted:
            feeds[feed.sequence_oid].append(feed)
    parents = above(catalog.inheritance)
    left = (
        NotRestarted(
            sequence=each.definition.qualified,
            feeds=tuple(
                sorted(
                    f"{names[feed.table_oid]}.{feed.column}"
                    for feed in topmost(feeds[each.oid], parents)
                )
            ),
        )
        for each in catalog.sequences
        if each.oid in feeds
    )
    return tuple(sorted(left, key=lambda each: each.sequence))


def used_elsewhere(
    restarted: Collection[int], planned: Collection[int], catalog: Catalog
) -> Iterator[Feed]:
    """Columns that go on with their rows while their sequence starts again.

    A view keeps its rows in the tables under it.
    """
    views = {r.oid for r in catalog.relations if r.kind is RelationKind.VIEW}
    for feed in catalog.feeds:
        if feed.sequence_oid not in restarted or feed.table_oid in planned:
            continue
        if feed.table_oid not in views or not _keeps_rows_in(
            planned, bases_of(feed.table_oid, catalog)
        ):
            yield feed


def bases_of(view_oid: int, catalog: Catalog) -> frozenset[int]:
    """The tables under a view; 0 stands for any that a trigger may choose."""
    return frozenset(
        base.table_oid for base in catalog.view_bases if base.view_oid == view_oid
    )


def _keeps_rows_in(planned: Collection[int], bases: Collection[int]) -> bool:
    return bool(bases) and all(oid in planned for oid in bases)


def _restart(
    sequence: TargetSequence, owner: str | None, job: ResetJob
) -> Restart | None:
    if owner is not None:
        return Restart(sequence=sequence, why=f"owned by {owner}", owned=True)
    definition = sequence.definition
    if job.lists_sequence(definition.schema, definition.name):
        return Restart(sequence=sequence, why="listed", owned=False)
    return None
