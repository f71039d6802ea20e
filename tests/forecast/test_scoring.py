from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
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
    predictions,
)
from agent.domain.forecasting.levels import Level
from agent.domain.forecasting.paths import Outlook, calls_within, hours_to_exhaustion
from agent.domain.forecasting.scoring import (
    HORIZONS,
    UNSCORED,
    Prediction,
    Scorecard,
    Stretch,
    chosen,
    due,
    memory,
    scorecards,
    scored,
    stretch_of,
)
from agent.domain.forecasting.shapes import DAY, WEEK, Floats

START = datetime(2026, 1, 1, tzinfo=UTC)
A_DAY = timedelta(days=1)
STEADY = np.full(8 * WEEK, 100.0)
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


# Stretching


def test_the_stretch_is_interpolated_by_the_logarithm_and_ends_where_it_ends() -> None:
    stretch = Stretch(factors={1: 1.0, 4: 2.0, 16: 1.0})

    told = [stretch.at(days) for days in (0, 0.01, 1, 2, 4, 8, 16, 4000)]

    assert told == pytest.approx([1, 1, 1, 1.5, 2, 1.5, 1, 1])


def test_no_factors_stretch_nothing() -> None:
    assert Stretch(factors={}).at(3) == 1


def test_the_stretch_of_scorecards_has_every_horizon() -> None:
    cards = scorecards(world(2))

    stretch = stretch_of(cards)

    assert stretch.factors == {1: cards[1].stretch, 3: 1, 7: 1, 14: 1, 28: 1}


def seconds(told: Forecast) -> tuple[float, float, float]:
    assert told.p10_seconds is not None
    assert told.p50_seconds is not None
    assert told.p90_seconds is not None
    return told.p10_seconds, told.p50_seconds, told.p90_seconds


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


# Predictions


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
