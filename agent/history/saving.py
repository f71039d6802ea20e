"""What changed in a round, written in bulk; all values are absolute.

Rows are looked up, then updated, and not upserted by name: PostgreSQL takes a number
even for a row that it then does not insert, and would use up the sequence of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from agent.domain.consumption.records import Record
from agent.domain.forecasting.scoring import Prediction
from agent.history import tables
from agent.history.bulk import (
    Cells,
    delete_rows,
    insert_rows,
    update_rows,
    upsert_rows,
)
from agent.history.pruning import lost_days
from agent.history.renaming import Name, Stored, renaming
from agent.history.rows import day_cells, prediction_cells, series_cells
from agent.ports import Chapter


def save(
    connection: Connection,
    server: str,
    datname: str,
    chapter: Chapter,
    *,
    seen_at: datetime,
) -> None:
    """Write it in the transaction that has begun."""
    # First of all, for it locks out another agent that saves the same database.
    database_id = _seen(connection, server, datname, seen_at)
    if not chapter.records and not chapter.predictions:
        return
    stored = _stored(connection, database_id)
    if _rename(connection, database_id, chapter.records, stored):
        stored = _stored(connection, database_id)
    if _write_series(connection, database_id, chapter.records, stored):
        stored = _stored(connection, database_id)
    upsert_rows(connection, tables.day, _days(database_id, chapter.records, stored))
    upsert_rows(
        connection, tables.prediction, _predictions(chapter.predictions, stored)
    )


def _seen(connection: Connection, server: str, datname: str, seen_at: datetime) -> int:
    """The number of the database's row, which is there afterwards."""
    database = tables.database
    this = (database.c.server == server) & (database.c.datname == datname)
    told = connection.execute(update(database).where(this).values(seen_at=seen_at))
    if not told.rowcount:
        connection.execute(
            insert(database).values(server=server, datname=datname, seen_at=seen_at)
        )
    number: int = connection.execute(select(database.c.id).where(this)).scalar_one()
    return number


def _stored(connection: Connection, database_id: int) -> Mapping[Name, Stored]:
    series = tables.series.c
    rows = connection.execute(
        select(series.schemaname, series.sequencename, series.id, series.oid).where(
            series.database_id == database_id
        )
    ).all()
    return {(schema, name): Stored(number, oid) for schema, name, number, oid in rows}


def _rename(
    connection: Connection,
    database_id: int,
    records: Sequence[Record],
    stored: Mapping[Name, Stored],
) -> bool:
    """Say whether there was anything to rename."""
    plan = renaming(records, stored)
    if plan.replaced:
        day = tables.day
        delete_rows(connection, tables.series, sorted(plan.replaced))
        connection.execute(
            delete(day).where(day.c.database_id == database_id, lost_days())
        )
    # By way of names that no sequence can have, for two may have swapped theirs.
    for names in ({number: ("", str(number)) for number in plan.names}, plan.names):
        rows: list[tuple[int, Cells]] = [
            (number, {"schemaname": schema, "sequencename": name})
            for number, (schema, name) in names.items()
        ]
        update_rows(connection, tables.series, rows)
    return bool(plan.names)


def _write_series(
    connection: Connection,
    database_id: int,
    records: Sequence[Record],
    stored: Mapping[Name, Stored],
) -> bool:
    """Say whether there were new ones."""
    known: list[tuple[int, Cells]] = []
    new: list[Cells] = []
    for record in records:
        found = stored.get((record.schema, record.name))
        if found is None:
            new.append({"database_id": database_id, **series_cells(record)})
        else:
            known.append((found.id, series_cells(record)))
    update_rows(connection, tables.series, known)
    insert_rows(connection, tables.series, new)
    return bool(new)


def _days(
    database_id: int, records: Sequence[Record], stored: Mapping[Name, Stored]
) -> list[Cells]:
    return [
        {
            "database_id": database_id,
            "series_id": stored[record.schema, record.name].id,
            **day_cells(calls),
        }
        for record in records
        for calls in record.days
    ]


def _predictions(
    predictions: Sequence[Prediction], stored: Mapping[Name, Stored]
) -> list[Cells]:
    """Without those of series that are not stored, which nobody could hold up to them."""
    return [
        {
            "series_id": stored[prediction.schema, prediction.name].id,
            **prediction_cells(prediction),
        }
        for prediction in predictions
        if (prediction.schema, prediction.name) in stored
    ]
