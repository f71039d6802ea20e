from __future__ import annotations

from datetime import timedelta

from agent.health import LONGEST_SILENCE, Health
from tests.domain.statuses import NOON
from tests.stopped_clock import StoppedClock

INSTANT = timedelta(microseconds=1000)


def health(clock: StoppedClock | None = None) -> Health:
    return Health(clock or StoppedClock(NOON))


def test_an_agent_that_has_just_started_is_alive() -> None:
    clock = StoppedClock(NOON)
    started = health(clock)

    clock.move(LONGEST_SILENCE - INSTANT)

    assert started.alive()


def test_a_scheduler_that_has_not_ticked_for_ten_seconds_is_not_alive() -> None:
    clock = StoppedClock(NOON)
    started = health(clock)

    clock.move(LONGEST_SILENCE)

    assert not started.alive()
    assert started.silence() == timedelta(seconds=10)


def test_a_tick_brings_it_back() -> None:
    clock = StoppedClock(NOON)
    started = health(clock)
    clock.move(timedelta(hours=1))

    started.beat()

    assert started.alive()


def test_without_a_configuration_that_is_what_is_awaited() -> None:
    assert health().awaited() == ("a configuration",)


def test_every_configured_server_is_awaited_until_it_had_a_round() -> None:
    started = health()
    started.configured(["east", "west"])

    started.round_done("east")

    assert started.awaited() == ("the first round of server 'west'",)


def test_it_is_ready_once_all_servers_had_a_round() -> None:
    started = health()
    started.configured(["east", "west"])

    started.round_done("west")
    started.round_done("east")

    assert started.awaited() == ()


def test_a_new_configuration_awaits_only_the_servers_that_are_new() -> None:
    started = health()
    started.configured(["east"])
    started.round_done("east")

    started.configured(["east", "north"])

    assert started.awaited() == ("the first round of server 'north'",)


def test_a_server_that_was_removed_and_came_back_is_awaited_again() -> None:
    started = health()
    started.configured(["east", "west"])
    started.round_done("west")

    started.configured(["east"])
    started.configured(["west"])

    assert started.awaited() == ("the first round of server 'west'",)
