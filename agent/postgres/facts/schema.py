"""Whether the schema `sequence_agent` of a database is one that `arm` made.

Whoever has CREATE on a database can make a schema of that name, and whoever owns one can
add triggers, defaults or views to it, which would run with the rights of whoever uses
it. So it is compared, line by line, with what `arm` makes, before it is used at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from agent.postgres.queries import lines, query
from agent.postgres.reading import ReadOnly

NEWEST_LAYOUT = 2
_NAMED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionLine:
    """A row of schema_definition.sql."""

    line: str


def schema_fault(reading: ReadOnly) -> str:
    """What keeps the schema from being used; nothing when it is as `arm` makes it."""
    rows = reading.rows(query("schema_definition"), DefinitionLine)
    return fault_of([row.line for row in rows])


def fault_of(found: list[str]) -> str:
    """The same of a definition that was read already.

    What lacks is told by whoever misses it; what was added could run or hide something.
    """
    added = set(found) - _definition(NEWEST_LAYOUT)
    if not added:
        return ""
    if not set(found) - _definition(1):
        return "the schema sequence_agent was made by an older release; arm it again"
    named = sorted(added, key=lambda line: (not _foreign(line), line))
    return f"the schema sequence_agent is not as arm makes it: {_some(named)}"


def _foreign(line: str) -> bool:
    return line.startswith("foreign ")


def _some(differing: list[str]) -> str:
    more = len(differing) - _NAMED
    named = ", ".join(differing[:_NAMED])
    return f"{named} and {more} more" if more > 0 else named


@cache
def _definition(layout: int) -> frozenset[str]:
    return frozenset(lines(f"schema_definition_{layout}"))
