"""What is stored of a database, read in few statements and parsed in one go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from agent.domain.consumption.buckets import DayCalls
from agent.domain.forecasting.scoring import Prediction
from agent.history import tables
from agent.history.hours import hours_of
from agent.history.rows import prediction_of, record_of
from agent.ports import Chapter


def load(connection: Connection, server: str, datname: str) -> Chapter:
    """An empty chapter if nothing is stored of it."""
    database = tables.database.c
    known = connection.execute(
        select(database.id, database.seen_at).where(
            database.server == server, database.datname == datname
        )
    ).one_or_none()
    if known is None:
        return Chapter()
    days = _days(connection, known.id)
    rows = connection.execute(
        select(tables.series)
        .where(tables.series.c.database_id == known.id)
        .order_by(tables.series.c.schemaname, tables.series.c.sequencename)
    ).mappings()
    records = [
        record_of(row, days.get(row["id"], ()), known.seen_at) for row in rows.all()
    ]
    return Chapter(
        records=tuple(records), predictions=_predictions(connection, known.id)
    )


def _days(connection: Connection, database_id: int) -> Mapping[int, Sequence[DayCalls]]:
    """By the number of their series, the oldest first."""
    day = tables.day.c
    rows = connection.execute(
        select(day.series_id, day.day, day.calls, day.hours)
        .where(day.database_id == database_id)
        .order_by(day.day)
    ).all()
    parsed = iter(hours_of([text for *_, text in rows if text is not None]))
    found: defaultdict[int, list[DayCalls]] = defaultdict(list)
    for series_id, number, calls, text in rows:
        hours = None if text is None else next(parsed)
        found[series_id].append(DayCalls(day=number, calls=calls, hours=hours))
    return found


def _predictions(connection: Connection, database_id: int) -> tuple[Prediction, ...]:
    series, prediction = tables.series.c, tables.prediction.c
    rows = connection.execute(
        select(series.schemaname, series.sequencename, tables.prediction)
        .join_from(tables.prediction, tables.series)
        .where(series.database_id == database_id)
        .order_by(
            series.schemaname,
            series.sequencename,
            prediction.made_at,
            prediction.horizon,
        )
    ).mappings()
    return tuple(prediction_of(row) for row in rows.all())
