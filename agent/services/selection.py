"""Which sequences of a database are looked at."""

from __future__ import annotations

from dataclasses import dataclass, field

from agent.domain.filters import NameFilter
from agent.domain.sequences import SequenceDefinition


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which sequences of a database are looked at."""

    schemas: NameFilter = field(default_factory=lambda: NameFilter(exclude=("pg_*",)))
    sequences: NameFilter = field(default_factory=NameFilter)

    def admits(self, sequence: SequenceDefinition) -> bool:
        return self.admits_name(sequence.schema, sequence.name)

    def admits_name(self, schema: str, name: str) -> bool:
        return self.schemas.admits(schema) and self.sequences.admits(f"{schema}.{name}")
