"""How predictions came out, and what is learned of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.forecasting.scoring import (
    HORIZONS,
    UNSCORED,
    Prediction,
    Scorecard,
    due,
    memory,
    scorecards,
    scored,
    stretch_of,
)
from tests.forecast.evenly import START

A_DAY = timedelta(days=1)
EDGE = 1.2816  # standard deviations, within which 80 % of a normal distribution lie
MADE = Prediction(
    schema="public",
    name="users_id_seq",
    made_at=START,
    horizon=1,
    consumed=5000,
    p10=80.0,
    p50=100.0,
    p90=125.0,
)


def world(
    wider: float,
    *,
    days: int = 56,
    horizon: int = 1,
    sequences: int = 20,
    alike: float = 0.5,
    seed: int = 1,
) -> list[Prediction]:
    """Outcomes whose logarithm spreads so many times as widely as was predicted.

    `alike` is the share of the variance that all sequences have in common on a day.
    """
    random = np.random.default_rng(seed)
    common = np.repeat(random.standard_normal(days), sequences)
    own = random.standard_normal(days * sequences)
    spread = 0.2 * wider * (np.sqrt(alike) * common + np.sqrt(1 - alike) * own)
    return [
        replace(
            MADE,
            name=f"s{i % sequences}",
            made_at=START + i // sequences * A_DAY,
            horizon=horizon,
            p10=10_000 * np.exp(-0.2 * EDGE),
            p50=10_000.0,
            p90=10_000 * np.exp(0.2 * EDGE),
            actual=round(10_000 * np.exp(each)),
        )
        for i, each in enumerate(spread.tolist())
    ]


def card(outcomes: Sequence[Prediction]) -> Scorecard:
    return scorecards(outcomes)[outcomes[0].horizon]


def stretched(made: Prediction, factor: float) -> Prediction:
    low, high = (made.p50 * (p / made.p50) ** factor for p in (made.p10, made.p90))
    return replace(made, p10=low, p90=high)


def outcome(actual: int, made: Prediction = MADE) -> Prediction:
    return replace(made, actual=actual)


# What is due, and what came


def test_a_prediction_is_due_when_its_days_have_passed() -> None:
    week = replace(MADE, horizon=7)

    assert due([MADE, week], START + A_DAY - timedelta(seconds=1)) == ()
    assert due([MADE, week], START + A_DAY) == (MADE,)
    assert due([MADE, week], START + 30 * A_DAY) == (MADE, week)


def test_what_is_scored_is_not_due_again() -> None:
    assert due([scored(MADE, 5100)], START + 30 * A_DAY) == ()


def test_what_came_is_what_was_counted_since() -> None:
    assert scored(MADE, 5090) == replace(MADE, actual=90)
    assert MADE.due_at == START + A_DAY


def test_a_track_that_began_anew_tells_nothing() -> None:
    assert scorecards([scored(MADE, 40)]) == scorecards([])


# Scorecards


def test_every_horizon_has_a_scorecard() -> None:
    assert scorecards([]) == dict.fromkeys(HORIZONS, UNSCORED)
    assert scorecards([MADE]) == dict.fromkeys(HORIZONS, UNSCORED)
    assert UNSCORED.stretch == 1


def test_coverage_and_errors() -> None:
    told = card([outcome(actual) for actual in (80, 100, 125, 200)])

    assert told.n == 4
    assert told.coverage == 0.75
    assert told.median_error == pytest.approx(np.log(1.25))
    assert told.p90_error == pytest.approx(0.3 * np.log(1.25) + 0.7 * np.log(2))


def test_horizons_are_scored_apart() -> None:
    week = replace(MADE, horizon=7)

    cards = scorecards([outcome(100), outcome(500, week), outcome(600, week)])

    assert [cards[horizon].n for horizon in HORIZONS] == [1, 0, 2, 0, 0]
    assert (cards[1].coverage, cards[7].coverage) == (1, 0)


@pytest.mark.parametrize(
    ("predicted", "actual", "coverage"),
    [
        pytest.param((80.0, 100.0, 125.0), 0, 0, id="nothing came"),
        pytest.param((0.0, 0.0, 0.0), 0, 1, id="nothing came of nothing"),
        pytest.param((0.0, 0.0, 0.0), 3, 0, id="something came of nothing"),
        pytest.param((0.2, 0.4, 0.7), 0, 1, id="none is within less than one"),
        pytest.param((0.2, 0.4, 0.7), 1, 1, id="one is within less than one"),
        pytest.param((5.0, 5.0, 5.0), 5, 1, id="as sure as right"),
        pytest.param((5.0, 5.0, 5.0), 6, 0, id="as sure as wrong"),
        pytest.param((0.0, 1e-9, 1e12), 10**11, 1, id="anything goes"),
    ],
)
def test_zeros(
    predicted: tuple[float, float, float], actual: int, coverage: float
) -> None:
    p10, p50, p90 = predicted

    told = card([replace(MADE, p10=p10, p50=p50, p90=p90, actual=actual)])

    assert told.coverage == coverage
    assert told.median_error is not None
    assert np.isfinite(told.median_error)
    assert 0.5 <= told.stretch <= 4


def test_what_is_long_past_is_forgotten() -> None:
    long_ago = outcome(999)
    now = replace(outcome(100), made_at=START + memory(1))

    assert card([long_ago, now]).n == 1
    assert card([replace(long_ago, made_at=START + A_DAY), now]).n == 2


@given(
    rows=st.lists(
        st.tuples(
            st.lists(st.floats(0, 1e18), min_size=3, max_size=3),
            st.integers(0, 2**63),
            st.sampled_from(HORIZONS),
            st.integers(0, 400),
        )
    )
)
def test_scorecards_are_within_their_bounds_whatever_came(
    rows: list[tuple[list[float], int, int, int]],
) -> None:
    outcomes = []
    for predicted, actual, horizon, day in rows:
        p10, p50, p90 = sorted(predicted)
        made = replace(MADE, horizon=horizon, made_at=START + day * A_DAY)
        outcomes.append(replace(made, p10=p10, p50=p50, p90=p90, actual=actual))

    cards = scorecards(outcomes)

    assert cards == scorecards(outcomes[::-1])
    assert set(cards) == set(HORIZONS)
    for told in cards.values():
        assert 0.5 <= told.stretch <= 4
        assert told.coverage is None or 0 <= told.coverage <= 1
        assert (told.coverage is None) == (told.median_error is None) == (told.n == 0)
        assert (told.median_error or 0) <= (told.p90_error or 0) < 100


# The stretch that is learned


def test_a_world_twice_as_wide_is_learned() -> None:
    learned = [card(world(2, seed=seed)) for seed in range(10)]
    to_come = [world(2, seed=100 + seed) for seed in range(10)]

    after = [
        card([stretched(each, told.stretch) for each in outcomes]).coverage or 0
        for told, outcomes in zip(learned, to_come, strict=True)
    ]

    assert [told.coverage for told in learned] == pytest.approx([0.48] * 10, abs=0.08)
    assert [told.stretch for told in learned] == pytest.approx([2] * 10, rel=0.15)
    assert np.mean(after) == pytest.approx(0.8, abs=0.06)


def test_a_world_half_as_wide_is_learned() -> None:
    learned = card(world(0.5))

    assert learned.stretch == pytest.approx(0.5, rel=0.15)


@pytest.mark.parametrize("horizon", HORIZONS)
def test_what_is_well_calibrated_stays_so(horizon: int) -> None:
    factors = [
        card(world(1, days=memory(horizon).days, horizon=horizon, seed=seed)).stretch
        for seed in range(10)
    ]

    assert np.mean(factors) == pytest.approx(1, abs=0.08)
    assert max(factors) / min(factors) < 1.6


def test_few_outcomes_hardly_tell() -> None:
    assert card(world(4, days=1)).stretch < 1.5
    assert card(world(4, days=2)).stretch < 1.8


def test_many_sequences_of_one_day_tell_no_more_than_one() -> None:
    one = card([outcome(200)])
    many = card([outcome(200, replace(MADE, name=f"s{i}")) for i in range(200)])

    assert many.stretch == one.stretch < 1.4


def test_days_that_overlap_tell_no_more_than_one() -> None:
    month = replace(MADE, horizon=28)

    one = card([outcome(200, month)])
    many = card(
        [outcome(200, replace(month, made_at=START + i * A_DAY)) for i in range(28)]
    )

    assert many.stretch == one.stretch


def test_the_longer_it_lasts_the_more_it_is_believed() -> None:
    factors = [
        card(
            [
                outcome(200, replace(MADE, made_at=START + i * A_DAY))
                for i in range(days)
            ]
        ).stretch
        for days in (1, 2, 5, 20, 50)
    ]

    assert factors == sorted(factors)
    assert 1 < factors[0] < factors[-1]


@given(st.floats(0, 3), st.floats(0, 3))
@settings(max_examples=30, deadline=None)
def test_a_wider_world_is_never_stretched_less(one: float, other: float) -> None:
    narrow, wide = (card(world(each, days=20)) for each in sorted((one, other)))

    assert narrow.stretch <= wide.stretch * 1.001  # calls are whole


def test_the_stretch_of_scorecards_has_every_horizon() -> None:
    cards = scorecards(world(2))

    stretch = stretch_of(cards)

    assert stretch.factors == {1: cards[1].stretch, 3: 1, 7: 1, 14: 1, 28: 1}
