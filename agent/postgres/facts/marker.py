"""The marker that an administrator left in a database, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import errors

from agent.domain.resets.facts import Marker, Unknown
from agent.postgres.errors import one_line
from agent.postgres.facts.schema import schema_fault
from agent.postgres.queries import query
from agent.postgres.reading import ReadOnly


@dataclass(frozen=True, slots=True, kw_only=True)
class _Access:
    """A row of target_marker_access.sql."""

    schema_exists: bool
    table_exists: bool
    readable: bool
    holdable: bool

    @property
    def absence(self) -> str:
        if not self.schema_exists:
            return "there is no schema sequence_agent"
        if not self.table_exists:
            return "there is no table sequence_agent.environment"
        return ""

    @property
    def lack_of_privilege(self) -> str:
        if not self.readable:
            return "this role may not read sequence_agent.environment"
        if not self.holdable:
            return "this role may not execute sequence_agent.hold_marker()"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writer:
    """A row of target_marker_writers.sql."""

    way: str


def marker(reading: ReadOnly) -> Marker | Unknown:
    """What the marker says; a schema that `arm` did not make has none to believe."""
    access = reading.row(query("target_marker_access"), _Access)
    obstacle = access.absence or schema_fault(reading) or access.lack_of_privilege
    if obstacle:
        return Unknown(obstacle)
    try:
        rows = reading.rows(query("target_marker"), Marker)
    except (errors.DataError, errors.ProgrammingError) as error:
        return Unknown(f"sequence_agent.environment cannot be read: {one_line(error)}")
    return _only(rows)


def marker_writers(reading: ReadOnly) -> tuple[str, ...]:
    """The ways in which our role could write the marker."""
    rows = reading.rows(query("target_marker_writers"), _Writer)
    return tuple(row.way for row in rows)


def _only(rows: list[Marker]) -> Marker | Unknown:
    if len(rows) != 1:
        told = "more than one row" if rows else "no row"
        return Unknown(f"sequence_agent.environment has {told}")
    [found] = rows
    if None in {found.environment, found.protected, found.database_name}:
        return Unknown("sequence_agent.environment has a row that is not filled in")
    return found
