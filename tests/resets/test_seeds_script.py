"""What of a seed is handed to a server, and what is left out; no server is needed."""

from __future__ import annotations

import json
from collections.abc import Collection

import pytest

from agent.domain.resets.seeds import CopyFromStdin, Seed, SeedError
from agent.domain.resets.seeds_script import Batch, Script, script

DUMP = "--\n-- Dumped by pg_dump version 18.1\n--\n\n"
KNOWN = ("row_security", "work_mem", "client_encoding")


def script_of(text: str, *, known: Collection[str] = KNOWN) -> Script:
    seed = Seed(name="a.sql", content=text.encode())
    return script(seed, conforming=True, known_settings=known)


def handed_over(text: str) -> list[list[str] | str]:
    """Statements by the batch, and the rows of a COPY."""
    return [
        json.loads(step.statements) if isinstance(step, Batch) else step.data
        for step in script_of(text).steps
    ]


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("", []),
        ("; -- nothing", []),
        ("SELECT 1; SELECT 2;", [["SELECT 1;", "SELECT 2;"]]),
        ("SELECT 'ä€'", [["SELECT 'ä€'"]]),
        (
            "SELECT 1; COPY t FROM stdin;\n1\n2\n\\.\nSELECT 2;",
            [["SELECT 1;"], "1\n2\n", ["SELECT 2;"]],
        ),
        ("COPY t FROM stdin;\n1\n\\.\nCOPY u FROM stdin;\n\\.\n", ["1\n", ""]),
    ],
)
def test_everything_is_handed_over_in_its_order(
    text: str, steps: list[list[str] | str]
) -> None:
    assert handed_over(text) == steps


def test_each_statement_has_the_line_where_it_begins() -> None:
    [first, copied, last] = script_of(
        "SELECT 1;\n\nSELECT\n2;\nCOPY t FROM stdin;\n1\n\\.\n\nSELECT 3;"
    ).steps

    assert isinstance(first, Batch)
    assert list(first.lines) == [1, 3]
    assert isinstance(copied, CopyFromStdin)
    assert copied.line == 5
    assert isinstance(last, Batch)
    assert list(last.lines) == [9]


def test_a_batch_ends_when_it_has_more_than_a_million_characters() -> None:
    half = f"SELECT '{'x' * (2**19 - 10)}';"
    assert len(half) == 2**19

    assert [len(each) for each in handed_over(half * 5)] == [3, 2]


@pytest.mark.parametrize(
    ("statement", "letter", "remains"),
    [
        ("SET client_encoding = 'UTF8';", "ä", False),
        ("SET client_encoding TO DEFAULT;", "ä", False),
        ("SET NAMES 'utf-8';", "ä", False),
        ("SET client_encoding = unicode;", "ä", False),
        ("SET client_encoding = 'LATIN1';", "a", False),
        ("SET work_mem = '1MB';", "a", True),
        ("SET TIME ZONE 'UTC';", "a", True),
        ("SET app.tenant = 7;", "a", True),
        ("SET no_such_thing = 1;", "a", True),
        ("SET transaction_timeout = 0;", "a", False),
        (DUMP + "SET no_such_thing = 1;", "a", False),
        (DUMP + "SET row_security = off;", "a", True),
        (DUMP + "SET ROLE TO bob;", "a", True),
        (DUMP + "SET CONSTRAINTS ALL DEFERRED;", "a", True),
        (DUMP + "SELECT no_such_thing = 1;", "a", True),
    ],
)
def test_only_what_would_mean_nothing_to_the_server_is_left_out(
    statement: str, letter: str, *, remains: bool
) -> None:
    [statements] = handed_over(f"{statement} SELECT '{letter}';")

    assert statements[-1] == f"SELECT '{letter}';"
    assert (len(statements) == 2) is remains


@pytest.mark.parametrize("name", ["LATIN1", "SQL_ASCII", "win1252"])
def test_a_seed_that_is_in_another_encoding_is_refused(name: str) -> None:
    with pytest.raises(SeedError, match=f"line 2.*'{name}'.*UTF-8"):
        script_of(f"SELECT 1;\nSET client_encoding = '{name}'; SELECT 'ä';")


def test_what_is_left_out_of_a_dump_is_told_with_its_line() -> None:
    read = script_of(f"{DUMP}SET no_such_thing = 1; SELECT 1;")

    [remark] = read.remarks
    assert remark.startswith("seed 'a.sql', line 5: left out")
    assert "'no_such_thing'" in remark
    assert script_of("SET client_encoding = 'UTF8';").remarks == ()


def test_settings_that_a_seed_invents_are_known_before_it_runs() -> None:
    read = script_of("SET app.tenant = 7; SELECT set_config('app.user', '', true);")

    assert read.settings == {"app.tenant", "app.user"}
    assert read.name == "a.sql"
