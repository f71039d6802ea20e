from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from agent.board import Board
from tests.domain.statuses import broken, database_of, used

APP = database_of(used(50), datname="app")
OTHER = database_of(used(10), datname="other")


def test_the_board_is_empty_at_first() -> None:
    assert Board().databases() == {}


def test_publishing_replaces_the_status_of_that_database_and_of_no_other() -> None:
    board = Board()
    newer = replace(APP, excluded=3)

    for status in (APP, OTHER, newer):
        board.publish(status)

    assert board.databases() == {
        ("primary", "app"): newer,
        ("primary", "other"): OTHER,
    }


def test_databases_of_one_name_on_two_servers_are_two() -> None:
    board = Board()
    elsewhere = replace(APP, server="standby")

    board.publish(APP)
    board.publish(elsewhere)

    assert list(board.databases().values()) == [APP, elsewhere]


def test_a_failure_replaces_what_was_read_before() -> None:
    board = Board()
    dark = broken(datname="app")

    board.publish(APP)
    board.publish(dark)

    assert board.databases() == {("primary", "app"): dark}


def test_what_is_forgotten_is_gone() -> None:
    board = Board()
    board.publish(APP)
    board.publish(OTHER)

    board.forget("primary", "app")

    assert board.databases() == {("primary", "other"): OTHER}


def test_forgetting_what_is_not_there_changes_nothing() -> None:
    board = Board()
    board.publish(APP)

    board.forget("primary", "never seen")

    assert board.databases() == {("primary", "app"): APP}


def test_a_reader_keeps_the_instant_it_took() -> None:
    board = Board()
    board.publish(APP)
    seen = board.databases()

    board.publish(OTHER)
    board.forget("primary", "app")

    assert seen == {("primary", "app"): APP}


def test_nothing_is_lost_when_many_threads_publish() -> None:
    board = Board()
    statuses = [replace(APP, datname=f"db{i}") for i in range(500)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(board.publish, statuses))

    assert len(board.databases()) == len(statuses)
