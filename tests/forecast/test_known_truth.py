"""Sequences whose every call is known, from their positions to their forecasts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.consumption.steps import Reason
from agent.domain.consumption.tracks import Track
from agent.domain.forecasting.forecast import Forecast, State, forecast
from agent.domain.forecasting.shapes import DAY, WEEK, Floats
from agent.domain.sequences import At, SequenceDefinition, Unused, upcoming
from tests.domain.statuses import BIGINT

MONDAY = datetime(2026, 9, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIVE_MINUTES = timedelta(minutes=5)
HOURS = 5 * WEEK


class Watched:
    """A sequence, the calls that it truly had, and the track that looks at it."""

    def __init__(self, sequence: SequenceDefinition = BIGINT) -> None:
        self.sequence = sequence
        self.position: Unused | At = Unused(sequence.start)
        self.now = MONDAY
        self.line = "primary"
        self.calls = 0
        self.track = Track.begun(sequence, self.position, at=self.now, line=self.line)

    def lives(self, calls: Iterable[int], *, every: timedelta = HOUR) -> Watched:
        """So many calls in each step, and a look at the end of it."""
        for some in calls:
            self.is_called(some)
            self.now += every
            self.is_seen()
        return self

    def is_called(self, calls: int) -> None:
        """As nextval would, one after the other, but around the end in one go."""
        self.calls += calls
        while calls:
            first = upcoming(self.sequence, self.position)
            last = self.sequence.maximum if self.ascends else self.sequence.minimum
            some = min(calls, (last - first) // self.sequence.increment + 1)
            self.position = At(first + (some - 1) * self.sequence.increment)
            calls -= some

    def is_seen(self) -> None:
        self.track.observe(self.sequence, self.position, at=self.now, line=self.line)

    def is_truncated(self) -> None:
        """TRUNCATE … RESTART IDENTITY, as ALTER SEQUENCE … RESTART."""
        self.is_restarted_with(self.sequence.start)

    def is_restarted_with(self, value: int) -> None:
        filenode = self.sequence.filenode + 1000
        self.sequence = replace(self.sequence, filenode=filenode)
        self.position = Unused(value)

    def is_set(self, value: int) -> None:
        self.position = At(value)

    @property
    def ascends(self) -> bool:
        return self.sequence.ascending

    def forecast(self, remaining: float) -> Forecast:
        history = self.track.buckets.history(self.now)
        return forecast(history, round(remaining), seed=1)


def noisy(per_hour: Floats) -> list[int]:
    drawn: list[int] = np.random.default_rng(11).poisson(per_hour).tolist()
    return drawn


STEADY = noisy(np.full(HOURS, 100.0))


def likely_days(watched: Watched, remaining: float) -> float:
    """The median, in days; the answer is in order."""
    told = watched.forecast(remaining)
    assert told.state is State.OK
    assert told.p10_seconds is not None
    assert told.p50_seconds is not None
    assert told.p90_seconds is not None
    assert told.p10_seconds <= told.p50_seconds <= told.p90_seconds
    return told.p50_seconds / 86_400


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


def test_truncated_three_days_ago() -> None:
    plain = Watched().lives(STEADY)
    watched = Watched().lives(STEADY[: -3 * DAY])
    watched.is_truncated()
    watched.lives(STEADY[-3 * DAY :])

    assert watched.track.consumed == watched.calls == plain.calls
    assert watched.track.resets == {Reason.RESTART: 1}
    assert likely_days(watched, 24_000) == likely_days(plain, 24_000)


def test_truncated_between_two_looks_three_days_ago() -> None:
    """Nobody can tell what was called between the last look and the reset."""
    plain = Watched().lives(STEADY)
    watched = Watched().lives(STEADY[: -3 * DAY])
    watched.is_called(60)
    watched.is_truncated()
    watched.lives([40, *STEADY[-3 * DAY + 1 :]])

    assert watched.track.consumed == watched.calls - 60
    assert likely_days(watched, 24_000) == pytest.approx(
        likely_days(plain, 24_000), rel=0.05
    )


def test_truncated_every_night() -> None:
    watched = Watched()
    for day in range(HOURS // DAY):
        watched.is_truncated()
        watched.lives(STEADY[day * DAY : (day + 1) * DAY])

    assert watched.track.consumed == watched.calls
    assert likely_days(watched, 24_000) == pytest.approx(10, rel=0.03)


def test_a_reset_below_the_old_position_that_was_passed_again() -> None:
    watched = Watched().lives([5])
    watched.is_truncated()
    watched.lives([10, 3])

    assert watched.track.consumed == watched.calls == 18


@pytest.mark.parametrize("position", [Unused(1), At(1)])
def test_put_back_to_the_start_by_setval(position: Unused | At) -> None:
    plain = Watched().lives(STEADY)
    watched = Watched().lives(STEADY[: -3 * DAY])
    watched.position = position
    watched.is_seen()
    watched.lives(STEADY[-3 * DAY :])

    # setval(…, 1) looks like one call from the start.
    assert 0 <= watched.track.consumed - watched.calls <= 1
    assert watched.track.resets == {Reason.SETVAL: 1}
    assert likely_days(watched, 24_000) == pytest.approx(
        likely_days(plain, 24_000), rel=0.05
    )


def test_put_back_half_way_by_setval() -> None:
    watched = Watched().lives(STEADY[:-DAY])
    watched.is_set(40_000)
    watched.is_seen()
    watched.lives(STEADY[-DAY:])

    assert watched.track.consumed == watched.calls
    assert likely_days(watched, 24_000) == pytest.approx(10, rel=0.03)


def test_restarted_with_a_high_value() -> None:
    """ALTER SEQUENCE … RESTART WITH, seen before the next call."""
    watched = Watched().lives(STEADY[:-DAY])
    watched.is_restarted_with(1_000_000)
    watched.is_seen()
    watched.lives(STEADY[-DAY:])

    assert watched.track.consumed == watched.calls
    assert likely_days(watched, 24_000) == pytest.approx(10, rel=0.03)


@pytest.mark.parametrize("value", [1_000, 50_000, 1_000_000])
def test_restarted_with_a_value_and_called_before_the_next_look(value: int) -> None:
    """It may as well have been truncated and filled; either comes once."""
    watched = Watched().lives(STEADY[:-DAY])
    watched.is_restarted_with(value)
    watched.lives(STEADY[-DAY:])

    assert likely_days(watched, 24_000) == pytest.approx(10, rel=0.4)


def test_restarted_with_a_value_that_nothing_in_its_life_explains() -> None:
    watched = Watched().lives(STEADY[:-DAY])
    watched.is_restarted_with(10**9)
    watched.lives(STEADY[-DAY:])

    assert watched.track.consumed == pytest.approx(watched.calls, rel=0.02)


def test_altered_to_what_it_was_and_called_before_the_next_look() -> None:
    """ALTER SEQUENCE … CACHE 1 of one that has it: a new file, and nothing else."""
    watched = Watched().lives(STEADY[:-DAY])
    watched.sequence = replace(watched.sequence, filenode=1000)
    watched.lives(STEADY[-DAY:])

    assert watched.track.consumed == watched.calls


def test_altered() -> None:
    watched = Watched().lives(STEADY[:-DAY])
    watched.sequence = replace(watched.sequence, filenode=1000, maximum=10**12)
    watched.lives(STEADY[-DAY:])

    assert watched.track.consumed == watched.calls
    assert watched.track.resets == {}


def test_dropped_and_made_anew() -> None:
    watched = Watched().lives(STEADY[:-DAY])
    watched.sequence = replace(watched.sequence, oid=1000, filenode=1000)
    watched.position = Unused(1)
    watched.lives(STEADY[-DAY:])

    assert watched.track.consumed == watched.calls
    assert watched.track.resets == {Reason.RECREATED: 1}


def test_restored_into_another_cluster() -> None:
    """With another oid and on another line, it goes on where it stood."""
    watched = Watched().lives(STEADY[:-DAY])
    watched.sequence = replace(watched.sequence, oid=1000, filenode=1000)
    watched.line = "restored"
    watched.lives(STEADY[-DAY:])

    assert watched.track.consumed == pytest.approx(watched.calls, rel=0.02)


@pytest.mark.parametrize("jump", [10**12, 10**15, 2**61])
def test_a_jump_no_calls_could_make(jump: int) -> None:
    watched = Watched().lives(STEADY[: -3 * DAY])
    watched.is_set(jump)
    watched.lives([0, *STEADY[-3 * DAY + 1 :]])

    assert watched.track.consumed == watched.calls
    assert likely_days(watched, 24_000) == pytest.approx(10, rel=0.03)


@pytest.mark.parametrize("ago", [2, 24, 3 * DAY, 10 * DAY])
@pytest.mark.parametrize("jump", [10**5, 10**7, 10**9])
def test_a_jump_that_calls_could_make_is_no_rate(jump: int, ago: int) -> None:
    """Whether they were calls nobody can tell; they come once."""
    watched = Watched().lives(STEADY[:-ago])
    watched.is_set(100 * HOURS + jump)
    watched.lives(STEADY[-ago:])

    assert likely_days(watched, 24_000) == pytest.approx(10, rel=0.4)


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


def test_truncated_downwards() -> None:
    falling = replace(BIGINT, start=-1, minimum=-(2**63), maximum=-1, increment=-1)
    watched = Watched(falling).lives(STEADY[: -3 * DAY])
    watched.is_truncated()
    watched.lives(STEADY[-3 * DAY :])

    assert watched.track.consumed == watched.calls
    assert watched.track.resets == {Reason.RESTART: 1}


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


def test_truncated_with_a_cache() -> None:
    watched = Watched(replace(BIGINT, cache=1000)).lives([1000, 0, 2000] * 300)
    watched.is_truncated()
    watched.lives([1000, 0, 2000] * 24)

    assert watched.track.consumed == watched.calls
    assert watched.track.resets == {Reason.RESTART: 1}


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


def test_truncated_while_the_agent_was_away() -> None:
    """What was called before the reset and not seen is not known."""
    watched = Watched().lives(STEADY[: -2 * WEEK])
    watched.is_called(2400 * 2)
    watched.is_truncated()
    watched.is_called(2400 * 5)
    watched.now += timedelta(hours=WEEK)
    watched.is_seen()
    watched.lives(STEADY[-WEEK:])

    assert watched.track.consumed == watched.calls - 2400 * 2
    assert watched.track.resets == {Reason.RESTART: 1}
    assert likely_days(watched, 24_000) == pytest.approx(10, rel=0.15)


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
    assert watched.forecast(10**6).rate_per_second >= 0
