"""What is wrong with a sequence, how bad it is, and what would mend it.

A new finding is one function and its line in `_RULES`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from agent.domain.consumption.usage import Usage
from agent.domain.forecasting.forecast import State
from agent.domain.limits import (
    Capacity,
    column_range,
    limit_in,
    sequence_type_range,
)
from agent.domain.quantities import rate, span
from agent.domain.remedies import (
    SEQUENCE_TYPE,
    make_readable,
    widen,
    widen_column,
    widen_sequence,
)
from agent.domain.sequences import (
    FedColumn,
    Reading,
    SequenceDefinition,
    Unreadability,
    Unreadable,
    next_value,
)
from agent.domain.wording import percent_used

_INTEGER_COLUMNS = {"int2", "int4", "int8"}

_BURST_WITHIN = timedelta(days=1)
# What was found stays until it is this much further away: forecasts breathe.
_CLEARS_AT = 1.25


class Severity(StrEnum):
    """How loudly a finding asks for a human."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


_CRITICAL = frozenset({Severity.CRITICAL})
_WARNING = frozenset({Severity.WARNING, Severity.CRITICAL})


class Kind(StrEnum):
    """What a finding is about; the names are part of the public contract."""

    EXHAUSTED = "exhausted"
    NEAR_LIMIT = "near_limit"
    EXHAUSTS_SOON = "exhausts_soon"
    BURST = "burst"
    COLUMN_NARROWER = "column_narrower"
    SEQUENCE_NARROWER = "sequence_narrower"
    SHARED = "shared"
    UNATTACHED = "unattached"
    CYCLES_INTO_UNIQUE = "cycles_into_unique"
    UNREADABLE = "unreadable"


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
    """All that a rule may look at; `before` are the findings of the round before."""

    reading: Reading
    capacity: Capacity | None
    limiting: FedColumn | None
    thresholds: Thresholds
    role: str
    usage: Usage | None = None
    before: tuple[Finding, ...] = ()

    @property
    def sequence(self) -> SequenceDefinition:
        return self.reading.sequence

    def found_before(self, kind: Kind, severities: frozenset[Severity]) -> bool:
        return any(f.kind is kind and f.severity in severities for f in self.before)


def findings(case: Case) -> tuple[Finding, ...]:
    """All findings of one sequence, in the order of the rules."""
    return tuple(finding for rule in _RULES if (finding := rule(case)))


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


def _exhausted(case: Case) -> Finding | None:
    if case.capacity is None or case.capacity.remaining > 0:
        return None
    by = describe_limit(case.sequence, case.limiting)
    position = case.reading.position
    if isinstance(position, Unreadable):
        return None
    following = next_value(case.sequence, position)
    what = (
        "the next nextval fails"
        if following is None
        else f"the next value {following} does not fit and its insert fails"
    )
    return Finding(
        kind=Kind.EXHAUSTED,
        severity=Severity.CRITICAL,
        message=f"exhausted: {what}; limit {case.capacity.limit} of {by}",
        remedy=widen(case.sequence, case.limiting),
    )


def _near_limit(case: Case) -> Finding | None:
    capacity = case.capacity
    if capacity is None or capacity.remaining == 0 or _starts_again_safely(case):
        return None
    severity = _severity_of(capacity.used_ratio, case.thresholds)
    if severity is None:
        return None
    by = describe_limit(case.sequence, case.limiting)
    return Finding(
        kind=Kind.NEAR_LIMIT,
        severity=severity,
        message=(
            f"{percent_used(capacity)} used, {capacity.remaining} calls left"
            f" to {capacity.limit} of {by}"
        ),
        remedy=widen(case.sequence, case.limiting),
    )


def _exhausts_soon(case: Case) -> Finding | None:
    """On the early edge of the forecast: the late one is no comfort at night."""
    outlook = case.usage.outlook if case.usage else None
    if outlook is None or outlook.state is not State.OK or outlook.p10_seconds is None:
        return None
    severity = _severity_of_end(case, outlook.p10_seconds)
    if severity is None or _starts_again_safely(case):
        return None
    early, likely = (
        span(seconds) if seconds is not None else "more than ten years"
        for seconds in (outlook.p10_seconds, outlook.p50_seconds)
    )
    return Finding(
        kind=Kind.EXHAUSTS_SOON,
        severity=severity,
        message=f"runs out in {likely}, perhaps in {early}",
        remedy=widen(case.sequence, case.limiting),
    )


def _severity_of_end(case: Case, seconds: float) -> Severity | None:
    """The worst severity whose threshold is reached, or was and is not yet left."""
    thresholds = case.thresholds
    for severity, within, enough in (
        (Severity.CRITICAL, thresholds.critical_exhausts_within, _CRITICAL),
        (Severity.WARNING, thresholds.warning_exhausts_within, _WARNING),
    ):
        stays = case.found_before(Kind.EXHAUSTS_SOON, enough)
        if seconds < within.total_seconds() * (_CLEARS_AT if stays else 1):
            return severity
    return None


