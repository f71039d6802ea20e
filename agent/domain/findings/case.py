"""What a finding is, and all that a rule may look at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agent.domain.consumption.usage import Usage
from agent.domain.kinds import Acknowledgement, Kind, Severity
from agent.domain.limits import Capacity, limit_in, sequence_type_range
from agent.domain.pace import Thresholds
from agent.domain.sequences import FedColumn, Reading, SequenceDefinition
from agent.domain.taken import Sight


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a human should know about one sequence."""

    kind: Kind
    severity: Severity
    message: str
    remedy: str
    acknowledged: Acknowledgement | None = None

    @property
    def counts(self) -> bool:
        """Whether it asks for a human who has not yet said that it may be so."""
        return self.severity is not Severity.INFO and self.acknowledged is None


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


def worst_severity(findings: Iterable[Finding]) -> Severity | None:
    """That of the findings that count; None where none does."""
    found = {finding.severity for finding in findings if finding.counts}
    return max(found, key=list(Severity).index, default=None)


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
