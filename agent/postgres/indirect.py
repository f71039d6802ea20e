"""Statements that name relations, sent as a value of one whose text never changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from psycopg import Connection, sql

Row = TypeVar("Row")

# A lexeme of an array that is made a tsvector of is not changed in any way.
_AS_LEXEMES = sql.SQL(
    "SELECT pg_catalog.array_to_tsvector("
    "ARRAY[pg_catalog.row_to_json(answered.*)::pg_catalog.text])\n"
    "FROM (\n{}) AS answered"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """A row of indirect.sql: one of the statement, as a JSON object."""

    answer: str


def indirect(
    statement: sql.Composable, connection: Connection[Any]
) -> Mapping[str, str]:
    """The parameters of indirect.sql; of equal rows the answer holds one."""
    return {"statement": _AS_LEXEMES.format(statement).as_string(connection)}


def answered(answer: str, row: type[Row]) -> Row:
    """A row of indirect.sql as the statement itself would have answered it."""
    return row(**json.loads(answer, parse_float=Decimal))
