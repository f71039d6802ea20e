"""Which sequences a reset puts back to their start."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from agent.domain.resets.facts import Catalog, Feed, TargetSequence
from agent.domain.sequences import Link


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


def restarts(
    planned: Collection[int], names: Collection[str], catalog: Catalog
) -> tuple[Restart, ...]:
    """Those that planned tables own, and those that the job names, by name."""
    relations = {relation.oid: relation for relation in catalog.relations}
    owners = {
        feed.sequence_oid: f"{relations[feed.table_oid].qualified}.{feed.column}"
        for feed in catalog.feeds
        if feed.link is not Link.DEFAULT and feed.table_oid in planned
    }
    found = (_restart(s, owners.get(s.oid), names) for s in catalog.sequences)
    return tuple(
        sorted(filter(None, found), key=lambda each: (each.qualified, each.oid))
    )


def used_elsewhere(
    restarted: Collection[int], planned: Collection[int], catalog: Catalog
) -> Iterator[Feed]:
    """Columns that go on with their rows while their sequence starts again."""
    return (
        feed
        for feed in catalog.feeds
        if feed.sequence_oid in restarted and feed.table_oid not in planned
    )


def _restart(
    sequence: TargetSequence, owner: str | None, names: Collection[str]
) -> Restart | None:
    if owner is not None:
        return Restart(sequence=sequence, why=f"owned by {owner}", owned=True)
    if sequence.definition.qualified in names:
        return Restart(sequence=sequence, why="listed", owned=False)
    return None
