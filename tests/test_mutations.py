"""What is broken in a module or a statement, and what is left alone."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.mutations_python import members_in, python_mutants
from tests.mutations_sql import sql_mutants
from tests.mutations_tests import COVERING, covering, targets

ROOT = Path(__file__).parents[1]
STATES = "class State(StrEnum):\n    ON = 'on'\n    OFF = 'off'\n"


def changed(text: str) -> set[str]:
    """What the mutants of a module read like, as ast writes it."""
    members = members_in([STATES])
    return {mutant.text for mutant in python_mutants(text, members)}


@pytest.mark.parametrize(
    ("text", "mutants"),
    [
        ("a < b", {"pass", "a <= b", "a >= b"}),
        ("x = not a", {"x = a"}),
        ("x = a and b", {"x = a or b", "x = a", "x = b"}),
        ("x = 1 if a else b", {"x = 1 if True else b", "x = 1 if False else b"}),
        ("x = [a for a in b if a]", {"x = [a for a in b if True]"}),
        ("x = a + b", {"x = a - b"}),
        ("x = 7", {"x = 8", "x = 6"}),
        ("x = 'key'", {"x = 'XXkey'"}),
        ("x = True", {"x = False"}),
        ("x = State.ON", {"x = State.OFF"}),
        ("x = [a, b]", {"x = [a]", "x = [b]"}),
        ("x = {'a b': c}", {"x = {}"}),
        ("x = f(a, b)", {"x = f(a)", "x = f(b)"}),
        ("x = f(a, key=b)", {"x = f(a)"}),
        ("x = max(a)", {"x = min(a)"}),
        ("x = sorted(a, key=b)", {"x = list(a)", "x = sorted(a)"}),
        ("f(a)", {"pass"}),
        ("a.b = c", {"pass"}),
        ("def f():\n    return a", {"def f():\n    return None"}),
        (
            "try:\n    f()\nexcept E:\n    g()",
            {"try:\n    f()\nexcept E:\n    raise"},
        ),
    ],
)
def test_a_module_is_changed_in_one_place(text: str, mutants: set[str]) -> None:
    assert mutants <= changed(text)


@pytest.mark.parametrize(
    "text",
    [
        "import a\nfrom b import c",
        "'''What it knows.'''",
        "def f(a: 'int | None') -> list[tuple[int, str]]:\n    '''Docs.'''",
        "x = 'prose for people'",
        "x: Mapping[int, str] = y",
        "x = f'{a + 1}'",
        "x = int | Unknown",
        "assert a == 1",
        "log.info('event', key=1)",
        "class P(Protocol):\n\n    def f(self) -> None:\n        ...",
        "x = y",
    ],
)
def test_what_is_not_run_is_left_alone(text: str) -> None:
    assert changed(text) - {"pass"} == set()


STATEMENT = """\
-- Answers: WHERE is it?
SELECT r.a
FROM
    ONLY t AS r
WHERE
    r.a = 1
    AND NOT EXISTS (
        SELECT FROM u WHERE u.b = 2
    )
    AND r.c = 3
FOR UPDATE SKIP LOCKED
"""


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda s: s.replace("    r.a = 1\n", "TRUE\n"), "r.a = 1 -> TRUE"),
        (lambda s: s.replace("    AND r.c = 3\n", ""), "without AND r.c = 3"),
        (lambda s: s.replace("ONLY ", " "), "ONLY t AS r -> t AS r"),
        (lambda s: s.replace(" SKIP LOCKED", " "), "FOR UPDATE SKIP LOCKED -> "),
        (lambda s: s.replace(" WHERE u.b = 2", " "), "SELECT FROM u"),
    ],
)
def test_a_statement_loses_one_condition(
    change: Callable[[str], str], what: str
) -> None:
    found = {" ".join(m.text.split()): m.what for m in sql_mutants(STATEMENT)}

    assert found[" ".join(change(STATEMENT).split())].startswith(what[:20])


def test_a_condition_of_several_lines_goes_as_one() -> None:
    whole = "    AND NOT EXISTS (\n        SELECT FROM u WHERE u.b = 2\n    )\n"

    assert STATEMENT.replace(whole, "") in {m.text for m in sql_mutants(STATEMENT)}


def test_comments_are_no_conditions() -> None:
    assert all("WHERE is it?" in mutant.text for mutant in sql_mutants(STATEMENT))


def test_every_mutant_of_ours_can_be_read() -> None:
    path = ROOT / "agent/domain/resets/resync.py"

    for mutant in python_mutants(path.read_text(), {}):
        ast.parse(mutant.text)


def test_all_tests_that_are_to_notice_exist() -> None:
    named = {path for each in COVERING for path in (*each.pure, *each.server)}

    assert [path for path in named if not (ROOT / path).exists()] == []
    assert {covering(path) for path in targets(ROOT)} == set(COVERING)
