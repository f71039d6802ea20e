"""How a learned stretch moves the edges of a forecast."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.forecasting.forecast import (
    HORIZON,
    Forecast,
    History,
    State,
    forecast,
    forecasts,
)
from agent.domain.forecasting.scoring import HORIZONS, Stretch
from tests.forecast.evenly import START, STEADY, seconds


def test_the_stretch_is_interpolated_by_the_logarithm_and_ends_where_it_ends() -> None:
    stretch = Stretch(factors={1: 1.0, 4: 2.0, 16: 1.0})

    told = [stretch.at(days) for days in (0, 0.01, 1, 2, 4, 8, 16, 4000)]

    assert told == pytest.approx([1, 1, 1, 1.5, 2, 1.5, 1, 1])


def test_no_factors_stretch_nothing() -> None:
    assert Stretch(factors={}).at(3) == 1


def steady(remaining: float, stretch: Stretch | None = None) -> Forecast:
    history = History(start=START, hourly=STEADY)
    return forecast(history, round(remaining), seed=1, stretch=stretch)


def test_the_median_stays_and_the_edges_move_away_from_it() -> None:
    early, likely, late = seconds(steady(24_000))

    told = steady(24_000, Stretch(factors={1: 2.0, 28: 2.0}))

    assert told.p50_seconds == likely
    assert told.p10_seconds == pytest.approx(early**2 / likely)
    assert told.p90_seconds == pytest.approx(late**2 / likely)


def test_it_is_stretched_as_at_its_median() -> None:
    stretch = Stretch(factors={7: 1.0, 14: 2.0})

    assert steady(2400 * 6, stretch) == steady(2400 * 6)
    assert seconds(steady(2400 * 20, stretch))[0] == pytest.approx(
        seconds(steady(2400 * 20, Stretch(factors={1: 2.0})))[0]
    )


@pytest.mark.parametrize("remaining", [0, 1, 24_000, 2400 * 9000, 10**15])
def test_a_stretch_of_one_changes_nothing(remaining: int) -> None:
    assert steady(remaining, Stretch(factors={1: 1.0})) == steady(remaining)


def test_a_median_beyond_the_horizon_is_taken_to_lie_there() -> None:
    plain = steady(2400 * 9000)
    assert plain.p10_seconds is not None
    limit = HORIZON.total_seconds()

    told = steady(2400 * 9000, Stretch(factors={1: 2.0}))

    assert told.state is State.OK
    assert told.p10_seconds == pytest.approx(plain.p10_seconds**2 / limit)
    assert told.p50_seconds is told.p90_seconds is None


def test_what_is_stretched_beyond_the_horizon_is_later_than_it() -> None:
    assert steady(2400 * 1000).p90_seconds is not None
    assert steady(2400 * 1000, Stretch(factors={1: 4.0})).p90_seconds is None


@given(
    remaining=st.integers(0, 10**8),
    factors=st.dictionaries(st.sampled_from(HORIZONS), st.floats(0.5, 4)),
)
@settings(max_examples=60, deadline=None)
def test_early_likely_and_late_stay_in_order(
    remaining: int, factors: Mapping[int, float]
) -> None:
    told = steady(remaining, Stretch(factors=factors))

    early, likely, late = (
        float("inf") if each is None else each
        for each in (told.p10_seconds, told.p50_seconds, told.p90_seconds)
    )
    assert 0 <= early <= likely <= late


def test_many_are_stretched_like_one() -> None:
    history = History(start=START, hourly=STEADY)
    stretch = Stretch(factors={1: 3.0})

    [told] = forecasts([history], [24_000], seeds=[1], stretch=stretch)

    assert told == steady(24_000, stretch)
