from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.config.crontab import checked_cron


@pytest.mark.parametrize(
    "expression",
    [
        "* * * * *",
        "0 3 * * *",
        "*/15 9-17 * * mon-fri",
        "0,30 0 1,15 * *",
        "5-55/10 * * JAN-Mar Sun",
        "0 0 * * 0",
        "0 0 * * 7",
        "0 0 * * 5-7",
        "0 0 29 2 *",
        "0 0 31 * *",
        "0 0 30 2 mon",
        "0 0 30 2,3 *",
    ],
)
def test_five_fields_that_can_happen_are_accepted(expression: str) -> None:
    assert checked_cron(expression) == expression


def test_blanks_are_made_single() -> None:
    assert checked_cron(" 0\t3  * * * ") == "0 3 * * *"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "and has 0"),
        ("@daily", "and has 1"),
        ("0 3 * *", "and has 4"),
        ("0 0 3 * * *", "and has 6"),
        ("60 * * * *", "minute takes 0 to 59"),
        ("* 24 * * *", "hour takes 0 to 23"),
        ("* * 0 * *", "day of month takes 1 to 31"),
        ("* * * 13 *", "month takes 1 to 12 or jan/feb/"),
        ("* * * mon *", "month takes 1 to 12 or jan/feb/"),
        ("* * * * 8", "weekday takes 0 to 7 or sun/mon/"),
        ("* * * * monday", "weekday takes 0 to 7 or sun/mon/"),
        ("-1 * * * *", "minute must be *, a number, a range"),
        ("1.5 * * * *", "minute must be *, a number, a range"),
        ("1,,2 * * * *", "minute must be *, a number, a range"),
        ("* * L * *", "day of month takes 1 to 31"),
        ("* * ? * *", "day of month must be *, a number, a range"),
        ("* * * * mon#2", "weekday must be *, a number, a range"),
        ("*/0 * * * *", "minute: a step must be 1 to 59"),
        ("*/90 * * * *", "minute: a step must be 1 to 59"),
        ("0/15 * * * *", "minute: a step needs a range before it, such as */15"),
        ("30-10 * * * *", "minute: the range counts backwards"),
        ("* * * * fri-mon", "weekday: the range counts backwards"),
        (
            "* * * * sat-sun",
            "weekday: the range counts backwards; a Sunday that ends a range is 7",
        ),
        (
            "0-0 0 * * 6-0",
            "weekday: the range counts backwards; a Sunday that ends a range is 7",
        ),
        (f"{'9' * 5000} * * * *", "minute takes 0 to 59"),
        ("0 0 30 2 *", "never happens"),
        ("0 0 31 4,6,9,11 *", "never happens"),
        ("٣ * * * *", "minute must be *, a number, a range"),
    ],
)
def test_the_field_that_is_wrong_is_named(expression: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        checked_cron(expression)


@given(st.lists(st.text("0123456789*/-,monjaL#? "), min_size=5, max_size=5))
def test_a_text_is_a_cron_expression_or_a_value_error(fields: list[str]) -> None:
    try:
        checked = checked_cron(" ".join(fields))
    except ValueError:
        return
    assert len(checked.split()) == 5
