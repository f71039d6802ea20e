"""What resets, jumps and changes of a sequence do to what is known of its calls."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from agent.domain.consumption.steps import Reason
from agent.domain.forecasting.shapes import DAY, WEEK
from agent.domain.sequences import At, Unused
from tests.domain.statuses import BIGINT
from tests.forecast.watched import HOURS, STEADY, Watched, likely_days


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


def test_truncated_downwards() -> None:
    falling = replace(BIGINT, start=-1, minimum=-(2**63), maximum=-1, increment=-1)
    watched = Watched(falling).lives(STEADY[: -3 * DAY])
    watched.is_truncated()
    watched.lives(STEADY[-3 * DAY :])

    assert watched.track.consumed == watched.calls
    assert watched.track.resets == {Reason.RESTART: 1}


def test_truncated_with_a_cache() -> None:
    watched = Watched(replace(BIGINT, cache=1000)).lives([1000, 0, 2000] * 300)
    watched.is_truncated()
    watched.lives([1000, 0, 2000] * 24)

    assert watched.track.consumed == watched.calls
    assert watched.track.resets == {Reason.RESTART: 1}


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
