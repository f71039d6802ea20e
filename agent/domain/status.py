"""What the agent says of a sequence and of a database after a round of sampling."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import assert_never

from agent.domain.consumption.usage import HOUR, Usage
from agent.domain.databases import DatabaseState, Exclusion
from agent.domain.findings import Case, Finding, describe_limit, findings
from agent.domain.forecasting.forecast import State as Outlook
from agent.domain.forecasting.scoring import Scorecard
from agent.domain.limits import (
    Capacity,
    capacity,
    column_capacity,
    column_limit,
    limit_in,
    limiting_column,
)
from agent.domain.pace import Thresholds
from agent.domain.sequences import (
    At,
    FedColumn,
    Position,
    Reading,
    SequenceDefinition,
    Unreadability,
    Unreadable,
    Unused,
)
from agent.domain.taken import Sight, Unseen, behind, out_of_sight, unseen, worst


class State(StrEnum):
    """What can be said of a sequence's position; each is counted on its own."""

    OK = "ok"
    UNUSED = "unused"
    UNREADABLE = "unreadable"
    LOCKED = "locked"
    UNLOGGED_ON_STANDBY = "unlogged_on_standby"
    VANISHED = "vanished"
    MISSING = "missing"

    @property
    def there(self) -> bool:
        """Whether there is a sequence, readable or not."""
        return self not in {State.VANISHED, State.MISSING}

    @property
    def readable(self) -> bool:
        return self in {State.OK, State.UNUSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnStatus:
    """One fed column and how much of its own range is used; None if it has no bound.

    `sight` is what is known of the values to come that it holds, `behind` how many calls
    it takes to get past them.
    """

    column: FedColumn
    limit: int | None
    capacity: Capacity | None
    sight: Sight
    behind: int | None

    @property
    def behind_unknown(self) -> Unseen | None:
        """Why `behind` is not known."""
        if self.behind is not None:
            return None
        return self.sight if isinstance(self.sight, Unseen) else Unseen.PENDING


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceStatus:
    """One sequence with its state, its capacity and what is wrong with it."""

    sequence: SequenceDefinition
    position: Position
    state: State
    limit: int
    limited_by: str
    capacity: Capacity | None
    columns: tuple[ColumnStatus, ...]
    findings: tuple[Finding, ...]
    behind: int | None
    usage: Usage | None = None
    lost: tuple[FedColumn, ...] = ()

    @property
    def sights(self) -> tuple[Sight, ...]:
        return tuple(column.sight for column in self.columns)

    @property
    def behind_unknown(self) -> Unseen | None:
        """Why `behind` is not known; without a column there is nothing to look at."""
        if self.behind is not None:
            return None
        return next(unseen(self.sights), Unseen.PENDING)


@dataclass(frozen=True, kw_only=True)
class DatabaseStatus:
    """One database as the last round found it; `error` is set when it could not be read.

    With an `exclusion` it was not looked at, and is not meant to be.
    `scorecards` tell by horizon, in days, how its forecasts came out.
    """

    server: str
    datname: str
    sampled_at: datetime
    duration_seconds: float
    server_version: str | None = None
    in_recovery: bool | None = None
    error: str | None = None
    exclusion: Exclusion | None = None
    excluded: int = 0
    sequences: tuple[SequenceStatus, ...] = ()
    scorecards: Mapping[int, Scorecard] = field(default_factory=dict)

    @property
    def state(self) -> DatabaseState:
        if self.exclusion is not None:
            return DatabaseState.EXCLUDED
        return DatabaseState.UP if self.error is None else DatabaseState.DOWN

    @property
    def up(self) -> bool:
        return self.state is DatabaseState.UP

    @cached_property
    def states(self) -> Mapping[State, int]:
        """How many sequences are in each state; every state is present."""
        found = Counter(status.state for status in self.sequences)
        return {state: found[state] for state in State}

    @cached_property
    def column_states(self) -> Mapping[str, int]:
        """How many columns were `seen`, and why the others were not; all are present."""
        found = Counter(
            sight.value if isinstance(sight, Unseen) else "seen"
            for status in self.sequences
            for sight in status.sights
        )
        return {state: found[state] for state in ("seen", *Unseen)}

    @cached_property
    def max_used_ratio(self) -> float | None:
        """The largest used ratio; None when no sequence could be read."""
        return max(
            (s.capacity.used_ratio for s in self.sequences if s.capacity), default=None
        )

    @cached_property
    def min_seconds_to_exhaustion(self) -> float | None:
        """The earliest end on the early edge; infinite is later than ten years.

        None when no sequence has a forecast.
        """
        return min(
            (s for each in self.sequences if (s := early_end(each)) is not None),
            default=None,
        )


def early_end(status: SequenceStatus) -> float | None:
    """Seconds to the early end; None without a forecast, infinite beyond ten years."""
    outlook = status.usage.outlook if status.usage else None
    if outlook is None or outlook.state is Outlook.INSUFFICIENT_DATA:
        return None
    return math.inf if outlook.p10_seconds is None else outlook.p10_seconds


def rate_per_second(status: SequenceStatus) -> float | None:
    """Calls per second: of the forecast, or as measured where it knows none yet.

    None while neither is known.
    """
    usage = status.usage
    if usage is None:
        return None
    rate = usage.outlook.rate_per_second if usage.outlook else None
    return usage.per_second.get(HOUR) if rate is None else rate


def reach(reading: Reading) -> Capacity | None:
    """How far the sequence has come; None when it could not be read.

    Nor is it known where nobody calls it; and who is at the end of what only functions
    of users may call, may be there on purpose, as the workers of Citus are.
    """
    sequence, position = reading.sequence, reading.position
    if isinstance(position, Unreadable) or sequence.leftover:
        return None
    reached = capacity(sequence, position)
    return reached if reached.remaining or sequence.surely_called else None


def assess(
    reading: Reading,
    *,
    thresholds: Thresholds,
    role: str,
    usage: Usage | None = None,
    sights: tuple[Sight, ...] = (),
    lost: tuple[FedColumn, ...] = (),
    before: tuple[Finding, ...] = (),
) -> SequenceStatus:
    """Everything that follows from one reading.

    `role` is the database role that read it, quoted: remedies grant to it. `sights` are
    of the sequence's columns, or none if nobody has looked. `lost` are the columns that
    it fed and that have no other source of values now. `before` are the findings
    of the round before.
    """
    sequence, position = reading.sequence, reading.position
    sights = sights or tuple(
        out_of_sight(column) or Unseen.PENDING for column in sequence.columns
    )
    limiting = limiting_column(sequence)
    known = None if isinstance(position, Unreadable) else position
    reached = reach(reading)
    case = Case(
        reading=reading,
        capacity=reached,
        limiting=limiting,
        thresholds=thresholds,
        role=role,
        usage=usage,
        sights=sights,
        lost=lost,
        before=before,
    )
    return SequenceStatus(
        sequence=sequence,
        position=position,
        state=_state(position),
        limit=limit_in(sequence, limiting),
        limited_by=describe_limit(sequence, limiting),
        capacity=reached,
        columns=tuple(
            _column_status(sequence, known, column, sight)
            for column, sight in zip(sequence.columns, sights, strict=True)
        ),
        findings=findings(case),
        behind=_behind(sequence, known, sights),
        usage=usage,
        lost=lost,
    )


def _behind(
    sequence: SequenceDefinition,
    position: Unused | At | None,
    sights: tuple[Sight, ...],
) -> int | None:
    if position is None:
        return None
    counted = [sight for sight in sights if sight is not Unseen.LEFTOVER]
    return worst([behind(sequence, position, sight) for sight in counted])


def _column_status(
    sequence: SequenceDefinition,
    position: Unused | At | None,
    column: FedColumn,
    sight: Sight,
) -> ColumnStatus:
    return ColumnStatus(
        column=column,
        limit=column_limit(sequence, column),
        capacity=column_capacity(sequence, position, column) if position else None,
        sight=sight,
        behind=behind(sequence, position, sight) if position else None,
    )


def _state(position: Position) -> State:
    match position:
        case At():
            return State.OK
        case Unused():
            return State.UNUSED
        case Unreadable(reason=reason):
            return _STATE_OF[reason]
        case _ as never:
            assert_never(never)


_STATE_OF = {
    Unreadability.PRIVILEGE: State.UNREADABLE,
    Unreadability.FAILED: State.UNREADABLE,
    Unreadability.LOCKED: State.LOCKED,
    Unreadability.UNLOGGED_ON_STANDBY: State.UNLOGGED_ON_STANDBY,
    Unreadability.VANISHED: State.VANISHED,
    Unreadability.MISSING: State.MISSING,
}
