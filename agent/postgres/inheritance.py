"""What is above tables: partitioned tables, and those that they inherit from."""

from __future__ import annotations

from collections.abc import Collection

from agent.domain.table_facts import Inheritance, above, reached
from agent.postgres.queries import query
from agent.postgres.reading import ReadOnly


def with_all_above(reading: ReadOnly, tables: Collection[int]) -> frozenset[int]:
    """Tables by their oids, and all that is above them."""
    if not tables:
        return frozenset()
    parents = above(reading.rows(query("target_inheritance"), Inheritance))
    return frozenset(tables).union(reached(tables, parents))
