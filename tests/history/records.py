"""Records for tests of the history: one good one, and how to vary it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from agent.domain.consumption.buckets import DayCalls
from agent.domain.consumption.records import Record
from agent.domain.consumption.steps import Mark, Reason, Terms
from agent.domain.forecasting.scoring import Prediction
from agent.domain.sequences import At
from agent.ports import Chapter
from tests.domain.statuses import USERS_ID

NOW = datetime(2026, 3, 4, 12, 30, 15, 123456, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)

TERMS = Terms(
    data_type="bigint",
    start=1,
    minimum=1,
    maximum=2**63 - 1,
    increment=1,
    cycle=False,
    cache=1,
    unlogged=False,
)
MARK = Mark(
    at=NOW,
    oid=16_384,
    filenode=16_384,
    terms=TERMS,
    position=At(42),
    line="7301234567890123456/1/primary",
)
RECORD = Record(
    schema="public",
    name="orders_id_seq",
    since=NOW - timedelta(days=3),
    mark=MARK,
    current=True,
    consumed=41,
    fastest=0.25,
    resets={Reason.RESTART: 1},
    columns=(USERS_ID,),
)
PREDICTION = Prediction(
    schema=RECORD.schema,
    name=RECORD.name,
    made_at=NOW,
    horizon=7,
    consumed=41,
    p10=10.5,
    p50=20.0,
    p90=41.25,
)


def day_calls(day: int, *hours: int) -> DayCalls:
    """A day on which its first hours had these calls, and the others none."""
    counts = np.zeros(24, np.int64)
    counts[: len(hours)] = hours
    return DayCalls(day=day, calls=sum(hours), hours=counts)


def told(chapter: Chapter) -> object:
    """A chapter that can be compared: days know no equality, for arrays have none."""
    records = [
        (
            replace(record, days=()),
            [
                (day.day, day.calls, None if day.hours is None else day.hours.tolist())
                for day in record.days
            ],
        )
        for record in chapter.records
    ]
    return records, list(chapter.predictions)
