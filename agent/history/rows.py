"""A record as a row of its table, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from agent.domain.consumption.buckets import DayCalls
from agent.domain.consumption.records import Record
from agent.domain.consumption.steps import Mark, Reason, Terms
from agent.domain.forecasting.scoring import Prediction
from agent.domain.sequences import At, FedColumn, Link, Supply, Unused
from agent.history.bulk import Cells
from agent.history.hours import text_of


def series_cells(record: Record) -> Cells:
    """All but the numbers of its rows, and its days."""
    mark, terms = record.mark, record.mark.terms
    is_called, last_value = _cells_of(mark.position)
    return {
        "schemaname": record.schema,
        "sequencename": record.name,
        "since": record.since,
        "marked_at": mark.at,
        "oid": mark.oid,
        "filenode": mark.filenode,
        "data_type": terms.data_type,
        "start": terms.start,
        "minimum": terms.minimum,
        "maximum": terms.maximum,
        "increment": terms.increment,
        "cycle": terms.cycle,
        "cache": terms.cache,
        "unlogged": terms.unlogged,
        "last_value": last_value,
        "is_called": is_called,
        "line": mark.line,
        "current": record.current,
        "consumed": record.consumed,
        "fastest": record.fastest,
        "resets": {reason.value: times for reason, times in record.resets.items()},
        "columns": [asdict(column) for column in record.columns],
    }


def _cells_of(position: Unused | At) -> tuple[bool, int]:
    if isinstance(position, Unused):
        return False, position.next_value
    return True, position.last_value


def day_cells(calls: DayCalls) -> Cells:
    hours = None if calls.hours is None else text_of(calls.hours)
    return {"day": calls.day, "calls": calls.calls, "hours": hours}


def prediction_cells(prediction: Prediction) -> Cells:
    return {
        "made_at": prediction.made_at,
        "horizon": prediction.horizon,
        "consumed": prediction.consumed,
        "p10": prediction.p10,
        "p50": prediction.p50,
        "p90": prediction.p90,
        "actual": prediction.actual,
    }


def record_of(row: RowMapping, days: Sequence[DayCalls], seen_at: datetime) -> Record:
    """`seen_at` is when the database was last looked at."""
    return Record(
        schema=row["schemaname"],
        name=row["sequencename"],
        since=row["since"],
        mark=_mark(row, seen_at),
        current=row["current"],
        consumed=row["consumed"],
        fastest=row["fastest"],
        resets={Reason(reason): times for reason, times in row["resets"].items()},
        days=tuple(days),
        columns=tuple(_column(each) for each in row["columns"] or ()),
    )


def _column(stored: Mapping[str, Any]) -> FedColumn:
    """Versions before stored less of a column."""
    supply = Supply(stored.get("supply", Supply.PLAIN))
    return FedColumn(**{**stored, "link": Link(stored["link"]), "supply": supply})


def _mark(row: RowMapping, seen_at: datetime) -> Mark:
    at, value = row["marked_at"], row["last_value"]
    return Mark(
        at=max(at, seen_at) if row["current"] else at,
        oid=row["oid"],
        filenode=row["filenode"],
        terms=Terms(
            data_type=row["data_type"],
            start=row["start"],
            minimum=row["minimum"],
            maximum=row["maximum"],
            increment=row["increment"],
            cycle=row["cycle"],
            cache=row["cache"],
            unlogged=row["unlogged"],
        ),
        position=At(value) if row["is_called"] else Unused(value),
        line=row["line"],
    )


def prediction_of(row: RowMapping) -> Prediction:
    return Prediction(
        schema=row["schemaname"],
        name=row["sequencename"],
        made_at=row["made_at"],
        horizon=row["horizon"],
        consumed=row["consumed"],
        p10=row["p10"],
        p50=row["p50"],
        p90=row["p90"],
        actual=row["actual"],
    )
