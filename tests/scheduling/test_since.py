"""The past never runs: ticks count since a job is what it is, over restarts too."""

from __future__ import annotations

import threading
from datetime import timedelta
from threading import Event
from typing import Any

import pytest

from agent.domain.resets.ledger import RunRecord, Status
from agent.domain.schedules.missed import ABSENT, UNARMED
from agent.domain.schedules.ticks import Every
from tests.agents import until
from tests.scheduling.stage import (
    DAY,
    HOUR,
    HOURLY,
    LONG_AGO,
    MINUTE,
    SECOND,
    THREE,
    FakeTarget,
    Stage,
    record,
)

# Started ten minutes after the tick of three o'clock, within its deadline.
LATER = 11 * MINUTE


def restarted(
    stage: Stage,
    *,
    unchanged_for: timedelta = LONG_AGO,
    last: RunRecord | None = None,
    **changed: Any,
) -> None:
    """A new life of the agent, after one in which the tick before ran."""
    stage.target.last = last or record(HOURLY, THREE - HOUR)
    stage.clock.move(LATER)
    stage.restart()
    stage.apply(stage.job(**changed), unchanged_for=unchanged_for)
    stage.jobs.look()


def test_after_a_restart_a_tick_that_is_not_too_late_runs(stage: Stage) -> None:
    restarted(stage)

    assert stage.ticks() == [THREE]


@pytest.mark.parametrize("ago", [timedelta(), MINUTE, 9 * MINUTE, 10 * MINUTE], ids=str)
def test_a_tick_that_is_older_than_the_configuration_does_not_run(
    stage: Stage, ago: timedelta
) -> None:
    restarted(stage, unchanged_for=ago)

    assert stage.ticks() == []
    stage.at(THREE + HOUR)
    assert stage.ticks() == [THREE + HOUR]


def test_a_tick_that_is_younger_than_the_configuration_runs_after_a_restart(
    stage: Stage,
) -> None:
    restarted(stage, unchanged_for=10 * MINUTE + SECOND)

    assert stage.ticks() == [THREE]


def test_a_tick_from_before_the_database_was_armed_does_not_run(stage: Stage) -> None:
    stage.target.armed_at = THREE + SECOND

    restarted(stage)

    assert stage.ticks() == []


def test_a_tick_after_the_database_was_armed_runs(stage: Stage) -> None:
    stage.target.armed_at = THREE - SECOND

    restarted(stage)

    assert stage.ticks() == [THREE]


OTHERS = {
    "schedule": record(Every(interval=DAY), THREE - HOUR),
    "work": record(HOURLY, THREE - HOUR, job_sha256="another"),
    "future": record(HOURLY, THREE + DAY),
}


@pytest.mark.parametrize("last", OTHERS.values(), ids=OTHERS.keys())
def test_what_another_job_or_another_time_had_says_nothing_of_this_one(
    stage: Stage, last: RunRecord
) -> None:
    restarted(stage, last=last)

    assert stage.ticks() == []
    assert stage.target.noted == []
    stage.at(THREE + HOUR)
    assert stage.ticks() == [THREE + HOUR]


def test_a_job_that_is_suspended_at_the_start_begins_when_it_is_resumed(
    stage: Stage,
) -> None:
    restarted(stage, suspended=True)

    stage.apply(stage.job())
    stage.jobs.look()

    assert stage.ticks() == []


def test_ticks_of_an_absence_are_told_when_nobody_can_run_them_any_more(
    stage: Stage,
) -> None:
    restarted(stage, last=record(HOURLY, THREE - 3 * HOUR), unchanged_for=MINUTE)
    until(lambda: len(stage.target.noted) == 2, "the two that are too old")

    stage.attend()
    stage.clock.move(6 * MINUTE)
    stage.attend()
    until(lambda: len(stage.target.noted) == 3, "the third")
    stage.attend()

    assert stage.target.noted == [
        (THREE - n * HOUR, Status.MISSED, ABSENT) for n in (2, 1, 0)
    ]
    assert stage.shown.lost_ticks == 3
    assert stage.ticks() == []


