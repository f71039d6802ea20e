"""What sequences a database has, and which columns they feed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from agent.domain.sequences import FedColumn, Link, SequenceDefinition
from agent.ports import Inventory
from agent.postgres.queries import query
from agent.postgres.reading import ReadOnly


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fingerprint:
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _ColumnRow:
    """A row of columns.sql."""

    sequence_oid: int
    table_schema: str
    table_name: str
    column: str
    type_name: str
    base_type: str
    base_typmod: int
    link: str
    unique: bool
    quoted_table: str
    quoted_column: str


def fingerprint(reading: ReadOnly) -> str:
    """A text that stays the same as long as no sequence was touched by DDL."""
    return reading.row(query("fingerprint"), _Fingerprint).fingerprint


def inventory(reading: ReadOnly) -> Inventory:
    """Read the catalog: four statements, whatever the number of sequences."""
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
    for row in reading.rows(query("columns"), _ColumnRow):
        fed[row.sequence_oid].append(_column(row))
    return {oid: tuple(columns) for oid, columns in fed.items()}


def _column(row: _ColumnRow) -> FedColumn:
    return FedColumn(
        table_schema=row.table_schema,
        table_name=row.table_name,
        column=row.column,
        type_name=row.type_name,
        base_type=row.base_type,
        base_typmod=row.base_typmod,
        link=Link(row.link),
        unique=row.unique,
        quoted_table=row.quoted_table,
        quoted_column=row.quoted_column,
    )
