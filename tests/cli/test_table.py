"""The table and the report below it, as text."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment, Segments

from agent.cli.paper import Paper
from agent.cli.report import report
from agent.cli.table import rows_by_urgency, table
from agent.domain.databases import Exclusion
from agent.domain.document import document
from agent.domain.pace import Thresholds
from agent.domain.sequences import At, Reading
from agent.domain.status import DatabaseStatus, assess
from agent.domain.taken import Taken
from tests.domain.statuses import (
    BIGINT,
    LOCKED,
    NOON,
    ON_STANDBY,
    UNUSED,
    USERS_ID,
    VANISHED,
    bounded,
    database_of,
    left_out,
    status_of,
    unread,
    used,
)
from tests.goldens import golden

GOLDEN = Path(__file__).parent / "golden"
PIPE = Paper(width=None, encoding="utf-8")

SMALLINT = replace(
    BIGINT,
    name="audit_id_seq",
    quoted="public.audit_id_seq",
    data_type="smallint",
    maximum=32767,
)
USERS = replace(BIGINT, columns=(USERS_ID,))
APP = database_of(
    status_of(BIGINT, UNUSED),
    used(12, "a_twelfth"),
    used(80, "filling"),
    used(99, "wheel", cycle=True),
    status_of(replace(USERS, name="accounts_id_seq"), At(2040109465)),
    status_of(SMALLINT, At(32767)),
    status_of(replace(bounded("ring", cycle=True), columns=(USERS_ID,)), At(3)),
    unread(),
    unread(name="hidden_too"),
    unread(LOCKED, "busy"),
    unread(VANISHED, "gone"),
)
HOSTILE = database_of(
    *(
        status_of(replace(BIGINT, schema="s", name=name, columns=()), At(1))
        for name in (
            "plain",
            "\x1b[2J\x1b[31mred\x1b]0;title\x07",
            "two\nlines\r\n",
            "\u202egnp.exe\u2066",
            "[red]markup[/red] :smile:",
            "注文_シーケンス",
            "👩\u200d🚀🚀",
            "e\u0301te\u0301",
            "tab\there",
            "\x9b31m",
        )
    )
)


def rendered(
    databases: Sequence[DatabaseStatus], paper: Paper = PIPE, *, verbose: bool = False
) -> list[Segment]:
    rows = rows_by_urgency(databases)
    below = report(databases, rows, paper, verbose=verbose)
    return [*table(rows, paper), Segment("\n"), *below]


def plain(segments: Sequence[Segment]) -> str:
    return "".join(segment.text for segment in segments)


def coloured(segments: Sequence[Segment], *, no_color: bool = False) -> str:
    """What a terminal gets, its escapes made visible."""
    screen = Console(
        file=io.StringIO(),
        force_terminal=True,
        color_system="standard",
        no_color=no_color,
        width=80,
    )
    with screen.capture() as capture:
        screen.print(Segments(segments), soft_wrap=True, end="")
    return capture.get().replace("\x1b", "␛")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("table_pipe", plain(rendered([APP]))),
        ("table_verbose", plain(rendered([APP], verbose=True))),
        ("table_hostile", plain(rendered([HOSTILE]))),
        (
            "table_databases",
            plain(rendered([database_of(used(3)), replace(APP, datname="shop")])),
        ),
        ("table_ascii", plain(rendered([APP], Paper(width=None, encoding="ascii")))),
        ("table_80", plain(rendered([APP], Paper(width=80, encoding="utf-8")))),
        ("table_40", plain(rendered([APP], Paper(width=40, encoding="utf-8")))),
        ("table_colours", coloured(rendered([APP]))),
        ("table_no_color", coloured(rendered([APP]), no_color=True)),
    ],
)
def test_the_table_is_as_it_was_agreed(name: str, text: str) -> None:
    assert text == golden(GOLDEN / f"{name}.txt", text)


def lines_of(databases: Sequence[DatabaseStatus], paper: Paper = PIPE) -> list[str]:
    return plain([*table(rows_by_urgency(databases), paper)]).splitlines()


def names_of(databases: Sequence[DatabaseStatus]) -> list[str]:
    return [row.status.sequence.name for row in rows_by_urgency(databases)]


def test_the_most_urgent_comes_first() -> None:
    database = database_of(
        unread(VANISHED, "gone"),
        used(3, "b"),
        used(3, "a"),
        used(99, "full"),
        unread(),
        used(100, "exhausted"),
    )

    assert names_of([database]) == ["exhausted", "full", "hidden", "a", "b", "gone"]


def test_what_is_critical_comes_before_what_is_merely_full() -> None:
    behind = assess(
        Reading(sequence=replace(USERS, name="behind"), position=At(1)),
        thresholds=Thresholds(),
        role="agent",
        sights=(Taken(nearest=2, furthest=9),),
    )
    database = database_of(used(80, "filling"), behind, used(70, "ok"))

    assert names_of([database]) == ["behind", "filling", "ok"]
    [entry] = document([database], NOON)["databases"]
    names = [sequence["sequencename"] for sequence in entry["sequences"]]
    assert names == ["behind", "filling", "ok"]


@pytest.mark.parametrize("width", [None, 120, 80])
def test_no_name_breaks_the_table_or_reaches_the_terminal(width: int | None) -> None:
    header, *lines = lines_of([HOSTILE], Paper(width=width, encoding="utf-8"))

    assert len(lines) == len(HOSTILE.sequences)
    assert all(line.isprintable() for line in lines)
    column = header.index("state")
    # Each state begins in the same cell, however wide the name before it is.
    assert {cell_len(line.removesuffix("ok")) for line in lines} == {column}


def test_markup_in_names_is_shown_as_it_is() -> None:
    [line] = [line for line in lines_of([HOSTILE]) if "markup" in line]

    assert line.startswith("s.[red]markup[/red] :smile:  ")


@pytest.mark.parametrize("width", [60, 72, 80, 100, 120, 160])
def test_a_terminal_is_never_too_narrow_for_the_table(width: int) -> None:
    long = "tenant_0001_of_a_very_long_name_that_says_it_all_order_lines_id"
    wide = database_of(used(80, long), used(50, "注" * 20), used(3, "short"))

    lines = lines_of(
        [wide, replace(APP, datname="b")], Paper(width=width, encoding="utf-8")
    )

    assert max(map(cell_len, lines)) <= width
    assert lines[0].endswith("calls left  state")


def test_a_pipe_gets_names_and_limits_in_full() -> None:
    long = "tenant_0001_of_a_very_long_name_that_says_it_all_order_lines_id"

    lines = lines_of([database_of(used(80, long))])

    assert f"public.{long}" in lines[1]
    assert "sequence MAXVALUE 100" in lines[1]


def test_no_line_ends_in_blanks() -> None:
    text = plain(rendered([APP, HOSTILE], verbose=True))

    assert [line for line in text.splitlines() if line != line.rstrip()] == []


def test_many_unreadable_ones_are_one_note() -> None:
    hidden = [unread(name=f"hidden_{number:03}") for number in range(500)]
    database = database_of(*hidden)

    below = plain(
        [*report([database], rows_by_urgency([database]), PIPE, verbose=False)]
    )

    assert below.endswith(
        "\n\n"
        "warning   public.hidden_000, public.hidden_001, public.hidden_002 and 497 more:"
        " its value may not be read by this role\n"
        "          sequence-agent grants --role <role> | psql -d <database>\n"
    )


def test_a_standby_is_called_one() -> None:
    standby = replace(database_of(unread(ON_STANDBY)), in_recovery=True, excluded=2)

    below = plain([*report([standby], [], PIPE, verbose=False)])

    assert below.splitlines()[0] == (
        "1 sequence in app on primary (PostgreSQL 18.4, a standby):"
        " 1 unlogged on standby, 2 excluded"
    )


def test_an_empty_database_says_so() -> None:
    below = plain([*report([database_of()], [], PIPE, verbose=False)])

    assert below == "0 sequences in app on primary (PostgreSQL 18.4)\n"


def test_what_was_not_looked_at_is_listed_by_reason() -> None:
    closed = [
        replace(left_out(Exclusion.TEMPLATE), datname=f"template{n}") for n in range(5)
    ]

    below = plain([*report([database_of(), *closed], [], PIPE, verbose=False)])

    assert below.splitlines()[1:] == [
        "not looked at: template0, template1, template2 and 2 more: it is a template"
    ]