def test_a_tick_of_an_absence_that_another_agent_ran_is_not_missed(
    stage: Stage,
) -> None:
    restarted(stage, unchanged_for=MINUTE)

    stage.target.last = record(HOURLY, THREE)
    stage.clock.move(HOUR)
    stage.attend()

    assert stage.shown.lost_ticks == 0
    assert stage.target.noted == []


def test_only_ticks_of_the_absence_are_told_as_such(stage: Stage) -> None:
    restarted(stage, unchanged_for=MINUTE)

    stage.at(THREE + HOUR)
    assert stage.ticks() == [THREE + HOUR]
    stage.clock.move(30 * MINUTE)
    stage.attend()

    until(lambda: stage.target.noted, "the tick of the absence")
    assert [at for at, _, _ in stage.target.noted] == [THREE]
    assert stage.shown.lost_ticks == 1


def test_an_absence_of_what_a_job_was_before_is_not_told(stage: Stage) -> None:
    restarted(stage, unchanged_for=MINUTE)

    stage.apply(stage.job(job_sha256="another"))
    stage.clock.move(30 * MINUTE)
    stage.attend()

    assert stage.shown.lost_ticks == 0


def test_of_a_long_absence_the_newest_hundred_ticks_are_named(stage: Stage) -> None:
    last = record(HOURLY, THREE - 500 * HOUR)
    restarted(stage, last=last, unchanged_for=MINUTE)

    until(lambda: len(stage.target.noted) == 100, "a hundred notes")

    assert stage.shown.lost_ticks == 499
    assert stage.target.noted[-1][0] == THREE - HOUR


def test_ticks_from_before_the_arming_are_told_as_such(stage: Stage) -> None:
    stage.target.armed_at = THREE - 90 * MINUTE
    restarted(stage, last=record(HOURLY, THREE - 4 * HOUR), unchanged_for=MINUTE)

    until(lambda: len(stage.target.noted) == 3, "three notes")

    reasons = {at: reason for at, _, reason in stage.target.noted}
    assert reasons == {
        THREE - 3 * HOUR: UNARMED,
        THREE - 2 * HOUR: UNARMED,
        THREE - HOUR: ABSENT,
    }


CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "resumed": ({"suspended": True}, {}),
    "rescheduled": ({"schedule": Every(interval=DAY)}, {}),
    "scheduled": ({"schedule": None}, {}),
    "other work": ({"job_sha256": "another"}, {}),
    "other server": ({"server": "elsewhere"}, {}),
    "other database": ({"database": "another"}, {}),
}


@pytest.mark.parametrize(("before", "after"), CHANGES.values(), ids=CHANGES.keys())
def test_a_job_that_became_another_begins_then(
    stage: Stage, before: dict[str, Any], after: dict[str, Any]
) -> None:
    stage.target.last = record(HOURLY, THREE - HOUR)
    stage.apply(stage.job(**before), unchanged_for=LONG_AGO)
    stage.clock.move(2 * MINUTE)

    stage.apply(stage.job(**after))
    stage.jobs.look()

    assert stage.ticks() == []
    stage.at(THREE + HOUR)
    assert stage.ticks() == [THREE + HOUR]


def test_a_job_that_left_the_configuration_begins_when_it_is_back(stage: Stage) -> None:
    stage.target.last = record(HOURLY, THREE - HOUR)
    stage.apply(stage.job(), unchanged_for=LONG_AGO)
    stage.apply()
    stage.clock.move(2 * MINUTE)

    stage.apply(stage.job(), unchanged_for=LONG_AGO)
    stage.jobs.look()

    assert stage.ticks() == []


def test_a_job_that_moved_to_a_server_whose_clock_is_ahead_begins_then(
    stage: Stage,
) -> None:
    stage.apply(stage.job())
    elsewhere = FakeTarget(stage.clock, behind=-5 * HOUR - 11 * MINUTE)

    stage.apply(stage.job(server="elsewhere", target=elsewhere))
    stage.jobs.look()

    assert elsewhere.now() == THREE + 5 * HOUR + 10 * MINUTE
    assert stage.ticks() == []
    assert elsewhere.ran == []


