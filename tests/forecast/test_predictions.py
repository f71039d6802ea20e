"""What is predicted of the calls of some days, and of which sequences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.forecasting.forecast import History, forecast, predictions
from agent.domain.forecasting.levels import Level
from agent.domain.forecasting.paths import Outlook, calls_within, hours_to_exhaustion
from agent.domain.forecasting.scoring import HORIZONS, chosen
from agent.domain.forecasting.shapes import DAY, WEEK, Floats
from tests.forecast.evenly import START, STEADY, seconds


def of(hourly: Floats, seed: int = 7) -> History:
    noisy = np.random.default_rng(seed).poisson(hourly).astype(np.float64)
    return History(start=START, hourly=noisy)


def test_what_is_steady_is_predicted() -> None:
    told = predictions(of(STEADY), seed=1)

    assert told is not None
    assert tuple(told) == HORIZONS
    for horizon, (p10, p50, p90) in told.items():
        assert p10 < 2400 * horizon < p90 < 1.8 * p10
        assert p50 == pytest.approx(2400 * horizon, rel=0.04)


@pytest.mark.parametrize("first", range(7))
def test_days_of_the_week_are_predicted(first: int) -> None:
    week = np.repeat([150.0, 150, 150, 150, 150, 10, 10], DAY)
    ahead = np.roll(week, -first * DAY)

    told = predictions(of(np.tile(ahead, 8)), seed=1)

    assert told is not None
    for horizon in HORIZONS:
        p10, p50, p90 = told[horizon]
        truth = float(np.tile(ahead, 4)[: horizon * DAY].sum())
        assert p50 == pytest.approx(truth, rel=0.07)
        assert p10 < truth < p90


def test_four_of_five_walks_end_within_what_was_predicted() -> None:
    random = np.random.default_rng(5)
    inside = []
    for _ in range(60):
        walk = np.cumsum(0.05 * random.standard_normal(84))
        hourly = np.repeat(100 * np.exp(walk - walk[55]), DAY)
        told = predictions(of(hourly[: 56 * DAY]), seed=1)
        assert told is not None
        for horizon in HORIZONS:
            came = hourly[56 * DAY :][: horizon * DAY].sum()
            inside.append(told[horizon][0] <= came <= told[horizon][2])

    assert 0.7 < np.mean(inside) < 0.95


@pytest.mark.parametrize(
    "hourly",
    [
        pytest.param(np.empty(0), id="nothing known"),
        pytest.param(STEADY[: 2 * DAY - 1], id="less than two days"),
        pytest.param(np.full(99, np.nan), id="all unknown"),
        pytest.param(np.zeros(8 * WEEK), id="never moved"),
        pytest.param(
            np.concatenate([STEADY, np.zeros(8 * DAY)]), id="still for a week"
        ),
    ],
)
def test_nothing_is_predicted_of(hourly: Floats) -> None:
    assert predictions(History(start=START, hourly=hourly), seed=1) is None


def test_two_days_are_enough() -> None:
    told = predictions(History(start=START, hourly=STEADY[: 2 * DAY]), seed=1)

    assert told is not None
    assert told[7][1] == pytest.approx(2400 * 7, rel=0.05)


def test_the_same_is_predicted_alike() -> None:
    assert predictions(of(STEADY), seed=3) == predictions(of(STEADY), seed=3)


@pytest.mark.parametrize("days", HORIZONS)
def test_predictions_and_forecasts_say_the_same(days: int) -> None:
    told = predictions(of(STEADY), seed=1)
    assert told is not None
    p10, p50, p90 = told[days]

    late, likely, early = (
        seconds(forecast(of(STEADY), round(calls), seed=1))[which] / 86_400
        for which, calls in ((2, p10), (1, p50), (0, p90))
    )

    assert (late, likely, early) == pytest.approx((days, days, days), rel=0.01)


OUTLOOK = Outlook(
    level=Level(
        per_day=2400.0,
        uncertainty=0.2,
        drift=0.05,
        weeks=np.random.default_rng(3).lognormal(0, 0.3, (40, 7)),
    ),
    shape=np.tile(np.repeat([0.1, 1.9], 12), 7),
    season=np.linspace(1, 1.5, 52),
)


@given(days=st.integers(1, 60), calls=st.floats(1, 1e6), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=100, deadline=None)
def test_a_path_has_used_them_up_when_they_are_used_up(
    days: int, calls: float, seed: int
) -> None:
    hours = hours_to_exhaustion(OUTLOOK, calls, weeks=522, seed=seed)
    [used] = calls_within(OUTLOOK, [days], seed=seed).T

    assert np.count_nonzero(hours <= days * DAY) == np.count_nonzero(used >= calls)


def test_a_path_is_the_same_however_far_it_is_followed() -> None:
    long = calls_within(OUTLOOK, [1, 3, 28, 300], seed=1)

    np.testing.assert_array_equal(calls_within(OUTLOOK, [3], seed=1), long[:, [1]])
    assert (np.diff(long, axis=1) > 0).all()


# Which are predicted

NAMES = [("public", f"table_{i}_id_seq") for i in range(1000)]


def test_no_more_are_predicted_than_the_limit() -> None:
    assert len(chosen(NAMES)) == 20
    assert set(chosen(NAMES[:15])) == set(NAMES[:15])
    assert chosen(NAMES, limit=0) == chosen([]) == ()


def test_the_same_are_predicted_every_day() -> None:
    assert chosen(NAMES[::-1]) == chosen(NAMES)
    assert chosen(NAMES * 2) == chosen(NAMES)
    assert chosen(NAMES, limit=2) == (
        ("public", "table_292_id_seq"),
        ("public", "table_752_id_seq"),
    )


@given(st.sets(st.tuples(st.text(max_size=3), st.text(max_size=3)), min_size=1))
def test_one_that_is_new_displaces_no_more_than_one(
    names: set[tuple[str, str]],
) -> None:
    new, *others = sorted(names)

    displaced = set(chosen(others, limit=3)) - set(chosen(names, limit=3))

    assert len(displaced) <= 1
    assert not displaced or new in chosen(names, limit=3)
