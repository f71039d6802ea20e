from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.forecasting.forecast import (
    Forecast,
    History,
    State,
    forecast,
    forecasts,
    unmoved,
)
from agent.domain.forecasting.shapes import DAY, WEEK, Floats

START = datetime(2026, 1, 1, tzinfo=UTC)
EIGHT_WEEKS = 8 * WEEK
STEADY = np.full(EIGHT_WEEKS, 100.0)
NONE = np.empty(0)


def of(hourly: Floats, daily: Floats = NONE) -> History:
    return History(start=START, hourly=hourly, daily=daily)


def days(hourly: Floats, remaining: int) -> tuple[float, float, float]:
    """Early, likely and late, all within ten years."""
    answer = forecast(of(hourly), remaining, seed=1)
    early, likely, late = answer.p10_seconds, answer.p50_seconds, answer.p90_seconds
    assert early is not None
    assert likely is not None
    assert late is not None
    return early / 86_400, likely / 86_400, late / 86_400


def noisy(hourly: Floats) -> Floats:
    return np.random.default_rng(7).poisson(hourly).astype(np.float64)


def changed(where: slice, factor: float) -> Floats:
    hourly = STEADY.copy()
    hourly[where] *= factor
    return hourly


@pytest.mark.parametrize("ahead", [0.5, 1, 3, 10, 30, 100])
def test_what_is_steady_goes_on(ahead: float) -> None:
    early, likely, late = days(noisy(STEADY), round(2400 * ahead))

    assert likely == pytest.approx(ahead, rel=0.08)
    assert early < likely < late < 2 * early


def test_a_week_has_its_shape() -> None:
    week = np.repeat([150.0, 150, 150, 150, 150, 10, 10], DAY)
    hourly = np.tile(week, 8)

    _, likely, _ = days(noisy(hourly), round(float(week[: 4 * DAY].sum())))

    assert likely == pytest.approx(4, abs=0.3)  # by the mean it would be 5.5


def test_a_day_has_its_shape() -> None:
    day = np.concatenate([np.zeros(12), np.full(12, 1000.0)])

    _, likely, _ = days(np.tile(day, 56), 6000)

    assert likely == pytest.approx(0.75, abs=0.03)  # by the mean it would be 0.5


def test_a_run_once_a_week_is_a_rate() -> None:
    hourly = np.zeros(EIGHT_WEEKS)
    hourly[30::WEEK] = 1_000_000

    early, likely, late = days(hourly, 12_500_000)

    assert likely == pytest.approx(12.2 * 7, rel=0.1)
    assert early < 12.2 * 7 < late


def test_a_run_once_a_month_is_within_what_is_told() -> None:
    hourly = np.full(EIGHT_WEEKS, 0.1)
    hourly[[100, 820]] = 1_000_000

    answer = forecast(of(hourly), 10_000_000, seed=1)

    assert answer.p10_seconds is not None
    assert answer.p10_seconds < 300 * 86_400


def test_growth_is_followed() -> None:
    growth = np.linspace(50, 150, EIGHT_WEEKS)
    to_come = np.linspace(150, 200, 28 * DAY)

    early, likely, late = days(noisy(growth), round(float(to_come.sum())))

    assert early < 28 * 1.1
    assert 28 * 0.9 < likely < 28 * 1.3
    assert late > 28


def test_a_year_ago_tells_the_season() -> None:
    year = 1000 + 500 * np.sin(2 * np.pi * np.arange(-400, 60) / 364)
    hourly = np.repeat(year[344:400] / DAY, DAY)
    remaining = round(float(year[400:460].sum()))

    known = forecast(of(hourly, year[:344]), remaining, seed=1)
    unknown = forecast(of(hourly), remaining, seed=1)

    assert known.p50_seconds is not None
    assert unknown.p50_seconds is not None
    assert 60 * 86_400 * 0.9 < known.p50_seconds < unknown.p50_seconds


@pytest.mark.parametrize("factor", [3, 0.3])
def test_a_new_level_is_believed_within_three_weeks(factor: float) -> None:
    hourly = changed(slice(-21 * DAY, None), factor)

    _, likely, _ = days(hourly, 240_000)

    assert likely == pytest.approx(100 / factor, rel=0.3)


def test_a_new_level_of_four_days_widens_and_warns() -> None:
    before, _, _ = days(STEADY, 240_000)
    early, likely, late = days(changed(slice(-4 * DAY, None), 3), 240_000)

    assert early < before * 0.6
    assert late / early > 2
    assert likely < 70


@pytest.mark.parametrize("ended", [0, 2, 10])
def test_a_burst_of_a_day_does_not_become_the_rate(ended: int) -> None:
    burst = slice(-(ended + 1) * DAY, -ended * DAY or None)

    _, likely, late = days(changed(burst, 20), 240_000)

    assert 60 < likely <= 101
    assert late > 90


def test_gaps_are_as_usual() -> None:
    hourly = STEADY.copy()
    hourly[300:400] = np.nan
    hourly[-5:] = np.nan

    _, likely, _ = days(hourly, 240_000)

    assert likely == pytest.approx(100, rel=0.05)


def test_unknown_days_of_old_are_left_open() -> None:
    daily = np.full(300, 2400.0)
    daily[10:50] = np.nan

    answer = forecast(of(STEADY, daily), 240_000, seed=1)

    assert answer.p50_seconds == pytest.approx(100 * 86_400, rel=0.05)


def test_the_same_is_answered_alike() -> None:
    first, second = (forecast(of(noisy(STEADY)), 240_000, seed=3) for _ in range(2))

    assert first == second