def test_a_change_before_the_target_was_ever_asked_begins_then(stage: Stage) -> None:
    stage.target.last = record(HOURLY, THREE - HOUR)
    stage.target.reluctant = Event()
    stage.jobs.apply([stage.job(suspended=True)], unchanged_for=LONG_AGO)
    stage.clock.move(2 * MINUTE)
    stage.jobs.apply([stage.job()])
    stage.target.reluctant.set()
    until(lambda: stage.shown.attentions, "an answer")
    stage.attend()
    stage.jobs.look()

    assert stage.ticks() == []


def test_what_does_not_change_a_job_takes_no_tick_from_it(stage: Stage) -> None:
    stage.apply(stage.job())
    stage.clock.move(MINUTE)

    stage.apply(stage.job(start_deadline=HOUR))
    stage.jobs.look()

    assert stage.ticks() == [THREE]


def with_a_tick_that_waits_for_its_turn(stage: Stage) -> None:
    stage.apply(stage.job())
    stage.at(THREE)
    assert stage.ticks() == [THREE]
    stage.target.reluctant = Event()
    stage.jobs.apply([stage.job()])  # asks, and has one of two threads
    stage.at(THREE + 4 * HOUR)  # notes what is missed, and has the other


def test_a_tick_that_waits_for_its_turn_is_let_go_when_its_job_is_suspended(
    stage: Stage,
) -> None:
    with_a_tick_that_waits_for_its_turn(stage)

    stage.jobs.apply([stage.job(suspended=True)])
    with_its_turn(stage)

    assert stage.ticks() == [THREE]


@pytest.mark.parametrize("handed_over", [False, True])
@pytest.mark.parametrize("others", [[], ["weekly"]])
def test_a_tick_that_waits_for_its_turn_is_let_go_when_its_job_is_taken_away(
    stage: Stage,
    others: list[str],
    handed_over: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with_a_tick_that_waits_for_its_turn(stage)
    if handed_over:
        until(lambda: is_handed_over(stage), "the tick to be with its threads")

    stage.jobs.apply([stage.job(name=name) for name in others])
    with_its_turn(stage)
    until(lambda: not any(map(of_nightly, threading.enumerate())), "its threads to end")

    assert [tick.scheduled_for for tick in stage.target.ran] == [THREE]
    assert [each for each in caplog.records if each.levelname == "ERROR"] == []


def test_a_tick_that_waits_for_its_turn_is_let_go_when_its_job_was_taken_away_meanwhile(
    stage: Stage,
) -> None:
    with_a_tick_that_waits_for_its_turn(stage)
    until(lambda: is_handed_over(stage), "the tick to be with its threads")

    stage.jobs.apply([])
    stage.jobs.apply([stage.job()])
    with_its_turn(stage)
    stage.attend()

    assert stage.ticks() == [THREE]


def with_its_turn(stage: Stage) -> None:
    assert stage.target.reluctant is not None
    stage.target.reluctant.set()


def is_handed_over(stage: Stage) -> bool:
    """The scheduler keeps nothing but what comes again."""
    names = [job.id for job in stage.timer._scheduler.get_jobs()]
    return not any(name.startswith("nightly: ") for name in names)


def of_nightly(thread: threading.Thread) -> bool:
    return thread.name.startswith("job nightly_")


def test_arming_again_lets_go_of_what_came_before(stage: Stage) -> None:
    stage.target.armed_at = THREE - DAY
    stage.apply(stage.job())
    stage.clock.move(2 * MINUTE)
    stage.target.armed_at = THREE + SECOND

    stage.attend()
    stage.jobs.look()

    assert stage.ticks() == []
    stage.at(THREE + HOUR)
    assert stage.ticks() == [THREE + HOUR]
