from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.config.numbers import parse_count, parse_ratio


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0", 0),
        ("16", 16),
        ("-1", -1),
        ("0010", 10),
        ("5_000_000", 5_000_000),
        ("5e+06", 5_000_000),
        ("1.0", 1),
        (" 7 ", 7),
    ],
)
def test_a_count_is_a_whole_number_however_written(text: str, count: int) -> None:
    assert parse_count(text) == count


@pytest.mark.parametrize(
    "text", ["", "many", "1.5", "0x10", "1:30", "5M", "true", "٣", "nan", "inf"]
)
def test_anything_else_is_no_count(text: str) -> None:
    with pytest.raises(ValueError, match="must be a whole number"):
        parse_count(text)


@pytest.mark.parametrize(
    ("text", "ratio"),
    [
        ("0.75", 0.75),
        ("1", 1),
        ("75%", 0.75),
        ("0.5 %", 0.005),
        ("100%", 1),
        ("9e-1", 0.9),
    ],
)
def test_a_share_may_be_a_percentage(text: str, ratio: float) -> None:
    assert parse_ratio(text) == ratio


@pytest.mark.parametrize(
    "text", ["", "0", "-0.1", "1.01", "75", "0%", "101%", "%", "half", "nan"]
)
def test_a_share_is_above_0_and_at_most_1(text: str) -> None:
    with pytest.raises(
        ValueError, match=r"must be above 0 and at most 1, such as 0\.75"
    ):
        parse_ratio(text)


@given(st.floats(0, 1, exclude_min=True).filter(lambda ratio: ratio > 1e-9))
def test_a_share_is_read_exactly(ratio: float) -> None:
    assert parse_ratio(f"{ratio:.20f}") == pytest.approx(ratio)
