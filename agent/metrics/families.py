"""Every metric family of facts about databases; a new one is one entry of `FAMILIES`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from agent.domain.sequences import At
from agent.domain.status import DatabaseStatus, SequenceStatus, State

Labels = tuple[tuple[str, str], ...]
Value = int | float
# The labels that a sample has beside those of its sequence or database, and its
# value. A plain tuple, because a round makes some hundred thousand of them.
Sample = tuple[Labels, Value]

MetricType = Literal["gauge", "counter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A database as its last round found it, and when a round last could read it."""

    status: DatabaseStatus
    last_success: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceFamily:
    """Samples labelled server, datname, schemaname and sequencename, and maybe more."""

    name: str
    type: MetricType = "gauge"
    help: str
    samples: Callable[[SequenceStatus], Iterable[Sample]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFamily:
    """Samples labelled server and datname, and maybe more."""

    name: str
    type: MetricType = "gauge"
    help: str
    samples: Callable[[Round], Iterable[Sample]]


Family = SequenceFamily | DatabaseFamily


def _value(value: Value | None) -> Iterable[Sample]:
    return () if value is None else (((), value),)


def _last_value(status: SequenceStatus) -> Iterable[Sample]:
    position = status.position
    return _value(position.last_value if isinstance(position, At) else None)


def _limit_value(status: SequenceStatus) -> Iterable[Sample]:
    return _value(status.limit)


def _used_ratio(status: SequenceStatus) -> Iterable[Sample]:
    return _value(status.capacity.used_ratio if status.capacity else None)


def _remaining_values(status: SequenceStatus) -> Iterable[Sample]:
    return _value(status.capacity.remaining if status.capacity else None)


def _readable(status: SequenceStatus) -> Iterable[Sample]:
    return _value(1 if status.state.readable else 0)


def _info(status: SequenceStatus) -> Iterable[Sample]:
    sequence, owner = status.sequence, status.sequence.owner
    labels = (
        ("data_type", sequence.data_type),
        ("increment_by", str(sequence.increment)),
        ("cycle", "true" if sequence.cycle else "false"),
        ("cache_size", str(sequence.cache)),
        ("owner_table", owner.table if owner else ""),
        ("owner_column", owner.column if owner else ""),
        ("column_type", owner.type_name if owner else ""),
        ("limited_by", status.limited_by),
    )
    return ((labels, 1),)


def _column_used_ratio(status: SequenceStatus) -> Iterable[Sample]:
    return [
        (
            (
                ("table", fed.column.table),
                ("column", fed.column.column),
                ("link", fed.column.link.value),
            ),
            fed.capacity.used_ratio,
        )
        for fed in status.columns
        if fed.capacity
    ]


def _finding(status: SequenceStatus) -> Iterable[Sample]:
    return [
        ((("kind", finding.kind.value), ("severity", finding.severity.value)), 1)
        for finding in status.findings
    ]


def _sequences(round_: Round) -> Iterable[Sample]:
    status = round_.status
    if status.error is not None:
        return ()
    # A sequence that vanished during the round has left: it is counted nowhere.
    counts = {s.value: n for s, n in status.states.items() if s is not State.VANISHED}
    counts["excluded"] = status.excluded
    return [((("state", state),), count) for state, count in counts.items()]


def _max_used_ratio(round_: Round) -> Iterable[Sample]:
    status = round_.status
    return _value(None if status.error is not None else status.max_used_ratio)


def _database_up(round_: Round) -> Iterable[Sample]:
    return _value(1 if round_.status.error is None else 0)


def _last_sample_timestamp(round_: Round) -> Iterable[Sample]:
    moment = round_.last_success
    return _value(None if moment is None else moment.timestamp())


FAMILIES: tuple[Family, ...] = (
    SequenceFamily(
        name="pg_sequence_last_value",
        help="Last value as stored; absent while the sequence is unused or unreadable.",
        samples=_last_value,
    ),
    SequenceFamily(
        name="pg_sequence_limit_value",
        help="Tightest of the sequence's own bound and those of the columns it feeds.",
        samples=_limit_value,
    ),
    SequenceFamily(
        name="pg_sequence_used_ratio",
        help="1 - calls left / calls in the effective range; above 1 past the limit.",
        samples=_used_ratio,
    ),
    SequenceFamily(
        name="pg_sequence_remaining_values",
        help="Calls of nextval that still give a usable value; 0 is exhausted.",
        samples=_remaining_values,
    ),
    SequenceFamily(
        name="pg_sequence_readable",
        help="1 if the sequence could be read, 0 for lack of privilege, a lock or an"
        " unlogged sequence on a standby.",
        samples=_readable,
    ),
    SequenceFamily(
        name="pg_sequence_info",
        help="How the sequence is defined, and what limits it.",
        samples=_info,
    ),
    SequenceFamily(
        name="pg_sequence_column_used_ratio",
        help="Used ratio of each column that the sequence feeds, by the column's type.",
        samples=_column_used_ratio,
    ),
    SequenceFamily(
        name="pg_sequence_finding",
        help="One for each thing that a human should know about the sequence.",
        samples=_finding,
    ),
    DatabaseFamily(
        name="pg_sequences",
        help="Sequences of the database by what could be said of them.",
        samples=_sequences,
    ),
    DatabaseFamily(
        name="pg_sequence_max_used_ratio",
        help="Largest used ratio of any sequence of the database.",
        samples=_max_used_ratio,
    ),
    DatabaseFamily(
        name="sequence_agent_database_up",
        help="1 if the last round could read the database.",
        samples=_database_up,
    ),
    DatabaseFamily(
        name="sequence_agent_last_sample_timestamp_seconds",
        help="When the database was last read, in seconds since the epoch.",
        samples=_last_sample_timestamp,
    ),
)
