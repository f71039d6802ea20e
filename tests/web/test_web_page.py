from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.board import Board
from agent.domain.status import DatabaseStatus
from agent.web.page import age, render
from tests.domain.statuses import NOON, broken, database_of, left_out, unread, used
from tests.goldens import golden
from tests.metrics.examples import ROUNDS

GOLDEN = Path(__file__).parent / "golden"
LATER = NOON + timedelta(seconds=90)


class Cells(HTMLParser):
    """The rows of the page's table as text, and every tag that stands in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: set[str] = set()
        self._inside = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"}:
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.rows[-1][-1] += data


def page(*statuses: DatabaseStatus) -> str:
    board = Board()
    for status in statuses:
        board.publish(status)
    return render(board.databases(), now=LATER, version="1.2.3")


def rows(*statuses: DatabaseStatus) -> list[list[str]]:
    cells = Cells(page(*statuses)).rows
    return [[" ".join(cell.split()) for cell in row] for row in cells[1:]]


def test_the_page_of_a_small_board_reads_so() -> None:
    text = page(*ROUNDS)

    assert text == golden(GOLDEN / "status.html", text)


def test_a_database_that_is_left_out_says_why() -> None:
    ((_, datname, status, *rest),) = rows(left_out())

    assert (datname, status) == (
        "closed",
        "excluded: the role has no CONNECT privilege",
    )
    assert rest[:4] == ["", "", "", ""]


def test_without_a_round_the_page_says_so_instead_of_an_empty_table() -> None:
    text = page()

    assert "No round yet" in text
    assert "<table" not in text


def test_a_readable_database_shows_its_fullest_sequence() -> None:
    status = replace(
        database_of(used(5, "calm"), used(95, "fullest"), unread()), excluded=3
    )

    assert rows(status) == [
        [
            "primary",
            "app",
            "up",
            "18.4",
            "primary",
            "2 ok, 1 unreadable, 3 excluded",
            "95.0% public.fullest",
            "90 s ago",
        ]
    ]


def test_a_database_that_cannot_be_read_shows_why() -> None:
    assert rows(broken("connection refused")) == [
        ["primary", "dark", "connection refused", "", "", "", "", "90 s ago"]
    ]


def test_a_standby_says_so() -> None:
    [row] = rows(replace(database_of(), in_recovery=True))

    assert row[4] == "standby"


def test_a_database_without_sequences_has_none_and_no_bar() -> None:
    [row] = rows(database_of())

    assert row[5:7] == ["none", ""]


def test_databases_are_sorted_by_server_and_name() -> None:
    statuses = [
        replace(database_of(datname=name), server=server)
        for server, name in [("b", "x"), ("a", "z"), ("a", "y")]
    ]

    assert [row[:2] for row in rows(*statuses)] == [["a", "y"], ["a", "z"], ["b", "x"]]


@pytest.mark.parametrize(
    ("percents", "width", "tone"),
    [(5, "5.0%", "calm"), (80, "80.0%", "warning"), (95, "95.0%", "critical")],
)
def test_the_bar_is_as_wide_as_full_and_coloured_by_the_finding(
    percents: int, width: str, tone: str
) -> None:
    text = page(database_of(used(percents)))

    assert f'<span class="{tone}" style="width: {width}"></span>' in text


def test_a_bar_past_the_limit_is_full_and_no_wider() -> None:
    assert 'style="width: 100.0%"' in page(*ROUNDS)


@settings(deadline=None)
@given(name=st.text(st.characters(exclude_characters="\0"), min_size=1))
def test_no_name_can_add_markup_or_break_out_of_its_cell(name: str) -> None:
    hostile = replace(
        database_of(used(95, name), datname=name), server=name, server_version=name
    )
    ordinary = page(database_of(used(95)), replace(broken(), datname="zz"))

    text = page(hostile, replace(broken(name), datname="\U0010ffff"))

    cells, expected = Cells(text), Cells(ordinary)
    assert cells.tags == expected.tags
    assert [len(row) for row in cells.rows] == [len(row) for row in expected.rows]


def test_markup_in_names_is_shown_as_text() -> None:
    name = "<script>alert('x')</script>\"&amp;"

    [row] = rows(database_of(used(5), datname=name))

    assert row[1] == name


def test_characters_that_would_reorder_the_page_are_spelled_out() -> None:
    [row] = rows(broken("\u202eesrever", datname="gone\x1b[2J"))

    assert row[1:3] == ["gone\\x1b[2J", "\\u202eesrever"]


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    text = page(*ROUNDS)

    assert not re.search(r"<(script|link|img|iframe|object)|url\(|@import|//", text)
    assert " on" not in "".join(re.findall(r"<[a-z][^>]*>", text))


@pytest.mark.parametrize(
    ("elapsed", "said"),
    [
        (timedelta(seconds=-3), "0 s ago"),
        (timedelta(0), "0 s ago"),
        (timedelta(seconds=119.9), "119 s ago"),
        (timedelta(minutes=2), "2 min ago"),
        (timedelta(minutes=119), "119 min ago"),
        (timedelta(hours=2), "2 h ago"),
        (timedelta(days=2), "2 d ago"),
    ],
)
def test_an_age_is_told_in_the_largest_unit_that_fits(
    elapsed: timedelta, said: str
) -> None:
    assert age(elapsed) == said