def _burst(case: Case) -> Finding | None:
    """So fast in the last minutes that no forecast from hours can tell."""
    usage, capacity = case.usage, case.capacity
    if usage is None or capacity is None or not usage.recent_per_second:
        return None
    seconds = capacity.remaining / usage.recent_per_second
    stays = case.found_before(Kind.BURST, _CRITICAL)
    limit = _BURST_WITHIN.total_seconds() * (_CLEARS_AT if stays else 1)
    if capacity.remaining == 0 or seconds >= limit or _starts_again_safely(case):
        return None
    return Finding(
        kind=Kind.BURST,
        severity=Severity.CRITICAL,
        message=(
            f"{rate(usage.recent_per_second)} in the last minutes: at this rate the"
            f" {capacity.remaining} calls left are gone in {span(seconds)}"
        ),
        remedy="find the session that calls nextval; "
        + widen(case.sequence, case.limiting),
    )


def _column_narrower(case: Case) -> Finding | None:
    own = limit_in(case.sequence, None)
    if case.limiting is None or limit_in(case.sequence, case.limiting) == own:
        return None
    column = case.limiting
    return Finding(
        kind=Kind.COLUMN_NARROWER,
        severity=Severity.INFO,
        message=(
            f"column {column.table}.{column.column} ({column.type_name}) ends at"
            f" {limit_in(case.sequence, column)}, its sequence at {own}"
        ),
        remedy=widen_column(column),
    )


def _sequence_narrower(case: Case) -> Finding | None:
    reach = sequence_type_range(case.sequence.data_type).high
    for column in case.sequence.columns:
        held = column_range(column.base_type, column.base_typmod)
        if column.base_type in _INTEGER_COLUMNS and held and held.high > reach:
            return Finding(
                kind=Kind.SEQUENCE_NARROWER,
                severity=Severity.INFO,
                message=(
                    f"sequence is {case.sequence.data_type}, but column"
                    f" {column.table}.{column.column} is {column.type_name}"
                ),
                remedy=widen_sequence(
                    case.sequence, to=SEQUENCE_TYPE[column.base_type]
                ),
            )
    return None


def _shared(case: Case) -> Finding | None:
    if len(case.sequence.columns) < 2:
        return None
    fed = ", ".join(f"{c.table}.{c.column}" for c in case.sequence.columns)
    return Finding(
        kind=Kind.SHARED,
        severity=Severity.INFO,
        message=f"feeds {len(case.sequence.columns)} columns: {fed}",
        remedy="none needed; do not restart it for one of the tables alone",
    )


def _unattached(case: Case) -> Finding | None:
    if case.sequence.columns:
        return None
    return Finding(
        kind=Kind.UNATTACHED,
        severity=Severity.INFO,
        message="no column in the catalog takes its values from this sequence",
        remedy=(
            "if the application calls it for a column, say so:"
            f" ALTER SEQUENCE {case.sequence.quoted} OWNED BY <table>.<column>;"
        ),
    )


def _cycles_into_unique(case: Case) -> Finding | None:
    unique = next((c for c in case.sequence.columns if c.unique), None)
    if not case.sequence.cycle or unique is None:
        return None
    return Finding(
        kind=Kind.CYCLES_INTO_UNIQUE,
        severity=Severity.WARNING,
        message=(
            f"starts again after {limit_in(case.sequence, None)}, but"
            f" {unique.table}.{unique.column} is unique: inserts will collide"
        ),
        remedy=f"ALTER SEQUENCE {case.sequence.quoted} NO CYCLE;",
    )


def _unreadable(case: Case) -> Finding | None:
    position = case.reading.position
    if not isinstance(position, Unreadable):
        return None
    vanished = position.reason is Unreadability.VANISHED
    return Finding(
        kind=Kind.UNREADABLE,
        severity=Severity.INFO if vanished else Severity.WARNING,
        message=f"{_OBSTACLE[position.reason]}{position.detail and ': ' + position.detail}",
        remedy=make_readable(case.sequence, position.reason, role=case.role),
    )


_RULES: tuple[Callable[[Case], Finding | None], ...] = (
    _unreadable,
    _exhausted,
    _near_limit,
    _exhausts_soon,
    _burst,
    _cycles_into_unique,
    _column_narrower,
    _sequence_narrower,
    _shared,
    _unattached,
)

_OBSTACLE = {
    Unreadability.PRIVILEGE: "its value may not be read by this role",
    Unreadability.LOCKED: "another session holds it locked",
    Unreadability.UNLOGGED_ON_STANDBY: "unlogged, so a standby has no value of it",
    Unreadability.VANISHED: "dropped or renamed while it was being read",
    Unreadability.FAILED: "the server failed to read it",
}


def _starts_again_safely(case: Case) -> bool:
    """A cycle that ends at its own bound and collides with nothing."""
    sequence = case.sequence
    return (
        sequence.cycle
        and limit_in(sequence, case.limiting) == limit_in(sequence, None)
        and not any(column.unique for column in sequence.columns)
    )


def _severity_of(used_ratio: float, thresholds: Thresholds) -> Severity | None:
    if used_ratio >= thresholds.critical_used_ratio:
        return Severity.CRITICAL
    if used_ratio >= thresholds.warning_used_ratio:
        return Severity.WARNING
    return None
