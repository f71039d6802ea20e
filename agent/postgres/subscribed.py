"""Tables that subscriptions of logical replication fill."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from agent.domain.table_facts import SubscribedTable
from agent.postgres.inheritance import with_all_above
from agent.postgres.queries import query
from agent.postgres.reading import ReadOnly


@dataclass(frozen=True, slots=True, kw_only=True)
class _Readable:
    """The row of subscriptions_readable.sql."""

    readable: bool


def subscriptions(reading: ReadOnly) -> Mapping[int, str]:
    """The subscription by the oid of each table that it fills, or partitions of it.

    Nothing is known of any where this role may not read that.
    """
    if not reading.row(query("subscriptions_readable"), _Readable).readable:
        return {}
    filled: defaultdict[str, set[int]] = defaultdict(set)
    for row in reading.rows(query("target_subscribed"), SubscribedTable):
        filled[row.subscription].add(row.table_oid)
    return {
        oid: name
        for name, tables in filled.items()
        for oid in with_all_above(reading, tables)
    }
