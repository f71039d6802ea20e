"""How far columns have come: the values that sequences have to be past."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from psycopg import sql

from agent.domain.resets.facts import Place, Relation, Unknown
from agent.postgres.facts.measuring import FAILURES, UNTRUSTED, why_not
from agent.postgres.facts.names import RowsOf, identifier, only_rows_of, taking_rows_of
from agent.postgres.queries import query
from agent.postgres.reading import ReadOnly

_BATCH = 100
_INT8_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _RowType:
    """A row of effect_row_types.sql."""

    oid: int
    array_type: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Furthest:
    """The last value of a column in the direction of its sequence."""

    number: int
    value: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column, and which end of it is asked for."""

    relation: Relation
    name: str
    ascending: bool

    @property
    def place(self) -> Place:
        return (self.relation.oid, self.name)


def furthest(
    columns: Sequence[Column], reading: ReadOnly, *, skip: Collection[int] = ()
) -> Mapping[Place, int | Unknown | None]:
    """What each holds, its descendants included; no query of tables to skip is planned."""
    types = _array_types(columns, reading)
    values: dict[Place, int | Unknown | None] = {}
    for column in columns:
        if column.relation.oid in skip:
            values[column.place] = Unknown(UNTRUSTED)
        elif column.relation.oid not in types:
            values[column.place] = Unknown("it is gone")
    asked = [column for column in columns if column.place not in values]
    for start in range(0, len(asked), _BATCH):
        values |= _salvaged(asked[start : start + _BATCH], types, reading)
    return values


def whole(value: Decimal | None, *, ascending: bool) -> int | Unknown | None:
    """The last whole number that a column has come to, in its sequence's direction.

    >>> whole(Decimal("12.5"), ascending=True), whole(Decimal("-12.5"), ascending=False)
    (12, -12)
    >>> whole(Decimal("NaN"), ascending=True)
    Unknown(reason='it holds NaN, which no sequence can be past')
    """
    if value is None:
        return None
    if value.is_finite():
        number = math.floor(value) if ascending else math.ceil(value)
        if -_INT8_MAX - 1 <= number <= _INT8_MAX:
            return number
    return Unknown(f"it holds {value}, which no sequence can be past")


def _array_types(columns: Sequence[Column], reading: ReadOnly) -> Mapping[int, int]:
    if not columns:
        return {}
    oids = sorted({column.relation.oid for column in columns})
    rows = reading.rows(query("effect_row_types"), _RowType, {"oids": oids})
    return {row.oid: row.array_type for row in rows}


def _salvaged(
    columns: Sequence[Column], types: Mapping[int, int], reading: ReadOnly
) -> dict[Place, int | Unknown | None]:
    """Of all at once, or of each where that fails."""
    try:
        with reading.connection.transaction(force_rollback=True):
            return _read(columns, types, reading)
    except FAILURES as error:
        if len(columns) == 1:
            return {columns[0].place: Unknown(why_not(error))}
    values: dict[Place, int | Unknown | None] = {}
    for column in columns:
        values |= _salvaged([column], types, reading)
    return values


def _read(
    columns: Sequence[Column], types: Mapping[int, int], reading: ReadOnly
) -> dict[Place, int | Unknown | None]:
    taking_rows_of(reading.connection)
    rows = reading.rows(
        sql.SQL("UNION ALL\n").join(
            _one(number, column) for number, column in enumerate(columns)
        ),
        _Furthest,
        {
            f"t{number}": RowsOf(types[column.relation.oid])
            for number, column in enumerate(columns)
        },
    )
    return {
        columns[row.number].place: whole(
            row.value, ascending=columns[row.number].ascending
        )
        for row in rows
    }


def _one(number: int, column: Column) -> sql.Composed:
    return sql.SQL(
        "SELECT {number} AS number, (\n"
        "  SELECT pg_catalog.{end}(pinned.{column}) FROM {table} AS pinned\n"
        "  WHERE {pinned}\n"
        ")::numeric AS value\n"
    ).format(
        number=number,
        end=sql.SQL("max" if column.ascending else "min"),
        column=sql.Identifier(column.name),
        table=identifier(column.relation),
        pinned=only_rows_of(f"t{number}"),
    )
