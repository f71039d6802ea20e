"""Sequences whose every call is known, from their positions to their forecasts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.forecasting.shapes import DAY, WEEK
from agent.domain.sequences import At, Unused
from tests.domain.statuses import BIGINT
from tests.forecast.watched import (
    FIVE_MINUTES,
    HOUR,
    HOURS,
    STEADY,
    Watched,
    likely_days,
    noisy,
)


def test_constant() -> None:
    watched = Watched().lives([100] * HOURS)

    assert watched.track.consumed == watched.calls == 100 * HOURS
    assert likely_days(watched, 2400 * 10) == pytest.approx(10, rel=0.02)


def test_steady_with_noise() -> None:
    watched = Watched().lives(STEADY)

    assert watched.track.consumed == watched.calls
    assert likely_days(watched, 2400 * 10) == pytest.approx(10, rel=0.03)


def test_five_minutes_apart() -> None:
    calls = noisy(np.full(3 * WEEK * 12, 100 / 12))

    watched = Watched().lives(calls, every=FIVE_MINUTES)

    assert watched.track.consumed == watched.calls
    assert likely_days(watched, 2400 * 10) == pytest.approx(10, rel=0.03)


@pytest.mark.parametrize("ahead", [1, 4, 8, 11, 17])
def test_weekly(ahead: int) -> None:
    week = np.repeat([150.0, 150, 150, 150, 150, 10, 10], DAY)
    to_come = float(np.tile(week, 3)[: ahead * DAY].sum())

    watched = Watched().lives(noisy(np.tile(week, 5)))

    assert watched.track.consumed == watched.calls
    assert likely_days(watched, to_come) == pytest.approx(ahead, rel=0.03)


@pytest.mark.parametrize(("from_", "to", "late"), [(80, 120, 1.15), (50, 150, 1.35)])
def test_growth(from_: int, to: int, late: float) -> None:
    per_hour = np.linspace(from_, to, HOURS + 14 * DAY)

    watched = Watched().lives(noisy(per_hour[:HOURS]))

    assert watched.track.consumed == watched.calls
    # Growth is followed and not continued, hence the median is late, the early end not.
    to_come = float(per_hour[HOURS:].sum())
    early = watched.forecast(to_come).p10_seconds
    assert early is not None
    assert early / 86_400 < 14 * 1.02
    assert 14 * 0.98 < likely_days(watched, to_come) < 14 * late


@pytest.mark.parametrize("factor", [3, 0.3])
def test_a_level_that_shifted_three_weeks_ago(factor: float) -> None:
    per_hour = np.full(HOURS, 100.0)
    per_hour[-3 * WEEK :] *= factor

    watched = Watched().lives(noisy(per_hour))

    assert watched.track.consumed == watched.calls
    assert likely_days(watched, 24_000 * factor) == pytest.approx(10, rel=0.25)


def test_a_burst() -> None:
    per_hour = np.full(HOURS, 100.0)
    per_hour[-4 * DAY : -3 * DAY] *= 20

    watched = Watched().lives(noisy(per_hour))

    assert watched.track.consumed == watched.calls
    # It may come again, and so the median may be early, but it is not late.
    assert 10 * 0.6 < likely_days(watched, 2400 * 10) < 10 * 1.03


def test_cycle() -> None:
    cycling = replace(BIGINT, maximum=10_000, cycle=True)

    watched = Watched(cycling).lives(STEADY)

    assert watched.track.consumed == watched.calls
    assert watched.track.resets == {}
    assert likely_days(watched, 24_000) == pytest.approx(10, rel=0.03)


def test_cycle_downwards_in_steps() -> None:
    cycling = replace(
        BIGINT, start=50_000, minimum=-50_003, maximum=50_000, increment=-7, cycle=True
    )

    watched = Watched(cycling).lives(STEADY)

    assert watched.track.consumed == watched.calls
    assert watched.track.resets == {}


@pytest.mark.parametrize("increment", [-1, -10, 10, 32])
def test_increments(increment: int) -> None:
    start = 1 if increment > 0 else -1
    stepping = replace(
        BIGINT, start=start, minimum=-(2**63), maximum=2**63 - 1, increment=increment
    )

    watched = Watched(stepping).lives(STEADY)

    assert watched.track.consumed == watched.calls
    assert likely_days(watched, 24_000) == pytest.approx(10, rel=0.03)


def test_cache() -> None:
    """A session takes a thousand at once; more than those nobody can tell apart."""
    watched = Watched(replace(BIGINT, cache=1000))
    used = 0
    for calls in STEADY:
        taken = watched.calls
        used += calls
        watched.lives([max(-(-(used - taken) // 1000), 0) * 1000])

    assert watched.track.consumed == watched.calls
    assert 0 <= watched.track.consumed - used < 1000
    assert likely_days(watched, 24_000) == pytest.approx(10, rel=0.05)


@pytest.mark.parametrize("back_for", [DAY, 10 * DAY])
def test_a_week_without_the_agent(back_for: int) -> None:
    away = slice(-back_for - WEEK, -back_for)
    watched = Watched().lives(STEADY[: away.start])
    watched.is_called(sum(STEADY[away]))
    watched.now += timedelta(hours=WEEK)
    watched.is_seen()
    watched.lives(STEADY[away.stop :])

    assert watched.track.consumed == watched.calls
    assert likely_days(watched, 24_000) == pytest.approx(10, rel=0.03)


@pytest.mark.parametrize("ahead", [-32, -1, 0, 20, 32])
def test_a_standby_promoted(ahead: int) -> None:
    watched = Watched().lives(STEADY[: -3 * DAY])
    assert isinstance(watched.position, At)
    watched.is_set(watched.position.last_value + ahead)
    watched.line = "promoted"
    watched.is_seen()
    watched.lives(STEADY[-3 * DAY :])

    assert watched.track.consumed == watched.calls
    assert watched.track.resets == {}
    assert likely_days(watched, 24_000) == pytest.approx(10, rel=0.03)


@pytest.mark.parametrize("ahead", [-32, 32])
def test_a_standby_promoted_that_was_called_before_the_next_look(ahead: int) -> None:
    watched = Watched().lives(STEADY[: -3 * DAY])
    assert isinstance(watched.position, At)
    watched.is_set(watched.position.last_value + ahead)
    watched.line = "promoted"
    watched.lives(STEADY[-3 * DAY :])

    assert abs(watched.track.consumed - watched.calls) <= 33
    assert watched.track.resets == {}


def test_a_primary_and_a_standby_seen_in_turns() -> None:
    watched = Watched()
    for look, calls in enumerate(noisy(np.full(2 * WEEK * 12, 8.0))):
        watched.line = ("primary", "standby")[look % 2]
        watched.lives([calls], every=FIVE_MINUTES)

    assert watched.track.consumed == pytest.approx(watched.calls, rel=0.1)


@pytest.mark.parametrize("back", [timedelta(seconds=5), HOUR, timedelta(days=2)])
def test_a_clock_that_steps_backwards(back: timedelta) -> None:
    watched = Watched().lives(STEADY[: -10 * DAY])
    watched.now -= back
    watched.lives(STEADY[-10 * DAY :])

    assert watched.track.consumed == watched.calls
    # The hours that came twice have the calls of both.
    history = watched.track.buckets.history(watched.now)
    assert history.hourly.sum() == pytest.approx(watched.calls, abs=150)
    assert likely_days(watched, 24_000) == pytest.approx(10, rel=0.1)


Event = Callable[[Watched], None]
EVENTS: tuple[Event, ...] = (
    Watched.is_truncated,
    Watched.is_seen,
    lambda watched: setattr(watched, "position", Unused(1)),
    lambda watched: setattr(watched, "line", f"{watched.line}'"),
    lambda watched: setattr(watched, "now", watched.now + timedelta(days=3)),
    lambda watched: setattr(watched, "now", watched.now - timedelta(hours=3)),
)


@given(
    life=st.lists(
        st.tuples(st.lists(st.integers(0, 200), max_size=30), st.sampled_from(EVENTS)),
        max_size=20,
    )
)
@settings(max_examples=100, deadline=None)
def test_whatever_happens_right_after_a_look_no_call_is_lost(
    life: list[tuple[list[int], Event]],
) -> None:
    watched = Watched()

    for calls, happens in life:
        watched.lives(calls)
        happens(watched)
        watched.is_seen()

    assert watched.track.consumed == watched.calls
    history = watched.track.buckets.history(watched.now)
    assert (history.hourly >= 0).all()
    assert history.hourly.sum() + history.daily.sum() <= watched.calls
    assert (watched.forecast(10**6).rate_per_second or 0) >= 0
