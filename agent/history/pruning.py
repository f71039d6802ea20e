"""What is older than it is kept, and how its space is given back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    delete,
    exists,
    not_,
    or_,
    select,
    update,
)

from agent.domain.consumption.buckets import HOURS_KEPT_FOR, day_of
from agent.domain.forecasting.scoring import HORIZONS, memory
from agent.history import tables
from agent.history.connect import give_back_space, reading, writing
from agent.history.schema import check

_Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Old:
    """What there is no use for any more, as conditions on the tables."""

    days: _Condition
    hours: _Condition
    predictions: _Condition
    series: _Condition
    databases: _Condition


def prune(engine: Engine, now: datetime, retention: timedelta) -> None:
    """Mostly there is nothing to do, and then nothing is locked."""
    old = _old(now, retention)
    with reading(engine) as connection:
        check(connection)
        if not _any(connection, old):
            return
    with writing(engine) as connection:
        _forget(connection, old)
    if engine.dialect.name == "sqlite":  # PostgreSQL sees to it by itself
        give_back_space(str(engine.url.database))


def lost_days() -> _Condition:
    """Days whose series is not there any more."""
    return tables.day.c.series_id.not_in(select(tables.series.c.id))


def _old(now: datetime, retention: timedelta) -> _Old:
    day, series, database = tables.day.c, tables.series.c, tables.database.c
    limit = now - retention
    seen = select(database.id).where(database.seen_at >= limit)
    return _Old(
        days=day.day < day_of(limit),
        hours=(day.day < day_of(now - HOURS_KEPT_FOR)) & day.hours.is_not(None),
        predictions=or_(*(_scored_out(horizon, now) for horizon in HORIZONS)),
        series=(series.marked_at < limit)
        & or_(not_(series.current), series.database_id.not_in(seen)),
        databases=(database.seen_at < limit)
        & database.id.not_in(select(series.database_id)),
    )


def _scored_out(horizon: int, now: datetime) -> _Condition:
    """Predictions for so many days whose outcome does not count any more."""
    prediction = tables.prediction.c
    kept_for = memory(horizon) + timedelta(days=horizon)
    return (prediction.horizon == horizon) & (prediction.made_at < now - kept_for)


def _any(connection: Connection, old: _Old) -> bool:
    # One look at all days takes less than keeping an index on them at every round.
    conditions = (or_(old.days, old.hours), old.predictions, old.series, old.databases)
    return any(
        connection.execute(select(exists().where(condition))).scalar_one()
        for condition in conditions
    )


def _forget(connection: Connection, old: _Old) -> None:
    day = tables.day
    connection.execute(delete(day).where(old.days))
    connection.execute(update(day).where(old.hours).values(hours=None))
    connection.execute(delete(tables.prediction).where(old.predictions))
    if connection.execute(delete(tables.series).where(old.series)).rowcount:
        connection.execute(delete(day).where(lost_days()))
    connection.execute(delete(tables.database).where(old.databases))
