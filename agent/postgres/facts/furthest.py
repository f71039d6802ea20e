"""How far columns have come: the values that sequences have to be past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from psycopg import sql

from agent.domain.resets.facts import Place, Relation, Unknown
from agent.domain.resets.resync import whole
from agent.postgres.facts.measuring import FAILURES, why_not
from agent.postgres.facts.names import RowsOf, identifier, only_rows_of, taking_rows_of
from agent.postgres.facts.stillness import Doubts
from agent.postgres.queries import query
from agent.postgres.reading import ReadOnly

_BATCH = 100


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
    columns: Sequence[Column], reading: ReadOnly, *, doubts: Doubts
) -> Mapping[Place, int | Unknown | None]:
    """What each holds, its descendants included; tables in doubt are kept still."""
    types = _array_types(columns, reading)
    values: dict[Place, int | Unknown | None] = {
        column.place: Unknown("it is gone")
        for column in columns
        if column.relation.oid not in types
    }
    asked = [column for column in columns if column.place not in values]
    # Of several together could not be told which of them has what must not run.
    doubted = [column for column in asked if column.relation.oid in doubts.doubted]
    for column in doubted:
        values |= _salvaged([column], types, reading, doubts)
    sure = [column for column in asked if column not in doubted]
    for start in range(0, len(sure), _BATCH):
        values |= _salvaged(sure[start : start + _BATCH], types, reading, doubts)
    return values


def _array_types(columns: Sequence[Column], reading: ReadOnly) -> Mapping[int, int]:
    if not columns:
        return {}
    oids = sorted({column.relation.oid for column in columns})
    rows = reading.rows(query("effect_row_types"), _RowType, {"oids": oids})
    return {row.oid: row.array_type for row in rows}


def _salvaged(
    columns: Sequence[Column],
    types: Mapping[int, int],
    reading: ReadOnly,
    doubts: Doubts,
) -> dict[Place, int | Unknown | None]:
    """Of all at once, or of each where that fails."""
    try:
        with reading.connection.transaction(force_rollback=True):
            relations = [column.relation for column in columns]
            unsafe = doubts.keep_still(reading, relations, with_children=True)
            if unsafe:
                return {c.place: Unknown(unsafe[c.relation.oid]) for c in columns}
            return _read(columns, types, reading)
    except FAILURES as error:
        if len(columns) == 1:
            return {columns[0].place: Unknown(why_not(error))}
    values: dict[Place, int | Unknown | None] = {}
    for column in columns:
        values |= _salvaged([column], types, reading, doubts)
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
