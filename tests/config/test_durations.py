from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.config.durations import format_duration, parse_duration

MILLISECONDS = st.integers(0, 36_500 * 24 * 3_600_000)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("200ms", timedelta(milliseconds=200)),
        ("60s", timedelta(seconds=60)),
        ("10m", timedelta(minutes=10)),
        ("1h", timedelta(hours=1)),
        ("400d", timedelta(days=400)),
        ("2w", timedelta(weeks=2)),
        ("1h30m", timedelta(minutes=90)),
        ("1h 30m", timedelta(minutes=90)),
        (" 5 s ", timedelta(seconds=5)),
        ("1w2d3h4m5s6ms", timedelta(7 + 2, 5, 0, 6, 4, 3)),
        ("1m1ms", timedelta(minutes=1, milliseconds=1)),
        ("0s", timedelta()),
    ],
)
def test_units_are_added_up(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text",
    ["60", "0", "-5", "+5", "1.5", "1:30", "1_000", "0x10", "0o17", "1e3", "1:30:00"],
)
def test_whatever_yaml_calls_a_number_needs_a_unit(text: str) -> None:
    with pytest.raises(ValueError, match="needs a unit, such as 60s"):
        parse_duration(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "s",
        "soon",
        "-5s",
        "1.5h",
        "5 sec",
        "5S",
        "30m1h",
        "1h1h",
        "5s.",
        "٣s",
        "1h30",
    ],
)
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration; write it like 500ms, 60s"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["36501d", "999999999999999w", "36500d1ms"])
def test_a_duration_ends_before_dates_do(text: str) -> None:
    with pytest.raises(ValueError, match="must be at most 36500d"):
        parse_duration(text)


@pytest.mark.parametrize(
    "text", ["200ms", "59s", "10m", "1h", "1h30m", "90d", "400d", "1d12h", "0s"]
)
def test_common_durations_are_written_as_people_do(text: str) -> None:
    assert format_duration(parse_duration(text)) == text


@given(MILLISECONDS)
def test_what_is_written_reads_as_the_same(milliseconds: int) -> None:
    duration = timedelta(milliseconds=milliseconds)

    assert parse_duration(format_duration(duration)) == duration


@given(st.text())
def test_a_text_is_a_duration_or_a_value_error(text: str) -> None:
    try:
        duration = parse_duration(text)
    except ValueError:
        return
    assert duration >= timedelta()
