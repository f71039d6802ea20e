"""What sequences a database has, and which columns they feed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from agent.domain.defaults import calls_nextval, is_rounded_nextval, supply
from agent.domain.sequences import FedColumn, Link, SequenceDefinition, Supply
from agent.ports import Inventory
from agent.postgres.queries import query
from agent.postgres.reading import ReadOnly
from agent.postgres.subscribed import subscriptions
from agent.postgres.untrusted import untrusted_tables

_NO_NUMBERS = {
    "uuid",
    "bool",
    "bytea",
    "date",
    "timestamp",
    "timestamptz",
    "json",
    "jsonb",
}
_NAMES = tuple(each.name for each in fields(FedColumn))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fingerprint:
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _ColumnRow(FedColumn):
    """A row of columns.sql."""

    sequence_oid: int
    identity: bool
    tree: str | None
    called_oids: list[int]

    def fed(self) -> FedColumn:
        """The column alone."""
        known: dict[str, Any] = {name: getattr(self, name) for name in _NAMES}
        known["link"] = Link(self.link)
        known["supply"] = self._supply()
        return FedColumn(**known)

    def _supply(self) -> Supply:
        found = supply(
            Link(self.link),
            sequence_oid=self.sequence_oid,
            called_oids=self.called_oids,
            tree=self.tree,
            identity=self.identity,
        )
        if self._holds_none():
            return Supply.LEFTOVER
        if found is not Supply.COMPUTED or self.tree is None:
            return found
        if is_rounded_nextval(self.tree):
            return Supply.ROUNDED
        return found if calls_nextval(self.tree) else Supply.HANDED_OVER

    def _holds_none(self) -> bool:
        """Whether it owns the sequence, but is of a type that takes no number.

        A serial that became a uuid keeps its sequence.
        """
        tied = self.sequence_oid in self.called_oids or self.link == Link.DEFAULT
        return self.base_type in _NO_NUMBERS and not tied


def fingerprint(reading: ReadOnly) -> str:
    """A text that stays the same as long as no sequence was touched by DDL."""
    return reading.row(query("fingerprint"), _Fingerprint).fingerprint


def inventory(reading: ReadOnly) -> Inventory:
    """Read the catalog: a few statements, whatever the number of sequences."""
    # Taken first: a change during the reading is then seen in the next round.
    taken = fingerprint(reading)
    defined = reading.rows(query("sequences"), SequenceDefinition)
    columns = _columns(reading)
    return Inventory(
        fingerprint=taken,
        sequences=tuple(replace(s, columns=columns.get(s.oid, ())) for s in defined),
    )


def _columns(reading: ReadOnly) -> Mapping[int, tuple[FedColumn, ...]]:
    fed: defaultdict[int, list[FedColumn]] = defaultdict(list)
    rows = reading.rows(query("links", "columns"), _ColumnRow)
    # Only those that might be asked about.
    unsafe = untrusted_tables(
        reading, (r.table_oid for r in rows if r.locks is not None)
    )
    filled = subscriptions(reading)
    for row in rows:
        oid = row.table_oid
        column = row.fed()
        if oid in unsafe or oid in filled:
            column = replace(
                column, untrusted=oid in unsafe, subscription=filled.get(oid)
            )
        fed[row.sequence_oid].append(column)
    return {oid: tuple(columns) for oid, columns in fed.items()}
