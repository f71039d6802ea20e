"""Ninety days of many sequences stay small, and are there again in a moment."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

from agent.domain.consumption.buckets import DAYS_KEPT_FOR, day_of
from agent.history.store import SqlHistory
from tests.history.benchmark import DAYS, begin, megabytes, pass_day, seconds
from tests.history.records import NOW

# A tenth of the benchmark, and what a busy machine may make of it.
SEQUENCES = 2_000
ACTIVE = 200
MEGABYTES = 30
LOAD_SECONDS = 3
SAVE_SECONDS = 5


def test_a_tenth_of_the_benchmark_is_small_and_quick(tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    with closing(SqlHistory(f"sqlite:///{file}", retention=DAYS_KEPT_FOR)) as history:
        begin(history, SEQUENCES)
        for day in range(DAYS):
            pass_day(history, day, ACTIVE)
        history.prune(NOW)

        assert megabytes(file) < MEGABYTES
        assert seconds(lambda: history.load("main", "app")) < LOAD_SECONDS
        (busiest, *_), kept = busiest_and_days(history)
    hourly_from = day_of(NOW - timedelta(weeks=8))
    assert busiest == DAYS
    assert all((day < hourly_from) == downsampled for day, downsampled in kept)


def busiest_and_days(
    history: SqlHistory,
) -> tuple[list[int], list[tuple[int, bool]]]:
    """How many days sequences have, most first; and which days have no hours."""
    records = history.load("main", "app").records
    counts = sorted((len(record.days) for record in records), reverse=True)
    days = [(day.day, day.hours is None) for record in records for day in record.days]
    return counts, days


def test_two_thousand_changed_series_are_saved_in_a_moment(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/history.db"
    with closing(SqlHistory(url, retention=DAYS_KEPT_FOR)) as history:
        begin(history)

        assert seconds(lambda: pass_day(history, 0)) < SAVE_SECONDS