def test_the_seed_hardly_matters() -> None:
    likely = [
        forecast(of(noisy(STEADY)), 240_000, seed=seed).p50_seconds or 0
        for seed in range(20)
    ]

    assert max(likely) < 1.03 * min(likely)


def test_many_are_answered_like_one() -> None:
    histories = [of(STEADY), of(noisy(STEADY)), of(np.zeros(EIGHT_WEEKS))]
    remaining = [240_000, 10**18, 5]

    many = forecasts(histories, remaining, seeds=[1, 2, 3])

    assert many == tuple(
        forecast(history, left, seed=seed)
        for history, left, seed in zip(histories, remaining, (1, 2, 3), strict=True)
    )


def test_nothing_left_is_exhausted() -> None:
    answer = forecast(of(STEADY), 0, seed=1)

    assert answer.state is State.EXHAUSTED
    assert (answer.p10_seconds, answer.p50_seconds, answer.p90_seconds) == (0, 0, 0)


def test_what_a_tenfold_rate_leaves_for_ten_years_is_beyond_the_horizon() -> None:
    answer = forecast(of(STEADY), 10**15, seed=1)

    assert answer == Forecast(state=State.BEYOND_HORIZON, rate_per_second=100 / 3600)


def test_an_early_end_within_ten_years_is_told_though_the_likely_is_not() -> None:
    answer = forecast(of(STEADY), 2400 * 9000, seed=1)

    assert answer.state is State.OK
    assert answer.p10_seconds is not None
    assert answer.p50_seconds is answer.p90_seconds is None


@pytest.mark.parametrize(
    ("hourly", "state"),
    [
        pytest.param(np.zeros(EIGHT_WEEKS), State.IDLE, id="never moved"),
        pytest.param(changed(slice(-8 * DAY, None), 0), State.IDLE, id="still a week"),
        pytest.param(changed(slice(-5 * DAY, None), 0), State.OK, id="still five days"),
        pytest.param(np.zeros(DAY), State.INSUFFICIENT_DATA, id="a day of nothing"),
        pytest.param(np.empty(0), State.INSUFFICIENT_DATA, id="nothing known"),
        pytest.param(np.full(99, np.nan), State.INSUFFICIENT_DATA, id="all unknown"),
        pytest.param(STEADY[:DAY], State.INSUFFICIENT_DATA, id="a day"),
        pytest.param(STEADY[: 3 * DAY], State.OK, id="three days"),
    ],
)
def test_states(hourly: Floats, state: State) -> None:
    assert forecast(of(hourly), 240_000, seed=1).state is state


def test_what_moves_once_a_month_is_not_idle_in_between() -> None:
    hourly = np.zeros(EIGHT_WEEKS)
    hourly[[10, 10 + 21 * DAY]] = 500

    answer = forecast(of(hourly), 5000, seed=1)

    assert answer.state is State.OK


@pytest.mark.parametrize("hours", [1, 2, 6, 30])
def test_a_burst_at_the_start_is_told_where_one_cannot_wait(hours: int) -> None:
    burst = np.full(hours, 1_000_000.0)

    answer = forecast(of(burst), 10_000_000, seed=1)

    assert answer.state is State.OK
    assert answer.p10_seconds is not None
    assert answer.p90_seconds is not None
    assert answer.p10_seconds < 10 * 3600 < answer.p90_seconds


@given(
    hourly=st.lists(
        st.one_of(st.just(0.0), st.floats(0, 1e15), st.just(float("nan"))), max_size=400
    ),
    remaining=st.integers(0, 2**63),
    more=st.integers(0, 2**40),
)
@settings(max_examples=60, deadline=None)
def test_more_calls_never_run_out_sooner(
    hourly: list[float], remaining: int, more: int
) -> None:
    history = of(np.array(hourly, np.float64))

    little = forecast(history, remaining, seed=1)
    much = forecast(history, remaining + more, seed=1)

    if little.state is much.state is State.OK:
        assert ordered(little)
        assert ordered(much)
        for sooner, later in zip(seconds(little), seconds(much), strict=True):
            assert sooner <= later * (1 + 1e-9) + 1e-6


def seconds(answer: Forecast) -> tuple[float, float, float]:
    early, likely, late = (
        float("inf") if each is None else each
        for each in (answer.p10_seconds, answer.p50_seconds, answer.p90_seconds)
    )
    return early, likely, late


def ordered(answer: Forecast) -> bool:
    early, likely, late = seconds(answer)
    return 0 <= early <= likely <= late


@given(scale=st.sampled_from([0.01, 3.0, 1e6, 1e12]))
@settings(deadline=None)
def test_the_unit_does_not_matter(scale: float) -> None:
    hourly = noisy(STEADY)

    one = forecast(of(hourly), 10**6, seed=1)
    other = forecast(of(hourly * scale), round(10**6 * scale), seed=1)

    assert other.p50_seconds == pytest.approx(one.p50_seconds, rel=1e-3)


def test_the_end_of_a_history_is_that_of_its_hours() -> None:
    assert of(STEADY[:DAY]).end == replace(of(STEADY), start=START).start.replace(day=2)


def test_a_sequence_that_never_moved_needs_no_history() -> None:
    assert unmoved(timedelta(hours=47), 10).state is State.INSUFFICIENT_DATA
    assert unmoved(timedelta(hours=48), 10).state is State.IDLE
    assert unmoved(timedelta(hours=1), 0).state is State.EXHAUSTED
