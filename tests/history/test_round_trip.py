"""What comes back is what was stored, to the last call and microsecond."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import count

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.domain.consumption.buckets import DayCalls
from agent.domain.consumption.records import Record
from agent.domain.consumption.steps import Mark, Reason, Terms
from agent.domain.forecasting.scoring import Prediction
from agent.domain.sequences import At, Unused
from agent.history.hours import hours_of, text_of
from agent.history.store import SqlHistory
from agent.ports import Chapter
from tests.history.records import LATER, MARK, NOW, PREDICTION, RECORD, day_calls, told

_COUNTS = st.integers(-(2**63), 2**63 - 1)
_OIDS = st.integers(1, 2**32 - 1)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
_TIMES = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
_RATES = st.floats(0, allow_nan=False, allow_infinity=False)
_HUGE = st.integers(0, 2**80)

_TERMS = st.builds(
    Terms,
    data_type=_TEXTS,
    start=_COUNTS,
    minimum=_COUNTS,
    maximum=_COUNTS,
    increment=_COUNTS,
    cycle=st.booleans(),
    cache=_COUNTS,
    unlogged=st.booleans(),
)
_MARKS = st.builds(
    Mark,
    at=_TIMES,
    oid=_OIDS,
    filenode=_OIDS,
    terms=_TERMS,
    position=st.builds(At, _COUNTS) | st.builds(Unused, _COUNTS),
    line=_TEXTS,
)
_HOURS = st.lists(_COUNTS, min_size=24, max_size=24).map(
    lambda counts: np.array(counts, np.int64)
)
_DAYS = st.lists(
    st.builds(
        DayCalls,
        day=st.integers(-(2**31), 2**31 - 1),
        calls=_COUNTS,
        hours=st.none() | _HOURS,
    ),
    max_size=3,
    unique_by=lambda day: day.day,
)
_RECORDS = st.builds(
    Record,
    schema=_TEXTS,
    name=_TEXTS,
    since=_TIMES,
    mark=_MARKS,
    current=st.booleans(),
    consumed=_HUGE,
    fastest=_RATES,
    resets=st.dictionaries(st.sampled_from(Reason), st.integers(0, 2**40)),
    days=_DAYS.map(lambda days: tuple(sorted(days, key=lambda day: day.day))),
)
_PREDICTIONS = st.builds(
    Prediction,
    schema=st.just(""),
    name=st.just(""),
    made_at=_TIMES,
    horizon=st.integers(0, 400),
    consumed=_HUGE,
    p10=_RATES,
    p50=_RATES,
    p90=_RATES,
    actual=st.none() | _HUGE,
)

_databases = count()


@given(record=_RECORDS, prediction=_PREDICTIONS)
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_anything_comes_back_as_it_was(
    history: SqlHistory, record: Record, prediction: Prediction
) -> None:
    datname = str(next(_databases))
    prediction = replace(prediction, schema=record.schema, name=record.name)
    chapter = Chapter(records=(record,), predictions=(prediction,))

    history.save("main", datname, chapter, seen_at=record.mark.at)

    assert told(history.load("main", datname)) == told(chapter)


@given(st.lists(_HOURS))
def test_all_hours_are_parsed_at_once(
    days: list[np.ndarray[tuple[int], np.dtype[np.int64]]],
) -> None:
    parsed = hours_of([text_of(hours) for hours in days])

    assert parsed.shape == (len(days), 24)
    assert parsed.dtype == np.int64
    assert parsed.tolist() == [hours.tolist() for hours in days]


def test_nothing_is_known_of_a_database_that_was_never_saved(
    history: SqlHistory,
) -> None:
    assert history.load("main", "app") == Chapter()


def test_databases_are_told_apart_by_server_and_name(history: SqlHistory) -> None:
    history.save("main", "app", Chapter(records=(RECORD,)), seen_at=NOW)

    assert history.load("main", "other") == Chapter()
    assert history.load("other", "app") == Chapter()


def test_times_come_back_in_utc_wherever_they_came_from(history: SqlHistory) -> None:
    india = timezone(timedelta(hours=5, minutes=30))
    record = replace(RECORD, since=RECORD.since.astimezone(india))

    history.save("main", "app", Chapter(records=(record,)), seen_at=NOW)

    (stored,) = history.load("main", "app").records
    assert stored.since == RECORD.since
    assert (stored.since.tzinfo, stored.mark.at.tzinfo) == (UTC, UTC)


def test_hours_that_come_back_can_be_counted_on(history: SqlHistory) -> None:
    record = replace(RECORD, days=(day_calls(20_515, 1, 2),))
    history.save("main", "app", Chapter(records=(record,)), seen_at=NOW)

    (day,) = history.load("main", "app").records[0].days

    assert day.hours is not None
    day.hours[0] += 5
    assert day.hours.sum() == 8


def test_a_current_record_is_marked_at_its_databases_last_round(
    history: SqlHistory,
) -> None:
    missed = replace(RECORD, name="missed", current=False)
    history.save("main", "app", Chapter(records=(RECORD, missed)), seen_at=NOW)

    history.save("main", "app", Chapter(), seen_at=LATER)

    of_missed, of_current = history.load("main", "app").records
    assert of_current == replace(
        RECORD, name="orders_id_seq", mark=replace(MARK, at=LATER)
    )
    assert of_missed.mark.at == NOW


def test_a_clock_that_stepped_back_does_not_mark_a_record_before_its_reading(
    history: SqlHistory,
) -> None:
    history.save("main", "app", Chapter(records=(RECORD,)), seen_at=NOW)

    history.save("main", "app", Chapter(), seen_at=NOW - timedelta(hours=1))

    (stored,) = history.load("main", "app").records
    assert stored.mark.at == NOW


def test_a_prediction_is_known_by_its_sequence_time_and_horizon(
    history: SqlHistory,
) -> None:
    others = (
        PREDICTION,
        replace(PREDICTION, horizon=14),
        replace(PREDICTION, made_at=LATER),
    )
    chapter = Chapter(records=(RECORD,), predictions=others)
    history.save("main", "app", chapter, seen_at=NOW)
    scored = replace(PREDICTION, actual=2**70)

    history.save("main", "app", Chapter(predictions=(scored,)), seen_at=NOW)

    assert history.load("main", "app").predictions == (scored, *others[1:])


def test_a_prediction_of_what_is_not_stored_is_left_out(history: SqlHistory) -> None:
    history.save("main", "app", Chapter(predictions=(PREDICTION,)), seen_at=NOW)

    assert history.load("main", "app") == Chapter()
