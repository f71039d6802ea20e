"""The kinds of findings, how bad they are, and which of them a human has accepted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from agent.domain.filters import NameFilter


class Severity(StrEnum):
    """How loudly a finding asks for a human."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Kind(StrEnum):
    """What a finding is about; the names are part of the public contract."""

    EXHAUSTED = "exhausted"
    NEAR_LIMIT = "near_limit"
    EXHAUSTS_SOON = "exhausts_soon"
    BURST = "burst"
    COLUMN_NARROWER = "column_narrower"
    SEQUENCE_NARROWER = "sequence_narrower"
    BEHIND_COLUMN = "behind_column"
    SEQUENCE_MISSING = "sequence_missing"
    SHARED = "shared"
    UNATTACHED = "unattached"
    CYCLES_INTO_UNIQUE = "cycles_into_unique"
    UNREADABLE = "unreadable"
    LEFTOVER = "leftover"
    COMPUTED_DEFAULT = "computed_default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """Findings of one kind that a human knows of and accepts.

    `sequences` are compared as schema.name; `until` is the last day, in UTC.
    """

    kind: Kind
    sequences: NameFilter = field(default_factory=NameFilter)
    reason: str
    until: date | None = None

    def covers(self, kind: Kind, sequence: str, today: date) -> bool:
        """Whether it is about this finding, and has not ended."""
        ended = self.until is not None and today > self.until
        return kind is self.kind and not ended and self.sequences.admits(sequence)
