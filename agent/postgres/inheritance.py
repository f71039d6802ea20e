"""What is above tables: partitioned tables, and those that they inherit from."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from agent.postgres.queries import query
from agent.postgres.reading import ReadOnly


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edge:
    """A row of target_inheritance.sql."""

    child_oid: int
    parent_oid: int


def with_all_above(reading: ReadOnly, tables: Collection[int]) -> frozenset[int]:
    """Tables by their oids, and all that is above them."""
    if not tables:
        return frozenset()
    edges = reading.rows(query("target_inheritance"), _Edge)
    return frozenset(tables).union(_above(tables, edges))


def _above(tables: Iterable[int], edges: Iterable[_Edge]) -> set[int]:
    parents: dict[int, set[int]] = {}
    for edge in edges:
        parents.setdefault(edge.child_oid, set()).add(edge.parent_oid)
    found: set[int] = set()
    waiting = list(tables)
    while waiting:
        new = parents.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found
