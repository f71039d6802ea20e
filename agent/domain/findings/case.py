"""What a finding is, and all that a rule may look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from agent.domain.consumption.usage import Usage
from agent.domain.limits import Capacity, limit_in, sequence_type_range
from agent.domain.sequences import FedColumn, Reading, SequenceDefinition
from agent.domain.taken import Sight


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
class Finding:
    """One thing that a human should know about one sequence."""

    kind: Kind
    severity: Severity
    message: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From which used ratio, and how long before its end, a sequence needs attention."""

    warning_used_ratio: float = 0.75
    critical_used_ratio: float = 0.90
    warning_exhausts_within: timedelta = timedelta(days=90)
    critical_exhausts_within: timedelta = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that a rule may look at.

    `sights` are of the sequence's columns, `lost` those that miss it, `before` are the findings of the round before.
    """

    reading: Reading
    capacity: Capacity | None
    limiting: FedColumn | None
    thresholds: Thresholds
    role: str
    usage: Usage | None = None
    sights: tuple[Sight, ...] = ()
    lost: tuple[FedColumn, ...] = ()
    before: tuple[Finding, ...] = ()

    @property
    def sequence(self) -> SequenceDefinition:
        return self.reading.sequence

    def found_before(self, kind: Kind, severities: frozenset[Severity]) -> bool:
        return any(f.kind is kind and f.severity in severities for f in self.before)


def describe_limit(sequence: SequenceDefinition, column: FedColumn | None) -> str:
    """What ends a sequence, in the words of `limited_by`."""
    if column is not None:
        return f"column {column.table}.{column.column} ({column.type_name})"
    bounds = sequence_type_range(sequence.data_type)
    if sequence.ascending and sequence.maximum != bounds.high:
        return f"sequence MAXVALUE {sequence.maximum}"
    if not sequence.ascending and sequence.minimum != bounds.low:
        return f"sequence MINVALUE {sequence.minimum}"
    return f"sequence ({sequence.data_type})"


def starts_again_safely(case: Case) -> bool:
    """A cycle that ends at its own bound and collides with nothing."""
    sequence = case.sequence
    ends_itself = limit_in(sequence, case.limiting) == limit_in(sequence, None)
    return ends_itself and sequence.repeats_freely
