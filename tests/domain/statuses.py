"""Statuses to start a test from: one good value, of which a test changes one thing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from agent.domain.consumption.steps import Reason
from agent.domain.consumption.usage import Usage
from agent.domain.databases import Exclusion
from agent.domain.findings import Finding
from agent.domain.forecasting.forecast import Forecast
from agent.domain.forecasting.forecast import State as Outlook
from agent.domain.forecasting.scoring import UNSCORED, Scorecard
from agent.domain.pace import Thresholds
from agent.domain.sequences import (
    At,
    FedColumn,
    Link,
    Position,
    Reading,
    SequenceDefinition,
    Unreadability,
    Unreadable,
    Unused,
)
from agent.domain.status import DatabaseStatus, SequenceStatus, assess

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

DENIED = Unreadable(Unreadability.PRIVILEGE)
LOCKED = Unreadable(Unreadability.LOCKED)
ON_STANDBY = Unreadable(Unreadability.UNLOGGED_ON_STANDBY)
VANISHED = Unreadable(Unreadability.VANISHED)
UNUSED = Unused(1)

BIGINT = SequenceDefinition(
    oid=1,
    filenode=1,
    schema="public",
    name="users_id_seq",
    quoted="public.users_id_seq",
    quoted_schema="public",
    data_type="bigint",
    start=1,
    minimum=1,
    maximum=2**63 - 1,
    increment=1,
    cycle=False,
    cache=1,
    unlogged=False,
)
USERS_ID = FedColumn(
    table_schema="public",
    table_name="users",
    column="id",
    type_name="integer",
    base_type="int4",
    base_typmod=-1,
    link=Link.OWNED,
    unique=True,
    quoted_table="public.users",
    quoted_column="id",
    table_oid=2,
    unsupplied=False,
    readable=True,
    locks=2,
)


OUTLOOK = Forecast(
    state=Outlook.OK,
    rate_per_second=0.5,
    p10_seconds=8_000_000.0,
    p50_seconds=9_000_000.0,
    p90_seconds=None,
)
USAGE = Usage(
    consumed=2**60 + 1,
    resets={Reason.RESTART: 2},
    per_second={"1h": 0.25, "1d": 0.5, "7d": None},
    recent_per_second=0.125,
    outlook=OUTLOOK,
)

SCORECARDS = {
    1: Scorecard(n=40, coverage=0.75, median_error=0.125, p90_error=0.5, stretch=1.5),
    28: UNSCORED,
}

HUNDRED = replace(BIGINT, name="hundred", quoted="public.hundred", maximum=100)


def bounded(name: str, *, cycle: bool = False) -> SequenceDefinition:
    """A sequence from 1 to 100 that feeds no column, so that values are percents."""
    return replace(HUNDRED, name=name, quoted=f"public.{name}", cycle=cycle)


def status_of(
    sequence: SequenceDefinition,
    position: Position,
    thresholds: Thresholds | None = None,
    *,
    usage: Usage | None = None,
    before: tuple[Finding, ...] = (),
) -> SequenceStatus:
    return assess(
        Reading(sequence=sequence, position=position),
        thresholds=thresholds or Thresholds(),
        role="agent",
        usage=usage,
        before=before,
    )


def used(
    percents: int, name: str = "hundred", *, cycle: bool = False
) -> SequenceStatus:
    return status_of(bounded(name, cycle=cycle), At(percents))


def unread(position: Unreadable = DENIED, name: str = "hidden") -> SequenceStatus:
    return status_of(bounded(name), position)


def database_of(*sequences: SequenceStatus, datname: str = "app") -> DatabaseStatus:
    return DatabaseStatus(
        server="primary",
        datname=datname,
        sampled_at=NOON,
        duration_seconds=0.1,
        server_version="18.4",
        in_recovery=False,
        sequences=sequences,
    )


def broken(error: str = "connection refused", datname: str = "dark") -> DatabaseStatus:
    return DatabaseStatus(
        server="primary",
        datname=datname,
        sampled_at=NOON,
        duration_seconds=0.1,
        error=error,
    )


def left_out(exclusion: Exclusion = Exclusion.NO_PRIVILEGE) -> DatabaseStatus:
    return replace(broken(datname="closed"), error=None, exclusion=exclusion)
