"""Ticks count by the server's clock, whatever that of the agent shows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from agent.domain.resets.runs import Early
from tests.scheduling.stage import (
    DAY,
    HOUR,
    HOURLY,
    LONG_AGO,
    MINUTE,
    SECOND,
    THREE,
    Stage,
    record,
)

COUNT = "the server's; ticks count by the server's"
SKEWS = [sign * skew for skew in (3 * MINUTE, 5 * HOUR, 800 * DAY) for sign in (-1, 1)]


@pytest.mark.parametrize("ahead", SKEWS, ids=str)
def test_a_tick_runs_by_the_clock_of_its_server(stage: Stage, ahead: timedelta) -> None:
    stage.clock.step(ahead)
    stage.target.behind = ahead
    stage.apply(stage.job())

    stage.at(THREE + ahead - SECOND)
    assert stage.ticks() == []
    assert stage.shown.coming == {"nightly": THREE}
    stage.at(THREE + ahead)

    assert stage.ticks() == [THREE]
    assert stage.target.early == []


@pytest.mark.parametrize("step", SKEWS, ids=str)
def test_a_step_of_the_agents_clock_moves_no_tick(
    stage: Stage, step: timedelta
) -> None:
    stage.apply(stage.job())

    stage.clock.step(step)
    stage.target.behind = step
    stage.jobs.look()
    assert stage.ticks() == []
    stage.at(THREE + step)

    assert stage.ticks() == [THREE]
    assert stage.target.noted == []


@pytest.mark.parametrize("skew", SKEWS, ids=str)
def test_after_a_restart_ages_are_those_of_the_servers_clock(
    stage: Stage, skew: timedelta
) -> None:
    stage.target.last = record(HOURLY, THREE - HOUR)
    stage.clock.step(skew)
    stage.target.behind = skew
    stage.clock.move(5 * MINUTE)
    stage.restart()

    stage.apply(stage.job(), unchanged_for=LONG_AGO)
    stage.jobs.look()

    assert stage.ticks() == [THREE]


def test_a_server_whose_clock_goes_back_a_little_sees_no_tick_again(
    stage: Stage,
) -> None:
    stage.apply(stage.job())
    stage.at(THREE)
    assert stage.ticks() == [THREE]

    stage.target.behind = 30 * SECOND
    stage.attend()
    stage.jobs.look()
    stage.at(THREE + 45 * SECOND)

    assert stage.ticks() == [THREE]


def test_a_server_whose_clock_goes_back_by_much_is_not_waited_for(stage: Stage) -> None:
    stage.apply(stage.job())
    stage.at(THREE)
    assert stage.ticks() == [THREE]

    stage.target.behind = 5 * HOUR
    stage.attend()
    stage.jobs.look()
    stage.at(THREE + HOUR)

    # Four hours of it are there again; the ledger knows what has run.
    assert stage.ticks() == [THREE, THREE - 4 * HOUR]


def test_a_database_that_was_armed_in_the_future_is_not_waited_for(
    stage: Stage,
) -> None:
    stage.target.armed_at = THREE + DAY
    stage.apply(stage.job())

    stage.clock.move(2 * MINUTE)
    stage.attend()
    stage.jobs.look()

    assert stage.ticks() == [THREE]


def test_a_tick_that_the_server_finds_early_is_told_and_run_at_its_time(
    stage: Stage,
) -> None:
    stage.apply(stage.job())
    stage.target.behind = 5 * HOUR  # since it was asked

    with capture_logs() as logged:
        stage.at(THREE + SECOND)
        assert stage.ticks() == []
    assert [each for each in logged if each["event"] == "tick_early"] == [
        {
            "event": "tick_early",
            "log_level": "warning",
            "job": "nightly",
            "tick": str(THREE),
            "reason": "this agent's clock is 4 hours 59 minutes 59 seconds"
            " ahead of the server's",
        }
    ]
    assert stage.shown.ends == [Early(ahead=5 * HOUR - SECOND)]
    assert stage.target.noted == []

    stage.at(THREE + 2 * SECOND)
    stage.at(THREE + 5 * HOUR - SECOND)
    assert stage.ticks() == []
    assert len(stage.target.early) == 1
    stage.at(THREE + 5 * HOUR)

    assert stage.ticks() == [THREE]


def test_a_tick_that_was_early_by_a_moment_is_no_news(stage: Stage) -> None:
    stage.apply(stage.job())
    stage.target.behind = SECOND / 10

    with capture_logs() as logged:
        stage.at(THREE)
        assert stage.ticks() == []
    stage.at(THREE + SECOND)

    assert stage.ticks() == [THREE]
    assert {each["log_level"] for each in logged} == {"debug"}


def test_without_the_servers_clock_the_agents_own_has_to_do(stage: Stage) -> None:
    stage.target.broken = True
    stage.target.behind = 5 * HOUR
    stage.apply(stage.job())
    stage.at(THREE)
    assert stage.ticks() == []
    assert [tick.scheduled_for for tick in stage.target.early] == [THREE]

    stage.target.broken = False
    stage.attend()
    stage.jobs.look()
    stage.at(THREE + 5 * HOUR)

    assert stage.ticks()[-1] == THREE


def test_a_clock_that_differs_is_told_when_it_begins_and_when_it_ends(
    stage: Stage,
) -> None:
    with capture_logs() as logged:
        stage.apply(stage.job(), stage.job(name="other"))
        for ahead in (4 * SECOND, 90 * SECOND, 91 * SECOND, -HOUR, timedelta()):
            stage.target.behind = ahead
            stage.attend()

    told = [
        (each["log_level"], each["event"], each["seconds"], each.get("reason"))
        for each in logged
        if each["event"].startswith("clock_")
    ]
    assert told == [
        (
            "warning",
            "clock_skewed",
            90.0,
            f"this agent's clock is 1 minute 30 seconds ahead of {COUNT}",
        ),
        (
            "warning",
            "clock_skewed",
            -3600.0,
            f"this agent's clock is 1 hour behind {COUNT}",
        ),
        ("info", "clock_agreed", 0.0, None),
    ]


def test_a_job_that_shares_its_name_is_told_when_it_begins_and_when_it_ends(
    stage: Stage,
) -> None:
    with capture_logs() as logged:
        stage.apply(stage.job())
        for strangers in (2, 3, 0):
            stage.target.strangers = strangers
            stage.attend()

    told = [
        (each["log_level"], each["event"], each.get("ticks"))
        for each in logged
        if each["event"].startswith("job_name_")
    ]
    assert told == [("warning", "job_name_shared", 2), ("info", "job_name_free", None)]
