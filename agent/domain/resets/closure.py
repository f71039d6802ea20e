"""Which tables a job empties, and why each of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from agent.domain.filters import NameFilter
from agent.domain.resets.facts import Catalog, Feed, ForeignKey, Relation
from agent.domain.resets.reach import is_out_of_reach
from agent.domain.table_facts import Neighbours, below, reached

LISTED = "listed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTable:
    """A table that TRUNCATE would empty; only a listed one may be."""

    relation: Relation
    why: str

    @property
    def oid(self) -> int:
        return self.relation.oid

    @property
    def qualified(self) -> str:
        return self.relation.qualified

    @property
    def listed(self) -> bool:
        return self.why == LISTED


def tables(patterns: NameFilter | None, catalog: Catalog) -> tuple[PlannedTable, ...]:
    """What the patterns list, and what is emptied along with it, by name."""
    if patterns is None:
        return ()
    listed = {r.oid: r for r in catalog.relations if is_listed(r, patterns)}
    emptied = reached(listed, below(catalog.inheritance))
    named = {relation.oid: relation for relation in catalog.relations}
    planned = [PlannedTable(relation=r, why=LISTED) for r in listed.values()]
    planned += [
        PlannedTable(relation=named[child], why=_kinship(named[child], named[parent]))
        for child, parent in emptied.items()
        if child in named and child not in listed
    ]
    return tuple(sorted(planned, key=lambda table: (table.qualified, table.oid)))


def is_listed(relation: Relation, patterns: NameFilter) -> bool:
    """Whether a job is about it; no pattern reaches the system or the ledger."""
    return (
        relation.kind.holds_rows
        and not is_out_of_reach(relation.schema)
        and patterns.admits(relation.qualified)
    )


def topmost(feeds: Iterable[Feed], parents: Neighbours) -> list[Feed]:
    """Columns without those that a table above has as well, from the same sequence."""
    there = list(feeds)
    places = {(feed.sequence_oid, *feed.place) for feed in there}
    return [
        feed
        for feed in there
        if not any(
            (feed.sequence_oid, oid, feed.column) in places
            for oid in reached([feed.table_oid], parents)
        )
    ]


def references_from_outside(
    planned: Iterable[int], foreign_keys: Iterable[ForeignKey]
) -> Iterator[ForeignKey]:
    """The constraints that make a plain TRUNCATE of the planned tables fail.

    Of a constraint and its copies for partitions only the first is told.
    """
    inside = frozenset(planned)
    crossing = {
        key.oid: key
        for key in foreign_keys
        if key.referenced_oid in inside and key.table_oid not in inside
    }
    return (key for key in crossing.values() if key.parent_oid not in crossing)


def _kinship(child: Relation, parent: Relation) -> str:
    word = "partition of" if child.partition else "inherits from"
    return f"{word} {parent.qualified}"
