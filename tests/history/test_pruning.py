"""What is older than it is kept goes, and its space with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from agent.domain.consumption.buckets import day_of
from agent.history.store import SqlHistory
from agent.ports import Chapter
from tests.history.conftest import Home
from tests.history.records import MARK, NOW, PREDICTION, RECORD, day_calls, told

RETENTION = timedelta(days=100)


@pytest.fixture
def history(home: Home) -> Iterator[SqlHistory]:
    with closing(SqlHistory(home.url, retention=RETENTION)) as opened:
        yield opened


def ago(days: int) -> datetime:
    return NOW - timedelta(days=days)


def test_days_are_kept_as_long_as_the_retention_says(history: SqlHistory) -> None:
    days = tuple(day_calls(day_of(ago(n)), n) for n in (101, 100, 99, 1))
    chapter = Chapter(records=(replace(RECORD, days=days),))
    history.save("main", "app", chapter, seen_at=NOW)

    history.prune(NOW)

    (record,) = history.load("main", "app").records
    assert [day.calls for day in record.days] == [100, 99, 1]


def test_hours_are_kept_for_eight_weeks_and_their_sum_for_longer(
    history: SqlHistory,
) -> None:
    days = tuple(day_calls(day_of(ago(n)), 1, n) for n in (57, 56))
    chapter = Chapter(records=(replace(RECORD, days=days),))
    history.save("main", "app", chapter, seen_at=NOW)

    history.prune(NOW)

    (record,) = history.load("main", "app").records
    assert [(day.calls, day.hours is None) for day in record.days] == [
        (58, True),
        (57, False),
    ]


def test_nothing_changes_where_nothing_is_old(history: SqlHistory) -> None:
    record = replace(RECORD, days=(day_calls(day_of(NOW), 1, 2),))
    chapter = Chapter(records=(record,), predictions=(PREDICTION,))
    history.save("main", "app", chapter, seen_at=NOW)

    history.prune(NOW)

    assert told(history.load("main", "app")) == told(chapter)


def test_a_sequence_not_seen_for_the_retention_is_forgotten(
    history: SqlHistory, home: Home
) -> None:
    quiet = replace(RECORD, name="quiet", mark=replace(MARK, at=ago(200)))
    gone = replace(quiet, name="gone", current=False, days=(day_calls(day_of(NOW), 1),))
    history.save("main", "app", Chapter(records=(quiet, gone)), seen_at=NOW)

    history.prune(NOW)

    assert [r.name for r in history.load("main", "app").records] == ["quiet"]
    assert home.execute("SELECT count(*) FROM sequence_agent_day") == [(0,)]


def test_a_database_not_seen_for_the_retention_is_forgotten(
    history: SqlHistory, home: Home
) -> None:
    old = replace(
        RECORD, mark=replace(MARK, at=ago(200)), days=(day_calls(day_of(NOW), 1),)
    )
    chapter = Chapter(records=(old,), predictions=(PREDICTION,))
    history.save("main", "former", chapter, seen_at=ago(101))
    history.save("main", "app", chapter, seen_at=ago(99))

    history.prune(NOW)

    assert history.load("main", "former") == Chapter()
    assert len(history.load("main", "app").records) == 1
    assert home.execute("SELECT datname FROM sequence_agent_database") == [("app",)]


@pytest.mark.parametrize(
    ("horizon", "kept"), [(1, [56]), (7, [56, 62]), (28, [56, 62, 251])]
)
def test_predictions_are_kept_as_long_as_their_outcome_counts(
    home: Home, horizon: int, kept: list[int]
) -> None:
    predictions = tuple(
        replace(PREDICTION, made_at=ago(days), horizon=horizon)
        for days in (56, 62, 251, 253)
    )
    with closing(SqlHistory(home.url, retention=RETENTION)) as history:
        chapter = Chapter(records=(RECORD,), predictions=predictions)
        history.save("main", "app", chapter, seen_at=NOW)

        history.prune(NOW)

        found = history.load("main", "app").predictions
    assert sorted((NOW - prediction.made_at).days for prediction in found) == kept


def test_a_file_gets_smaller(tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    days = tuple(day_calls(day_of(ago(n)), *range(24)) for n in range(90))
    records = tuple(replace(RECORD, name=f"s_{n}", days=days) for n in range(20))
    with closing(SqlHistory(f"sqlite:///{file}", retention=RETENTION)) as history:
        history.save("main", "app", Chapter(records=records), seen_at=NOW)
        before = file.stat().st_size

        history.prune(NOW + timedelta(days=500))

        assert history.load("main", "app") == Chapter()
    assert before > 150_000
    assert file.stat().st_size < 60_000
