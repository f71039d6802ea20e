"""Saving writes what changed, once or twice, under whatever name it goes now."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from agent.domain.consumption.records import Record
from agent.domain.sequences import At
from agent.errors import HistoryError
from agent.history.store import SqlHistory
from agent.ports import Chapter
from tests.history.conftest import Home
from tests.history.records import LATER, MARK, NOW, PREDICTION, RECORD, day_calls, told

DAY = 20_515


def sequence(name: str, oid: int, *hours: int, previous: str | None = None) -> Record:
    return replace(
        RECORD,
        name=name,
        mark=replace(MARK, oid=oid),
        days=(day_calls(DAY, *hours),) if hours else (),
        previous=None if previous is None else ("public", previous),
    )


def saved(history: SqlHistory, *records: Record) -> None:
    history.save("main", "app", Chapter(records=records), seen_at=NOW)


def days_by_name(history: SqlHistory) -> dict[str, list[int]]:
    """The calls of each day of each sequence."""
    return {
        record.name: [day.calls for day in record.days]
        for record in history.load("main", "app").records
    }


def test_what_changed_replaces_what_was_and_leaves_the_rest(
    history: SqlHistory,
) -> None:
    first = replace(RECORD, days=(day_calls(DAY, 1), day_calls(DAY + 1, 2)))
    other = replace(RECORD, name="other", days=(day_calls(DAY, 9),))
    saved(history, first, other)
    moved = replace(
        RECORD,
        mark=replace(MARK, at=LATER, position=At(50)),
        consumed=49,
        days=(day_calls(DAY + 1, 2, 8),),
    )

    history.save("main", "app", Chapter(records=(moved,)), seen_at=LATER)

    expected = replace(moved, days=(*first.days[:1], *moved.days))
    other = replace(other, mark=replace(MARK, at=LATER))
    assert told(history.load("main", "app")) == told(Chapter(records=(expected, other)))


def test_writing_the_same_again_changes_nothing(history: SqlHistory) -> None:
    record = replace(RECORD, days=(day_calls(DAY, 1, 2, 3),))
    chapter = Chapter(records=(record,), predictions=(PREDICTION,))

    for _ in range(2):
        history.save("main", "app", chapter, seen_at=NOW)

    assert told(history.load("main", "app")) == told(chapter)


def test_saving_takes_no_numbers_for_what_is_there(
    history: SqlHistory, home: Home
) -> None:
    for _ in range(5):
        saved(history, RECORD)

    saved(history, sequence("new", 2))

    rows = home.execute("SELECT id FROM sequence_agent_series ORDER BY id")
    assert rows == [(1,), (2,)]


def test_a_renamed_sequence_keeps_its_days(history: SqlHistory) -> None:
    saved(history, sequence("a", 1, 10))

    for _ in range(2):
        saved(history, sequence("b", 1, previous="a"))

    assert days_by_name(history) == {"b": [10]}


def test_a_sequence_that_moved_to_another_schema_keeps_its_days(
    history: SqlHistory,
) -> None:
    saved(history, sequence("a", 1, 10))

    saved(history, replace(sequence("a", 1, previous="a"), schema="archive"))

    (record,) = history.load("main", "app").records
    assert (record.schema, record.days[0].calls) == ("archive", 10)


def test_predictions_follow_a_renamed_sequence(history: SqlHistory) -> None:
    chapter = Chapter(records=(RECORD,), predictions=(PREDICTION,))
    history.save("main", "app", chapter, seen_at=NOW)

    saved(history, sequence("b", MARK.oid, previous=RECORD.name))

    assert history.load("main", "app").predictions == (replace(PREDICTION, name="b"),)


def test_names_can_be_swapped_and_the_swap_be_written_twice(
    history: SqlHistory,
) -> None:
    saved(history, sequence("a", 1, 10), sequence("b", 2, 20))

    for _ in range(2):
        saved(history, sequence("a", 2, previous="b"), sequence("b", 1, previous="a"))

    assert days_by_name(history) == {"a": [20], "b": [10]}


def test_a_name_can_be_taken_over_by_a_new_sequence(history: SqlHistory) -> None:
    saved(history, sequence("a", 1, 10))

    for _ in range(2):
        saved(history, sequence("a_old", 1, previous="a"), sequence("a", 2, 7))

    assert days_by_name(history) == {"a": [7], "a_old": [10]}


def test_a_renamed_sequence_replaces_a_dropped_one_of_that_name(
    history: SqlHistory, home: Home
) -> None:
    saved(history, sequence("a", 1, 10), sequence("b", 2, 20, 30), sequence("c", 3, 5))

    for _ in range(2):
        saved(history, sequence("b", 1, previous="a"))

    assert days_by_name(history) == {"b": [10], "c": [5]}
    assert home.execute("SELECT count(*) FROM sequence_agent_day") == [(2,)]


def test_names_can_be_passed_on_in_a_row(history: SqlHistory) -> None:
    saved(history, sequence("a", 1, 10), sequence("b", 2, 20), sequence("c", 3, 30))

    saved(history, sequence("b", 1, previous="a"), sequence("c", 2, previous="b"))

    assert days_by_name(history) == {"b": [10], "c": [20]}


def test_a_renamed_sequence_that_was_never_stored_is_a_new_one(
    history: SqlHistory,
) -> None:
    saved(history, sequence("b", 1, 10, previous="a"))

    assert days_by_name(history) == {"b": [10]}


def test_all_of_a_chapter_is_written_or_nothing(history: SqlHistory) -> None:
    saved(history, sequence("a", 1, 10))
    before = told(history.load("main", "app"))
    too_large = replace(RECORD, mark=replace(MARK, position=At(2**63)))

    with pytest.raises(HistoryError, match=r"cannot write the history at .*"):
        history.save(
            "main",
            "app",
            Chapter(records=(sequence("a", 1, 99), too_large)),
            seen_at=LATER,
        )

    assert told(history.load("main", "app")) == before


def test_several_threads_can_save_different_databases(history: SqlHistory) -> None:
    def work(datname: str) -> Iterator[object]:
        for consumed in range(10):
            records = (replace(RECORD, consumed=consumed),)
            history.save("main", datname, Chapter(records=records), seen_at=NOW)
            yield history.load("main", datname).records[0].consumed

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda name: list(work(name)), "abcdefgh"))

    assert found == [list(range(10))] * 8
