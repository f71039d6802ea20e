"""Names that must still lead where they led when the catalogs were read.

A lock on a table holds neither the name of its schema nor any sequence: while we work,
names may come to lead elsewhere, and what is there may run its owner's code as us.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, cast

import psycopg
from psycopg import errors, sql
from psycopg.abc import Buffer, DumperKey, PyFormat
from psycopg.adapt import Dumper

from agent.domain.resets.verdicts import listed
from agent.errors import AgentError
from agent.postgres.pipelines import pipelined
from agent.postgres.queries import query


class Named(Protocol):
    """A relation by its oid, and the name that led to it."""

    @property
    def oid(self) -> int: ...
    @property
    def schema(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def qualified(self) -> str: ...


class NamesMovedError(AgentError):
    """A name leads elsewhere than it did in the plan."""

    def __init__(self, moved: Iterable[str]) -> None:
        super().__init__(f"names have moved: {listed(moved)}")


def identifier(named: Named) -> sql.Identifier:
    return sql.Identifier(named.schema, named.name)


@contextmanager
def leading_to(
    connection: psycopg.Connection, named: Sequence[Named]
) -> Iterator[None]:
    """Ask whether the names lead where they did, right before what the body sends.

    Both go to the server at once, and it runs the second only if the first held. What
    remains is a moment: prove afterwards what was reached. Raises NamesMovedError.
    """
    parameters = {
        "oids": [relation.oid for relation in named],
        "schemas": [relation.schema for relation in named],
        "names": [relation.name for relation in named],
    }
    try:
        with pipelined(connection):
            connection.execute(query("effect_names"), parameters)
            yield
    except errors.InvalidTextRepresentation as error:
        moved = list(_moved(error, {relation.oid: relation for relation in named}))
        if not moved:
            raise
        raise NamesMovedError(moved) from error


def _moved(error: errors.Error, named: Mapping[int, Named]) -> Iterator[str]:
    """What effect_names.sql says of it; nothing where the error is another's."""
    for meant, reached in re.findall(r"(\d+)>(\d+)", error.diag.message_primary or ""):
        if int(meant) in named:
            hit = f"leads to oid {reached}" if int(reached) else "leads nowhere"
            yield f"{named[int(meant)].qualified} {hit}, not to oid {meant}"


@dataclass(frozen=True, slots=True)
class RowsOf:
    """Rows of a table, as a parameter that is NULL and has the type of their array.

    Every table has a type of its own, and a parameter has it by oid: a comparison with
    it fails while it is parsed, before any code of the table's owner could run in
    the planner, unless the name led to that very table.
    """

    array_type: int


class _RowsDumper(Dumper):
    """Sends NULL with a type."""

    def get_key(self, obj: RowsOf, format: PyFormat) -> DumperKey:  # noqa: A002
        del format
        # One for each type; psycopg's own key is made of classes.
        return cast("DumperKey", (self.cls, obj.array_type))

    def upgrade(self, obj: RowsOf, format: PyFormat) -> _RowsDumper:  # noqa: A002
        del format
        dumper = _RowsDumper(self.cls)
        dumper.oid = obj.array_type
        return dumper

    def dump(self, obj: RowsOf) -> Buffer | None:
        del obj
        return None


def taking_rows_of(connection: psycopg.Connection) -> None:
    """Let statements of the connection take RowsOf as parameters."""
    connection.adapters.register_dumper(RowsOf, _RowsDumper)


def only_rows_of(parameter: str) -> sql.Composed:
    """A condition, always true, that none but rows of the table of a RowsOf can be put to.

    The rows have to be called `pinned`, which no column of theirs can be taken for. No
    cast comes in between: array_eq takes two arrays of one type.
    """
    return sql.SQL(
        "CASE WHEN TRUE THEN TRUE ELSE pg_catalog.array_eq({}, ARRAY[pinned.*]) END"
    ).format(sql.Placeholder(parameter))
