"""Every metric family of facts about databases; a new one is one entry of `FAMILIES`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from agent.domain.consumption.steps import Reason
from agent.domain.forecasting.forecast import State as Outlook
from agent.domain.forecasting.scoring import Scorecard
from agent.domain.sequences import At
from agent.domain.status import DatabaseStatus, SequenceStatus

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
    # Whether it is shown of a sequence that is gone, and missed.
    of_missing: bool = False


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
                ("link", fed.column.shown_link.value),
            ),
            fed.capacity.used_ratio,
        )
        for fed in status.columns
        if fed.capacity
    ]


def _behind_values(status: SequenceStatus) -> Iterable[Sample]:
    return _value(status.behind)


def _finding(status: SequenceStatus) -> Iterable[Sample]:
    return [
        (
            (
                ("kind", finding.kind.value),
                ("severity", finding.severity.value),
                ("acknowledged", str(finding.acknowledged is not None).lower()),
            ),
            1,
        )
        for finding in status.findings
    ]


def _sequences(round_: Round) -> Iterable[Sample]:
    status = round_.status
    if not status.up:
        return ()
    # A sequence that vanished during the round has left: it is counted nowhere.
    counts = {s.value: n for s, n in status.states.items() if s.there}
    counts["excluded"] = status.excluded
    return [((("state", state),), count) for state, count in counts.items()]


def _columns(round_: Round) -> Iterable[Sample]:
    if not round_.status.up:
        return ()
    return [
        ((("state", state),), n) for state, n in round_.status.column_states.items()
    ]


def _max_used_ratio(round_: Round) -> Iterable[Sample]:
    status = round_.status
    return _value(status.max_used_ratio if status.up else None)


def _scored(
    figure: Callable[[Scorecard], Value | None],
) -> Callable[[Round], Iterable[Sample]]:
    """Samples of one figure of the scorecards; absent where nothing was scored."""

    def samples(round_: Round) -> Iterable[Sample]:
        figures = {days: figure(c) for days, c in round_.status.scorecards.items()}
        return [
            ((("horizon", f"{days}d"),), value)
            for days, value in figures.items()
            if value is not None
        ]

    return samples


def _database_up(round_: Round) -> Iterable[Sample]:
    status = round_.status
    return _value(None if status.exclusion else int(status.up))


def _database_excluded(round_: Round) -> Iterable[Sample]:
    exclusion = round_.status.exclusion
    return () if exclusion is None else [((("reason", exclusion.value),), 1)]


def _last_sample_timestamp(round_: Round) -> Iterable[Sample]:
    moment = round_.last_success
    return _value(None if moment is None else moment.timestamp())


def _consumed(status: SequenceStatus) -> Iterable[Sample]:
    return _value(status.usage.consumed if status.usage else None)


def _consumption_rates(status: SequenceStatus) -> Iterable[Sample]:
    if status.usage is None:
        return ()
    rates = status.usage.per_second.items()
    return [((("window", window),), rate) for window, rate in rates if rate is not None]


def _time_to_exhaustion(status: SequenceStatus) -> Iterable[Sample]:
    if status.usage is None or (outlook := status.usage.outlook) is None:
        return ()
    if outlook.state is Outlook.INSUFFICIENT_DATA:
        return ()
    ends = {
        "10": outlook.p10_seconds,
        "50": outlook.p50_seconds,
        "90": outlook.p90_seconds,
    }
    return [
        ((("percentile", percentile),), math.inf if seconds is None else seconds)
        for percentile, seconds in ends.items()
    ]


def _resets(status: SequenceStatus) -> Iterable[Sample]:
    if status.usage is None:
        return ()
    # Those that never happened too: increase() needs the 0 that comes before the 1.
    resets = status.usage.resets
    return [((("reason", reason.value),), resets.get(reason, 0)) for reason in Reason]


def _min_time_to_exhaustion(round_: Round) -> Iterable[Sample]:
    status = round_.status
    return _value(status.min_seconds_to_exhaustion if status.up else None)


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
        name="pg_sequence_consumed_values_total",
        type="counter",
        help="Calls of nextval since the agent first saw the sequence, across resets.",
        samples=_consumed,
    ),
    SequenceFamily(
        name="pg_sequence_consumption_values_per_second",
        help="Calls of nextval per second over the window, or since first seen.",
        samples=_consumption_rates,
    ),
    SequenceFamily(
        name="pg_sequence_time_to_exhaustion_seconds",
        help="Forecast of the time until no call is left: 10 is early, 90 late; +Inf"
        " is idle or beyond ten years.",
        samples=_time_to_exhaustion,
    ),
    SequenceFamily(
        name="pg_sequence_resets_total",
        type="counter",
        help="Times that the sequence was put back, by how: restart, setval or recreated.",
        samples=_resets,
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
        name="pg_sequence_behind_values",
        help="Calls until the sequence is past what its column holds; 0 is healthy.",
        samples=_behind_values,
    ),
    SequenceFamily(
        name="pg_sequence_finding",
        help="One for each thing that a human should know about the sequence.",
        samples=_finding,
        of_missing=True,
    ),
    DatabaseFamily(
        name="pg_sequences",
        help="Sequences of the database by what could be said of them.",
        samples=_sequences,
    ),
    DatabaseFamily(
        name="pg_sequence_columns",
        help="Columns that are fed, by whether it is known what they hold, and why not.",
        samples=_columns,
    ),
    DatabaseFamily(
        name="pg_sequence_max_used_ratio",
        help="Largest used ratio of any sequence of the database.",
        samples=_max_used_ratio,
    ),
    DatabaseFamily(
        name="pg_sequence_min_time_to_exhaustion_seconds",
        help="Smallest early (10) forecast of any sequence of the database.",
        samples=_min_time_to_exhaustion,
    ),
    DatabaseFamily(
        name="sequence_agent_forecast_scored_predictions",
        help="Predictions whose day has come and that count for the scores.",
        samples=_scored(lambda card: card.n),
    ),
    DatabaseFamily(
        name="sequence_agent_forecast_coverage_ratio",
        help="Share of outcomes within 10 and 90 as predicted; 0.8 was promised.",
        samples=_scored(lambda card: card.coverage),
    ),
    DatabaseFamily(
        name="sequence_agent_forecast_error",
        help="Median of |ln(consumed / predicted)|; 0.1 is off by a tenth.",
        samples=_scored(lambda card: card.median_error),
    ),
    DatabaseFamily(
        name="sequence_agent_forecast_stretch_ratio",
        help="Factor by which intervals are stretched to cover what they promise.",
        samples=_scored(lambda card: card.stretch),
    ),
    DatabaseFamily(
        name="sequence_agent_database_up",
        help="1 if the last round could read the database.",
        samples=_database_up,
    ),
    DatabaseFamily(
        name="sequence_agent_database_excluded",
        help="1 for each database that is left out, by why: nobody is to look at it.",
        samples=_database_excluded,
    ),
    DatabaseFamily(
        name="sequence_agent_last_sample_timestamp_seconds",
        help="When the database was last read, in seconds since the epoch.",
        samples=_last_sample_timestamp,
    ),
)
