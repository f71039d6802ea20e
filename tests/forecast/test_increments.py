from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.forecasting.forecast import History, forecast
from agent.domain.forecasting.increments import Consumption, Position, consumption

START = datetime(2026, 1, 1, tzinfo=UTC)


def positions(*values: int, every: timedelta = timedelta(hours=1)) -> list[Position]:
    return [Position(at=START + i * every, value=v) for i, v in enumerate(values)]


def likely(consumed: Consumption, remaining: int = 240_000) -> float:
    history = History(start=consumed.start, hourly=consumed.hourly)
    seconds = forecast(history, remaining, seed=1).p50_seconds
    assert seconds is not None
    return seconds


def test_calls_are_the_differences() -> None:
    consumed = consumption(positions(5, 8, 8, 20))

    assert consumed.hourly.tolist() == [3, 0, 12]
    assert consumed.start == START


def test_a_gap_is_spread() -> None:
    rows = positions(0, 10)
    rows.append(Position(at=START + timedelta(hours=5), value=50))

    assert consumption(rows).hourly.tolist() == [10, 10, 10, 10, 10]


def test_hours_end_with_the_last_position() -> None:
    rows = positions(0, 10, 20, 30, every=timedelta(minutes=25))

    consumed = consumption(rows)

    assert consumed.hourly.tolist() == [24]
    assert consumed.start == rows[-1].at - timedelta(hours=1)


def test_after_a_fall_the_new_value_counts() -> None:
    consumed = consumption(positions(100, 110, 7, 10))

    assert consumed.hourly.tolist() == [10, 7, 3]
    assert consumed.resets == 1


def test_a_counter_that_was_set_back_part_of_its_way_counts_nothing_for_it() -> None:
    values = [1_000_000 + 10 * i for i in range(500)]
    values[400:] = [900_000 + 10 * i for i in range(100)]

    consumed = consumption(positions(*values))

    assert consumed.resets == 1
    assert consumed.hourly.sum() == pytest.approx(10 * 498)


def test_a_reset_of_three_days_ago_hardly_changes_the_forecast() -> None:
    counts = np.random.default_rng(5).poisson(100, 8 * 168)
    steady = [int(total) for total in np.cumsum(counts)]
    reset = steady[:-72] + [value - steady[-73] for value in steady[-72:]]

    without, with_reset = (consumption(positions(*v)) for v in (steady, reset))

    assert with_reset.resets == 1
    assert likely(with_reset) == pytest.approx(likely(without), rel=0.05)


def test_a_lone_jump_is_an_event_and_no_rate() -> None:
    steady = [100 * i for i in range(1000)]
    jump = [value + 10_000_000 * (i >= 900) for i, value in enumerate(steady)]

    without, with_jump = (consumption(positions(*v)) for v in (steady, jump))

    [event] = with_jump.events
    assert (event.at, event.count) == (START + timedelta(hours=900), 10_000_100)
    assert with_jump.hourly.tolist() == without.hourly.tolist()


def test_a_jump_that_comes_again_is_a_habit() -> None:
    values = [100 * i + 1_000_000 * (i // 400) for i in range(1300)]

    consumed = consumption(positions(*values))

    assert consumed.events == ()
    assert consumed.hourly.sum() == values[-1]


def test_a_busy_hour_is_no_event() -> None:
    counts = np.full(1000, 100)
    counts[700:706] = 3000

    consumed = consumption(positions(*map(int, np.cumsum(counts))))

    assert consumed.events == ()


def test_a_short_history_has_no_events() -> None:
    assert consumption(positions(0, 1, 2, 1_000_000)).events == ()


def test_values_beyond_floats_keep_their_differences() -> None:
    top = 2**63 - 10

    assert consumption(positions(top, top + 3, top + 5)).hourly.tolist() == [3, 2]


@given(
    counts=st.lists(st.integers(0, 1000), min_size=2, max_size=300),
    minutes=st.sampled_from([5, 30, 60, 24 * 60]),
)
def test_nothing_is_negative_and_nothing_is_invented(
    counts: list[int], minutes: int
) -> None:
    values = [int(total) for total in np.cumsum(counts)]

    consumed = consumption(positions(*values, every=timedelta(minutes=minutes)))

    assert (consumed.hourly >= -1e-6).all()
    assert consumed.hourly.sum() <= values[-1] - values[0] + 1e-6
    assert consumed.resets == 0


@given(values=st.lists(st.integers(-(2**63), 2**63), min_size=2, max_size=60))
def test_any_counter_can_be_read(values: list[int]) -> None:
    consumed = consumption(positions(*values))

    assert len(consumed.hourly) == len(values) - 1
    assert np.isfinite(consumed.hourly).all()
    assert (consumed.hourly >= 0).all()
