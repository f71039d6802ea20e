"""The statuses as the JSON document of the public contract, in plain values."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import NotRequired, TypedDict

from agent.domain.findings import Finding
from agent.domain.kinds import Acknowledgement
from agent.domain.limits import Capacity
from agent.domain.sequences import At, Position, Unreadable, next_value
from agent.domain.status import ColumnStatus, DatabaseStatus, SequenceStatus
from agent.domain.taken import Unseen
from agent.domain.urgency import urgency


class AcknowledgementEntry(TypedDict):
    """Why a finding is accepted, and the last day on which it is; null: for ever."""

    reason: str
    until: str | None


class FindingEntry(TypedDict):
    """One finding; what nobody has accepted is not acknowledged."""

    kind: str
    severity: str
    message: str
    remedy: str
    acknowledged: AcknowledgementEntry | None


class ColumnEntry(TypedDict):
    """One fed column; the table's name is unquoted."""

    table: str
    column: str
    type: str
    link: str
    limit_value: int | None
    used_ratio: float | None
    remaining_values: int | None
    behind_values: int | None
    behind_unknown: str | None


class SequenceEntry(TypedDict):
    """One sequence; null stands for what could not be read."""

    schemaname: str
    sequencename: str
    state: str
    last_value: int | None
    is_called: bool | None
    next_value: int | None
    data_type: str
    start_value: int
    min_value: int
    max_value: int
    increment_by: int
    cycle: bool
    cache_size: int
    limit_value: int
    limited_by: str
    used_ratio: float | None
    remaining_values: int | None
    behind_values: int | None
    behind_unknown: str | None
    columns: list[ColumnEntry]
    findings: list[FindingEntry]


class DatabaseEntry(TypedDict):
    """One database; with an error it has no sequences."""

    server: str
    datname: str
    server_version: str | None
    in_recovery: bool | None
    error: str | None
    sequences: list[SequenceEntry]


class ExcludedEntry(TypedDict):
    """A database that was left out, and why."""

    server: str
    datname: str
    reason: str


class Document(TypedDict):
    """Everything that one look at some databases found, and what it left out, if any."""

    generated_at: str
    databases: list[DatabaseEntry]
    excluded: NotRequired[list[ExcludedEntry]]


def document(statuses: Collection[DatabaseStatus], generated_at: datetime) -> Document:
    """The document, ready for any JSON encoder; integers are exact."""
    found: Document = {
        "generated_at": _utc(generated_at),
        "databases": [_database_entry(s) for s in statuses if s.exclusion is None],
    }
    excluded: list[ExcludedEntry] = [
        {"server": s.server, "datname": s.datname, "reason": s.exclusion.value}
        for s in statuses
        if s.exclusion is not None
    ]
    return {**found, "excluded": excluded} if excluded else found


def sequence_entry(status: SequenceStatus) -> SequenceEntry:
    """One sequence alone."""
    sequence, position = status.sequence, status.position
    return {
        "schemaname": sequence.schema,
        "sequencename": sequence.name,
        "state": status.state.value,
        "last_value": position.last_value if isinstance(position, At) else None,
        "is_called": _is_called(position),
        "next_value": _next_value(status),
        "data_type": sequence.data_type,
        "start_value": sequence.start,
        "min_value": sequence.minimum,
        "max_value": sequence.maximum,
        "increment_by": sequence.increment,
        "cycle": sequence.cycle,
        "cache_size": sequence.cache,
        "limit_value": status.limit,
        "limited_by": status.limited_by,
        "used_ratio": _used_ratio(status.capacity),
        "remaining_values": _remaining(status.capacity),
        "behind_values": status.behind,
        "behind_unknown": _why_unknown(status.behind_unknown),
        "columns": [_column_entry(column) for column in status.columns],
        "findings": [_finding_entry(finding) for finding in status.findings],
    }


def _utc(moment: datetime) -> str:
    in_utc = moment.astimezone(UTC).isoformat(timespec="seconds")
    return in_utc.replace("+00:00", "Z")


def _database_entry(status: DatabaseStatus) -> DatabaseEntry:
    return {
        "server": status.server,
        "datname": status.datname,
        "server_version": status.server_version,
        "in_recovery": status.in_recovery,
        "error": status.error,
        "sequences": [
            sequence_entry(each) for each in sorted(status.sequences, key=urgency)
        ],
    }


def _is_called(position: Position) -> bool | None:
    return None if isinstance(position, Unreadable) else isinstance(position, At)


def _next_value(status: SequenceStatus) -> int | None:
    if isinstance(status.position, Unreadable):
        return None
    return next_value(status.sequence, status.position)


def _column_entry(status: ColumnStatus) -> ColumnEntry:
    column = status.column
    return {
        "table": column.table,
        "column": column.column,
        "type": column.type_name,
        "link": column.shown_link.value,
        "limit_value": status.limit,
        "used_ratio": _used_ratio(status.capacity),
        "remaining_values": _remaining(status.capacity),
        "behind_values": status.behind,
        "behind_unknown": _why_unknown(status.behind_unknown),
    }


def _why_unknown(reason: Unseen | None) -> str | None:
    """In the words of the public contract, which leave out what passes."""
    if reason is None or reason in _REASONS_SHOWN:
        return reason
    return "not_looked"


_REASONS_SHOWN = {
    Unseen.NO_INDEX,
    Unseen.NO_PRIVILEGE,
    Unseen.ROW_SECURITY,
    Unseen.UNTRUSTED_CODE,
    Unseen.COMPUTED,
}


def _finding_entry(finding: Finding) -> FindingEntry:
    return {
        "kind": finding.kind.value,
        "severity": finding.severity.value,
        "message": finding.message,
        "remedy": finding.remedy,
        "acknowledged": _acknowledgement_entry(finding.acknowledged),
    }


def _acknowledgement_entry(
    accepted: Acknowledgement | None,
) -> AcknowledgementEntry | None:
    if accepted is None:
        return None
    until = accepted.until.isoformat() if accepted.until else None
    return {"reason": accepted.reason, "until": until}


def _used_ratio(capacity: Capacity | None) -> float | None:
    return None if capacity is None else capacity.used_ratio


def _remaining(capacity: Capacity | None) -> int | None:
    return None if capacity is None else capacity.remaining
