"""Each tick of a job is run at its time, or written down as missed for what reason."""

from __future__ import annotations

from threading import Event
from zoneinfo import ZoneInfo

from agent.domain.resets.ledger import Status
from agent.domain.resets.runs import Failed
from agent.domain.schedules.cron import parse_cron
from agent.domain.schedules.missed import ABSENT
from agent.domain.schedules.ticks import CronSchedule
from tests.agents import until
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


def test_a_tick_runs_at_its_time_and_once(stage: Stage) -> None:
    stage.apply(stage.job())

    stage.at(THREE - SECOND)
    assert stage.ticks() == []
    stage.at(THREE + SECOND)
    stage.at(THREE + 2 * SECOND)

    assert stage.ticks() == [THREE]
    assert len(stage.shown.ends) == 1
    assert stage.target.ran[0].trigger == "schedule"
    assert stage.target.ran[0].schedule == "every 3600s"


def test_a_tick_may_wait_for_other_jobs_until_its_deadline(stage: Stage) -> None:
    stage.apply(stage.job(start_deadline=10 * MINUTE))

    stage.at(THREE + 2 * SECOND)

    assert stage.ticks() == [THREE]
    assert stage.target.start_bys == [stage.clock.monotonic() + 598]


def test_what_comes_next_is_told(stage: Stage) -> None:
    zone = CronSchedule(cron=parse_cron("0 3 * * *"), zone=ZoneInfo("UTC"))
    stage.apply(stage.job(zone))

    stage.at(THREE - MINUTE)
    assert stage.shown.coming == {"nightly": THREE}

    stage.at(THREE + MINUTE)
    assert stage.shown.coming == {"nightly": THREE + DAY}


def test_a_job_by_hand_and_a_suspended_one_have_no_ticks(stage: Stage) -> None:
    stage.apply(stage.job(None, name="by hand"), stage.job(suspended=True))

    stage.at(THREE + MINUTE)

    assert stage.shown.coming == {"by hand": None, "nightly": None}
    assert stage.ticks() == []


def test_ticks_that_came_while_nobody_was_there_are_missed_and_not_caught_up(
    stage: Stage,
) -> None:
    stage.target.last = record(HOURLY, THREE - 5 * HOUR)
    stage.clock.move(31 * MINUTE)
    stage.apply(stage.job(), unchanged_for=LONG_AGO)

    stage.jobs.look()

    late = "could not start within 0:15:00"
    expected = [(THREE - n * HOUR, Status.MISSED, late) for n in range(4, -1, -1)]
    until(lambda: stage.target.noted == expected, "five notes")
    assert stage.shown.lost_ticks == 5
    assert stage.ticks() == []


def test_a_tick_that_was_young_enough_is_missed_for_a_newer_one(stage: Stage) -> None:
    minutely = CronSchedule(cron=parse_cron("* * * * *"), zone=ZoneInfo("UTC"))
    stage.apply(stage.job(minutely, start_deadline=150 * SECOND))
    stage.at(THREE)
    assert stage.ticks() == [THREE]

    stage.at(THREE + 5 * MINUTE)

    until(lambda: len(stage.target.noted) == 4, "four notes")
    assert stage.target.noted == [
        (THREE + 1 * MINUTE, Status.MISSED, "could not start within 0:02:30"),
        (THREE + 2 * MINUTE, Status.MISSED, "could not start within 0:02:30"),
        (THREE + 3 * MINUTE, Status.MISSED, "a newer tick was due by then"),
        (THREE + 4 * MINUTE, Status.MISSED, "a newer tick was due by then"),
    ]
    assert stage.ticks() == [THREE, THREE + 5 * MINUTE]


def test_missed_ticks_are_noted_though_others_are_still_being_noted(
    stage: Stage,
) -> None:
    stage.target.last = record(HOURLY, THREE - 3 * HOUR)
    stage.apply(stage.job(), unchanged_for=MINUTE)
    until(lambda: len(stage.target.noted) == 2, "the ticks of the absence")
    stage.target.reluctant = Event()

    stage.at(THREE + 2 * HOUR)
    assert stage.ticks() == [THREE + 2 * HOUR]
    stage.at(THREE + 4 * HOUR)
    stage.target.reluctant.set()

    until(lambda: len(stage.target.noted) == 5, "the other ticks")
    assert sorted(at for at, _, _ in stage.target.noted) == [
        *(THREE - 2 * HOUR, THREE - HOUR),
        *(THREE, THREE + HOUR, THREE + 3 * HOUR),
    ]
    assert {reason for _, _, reason in stage.target.noted[:2]} == {ABSENT}


def test_a_job_that_is_still_at_work_skips_its_next_tick(stage: Stage) -> None:
    stage.target.held = Event()
    stage.apply(stage.job())
    stage.at(THREE)
    until(lambda: stage.target.ran, "the first run")

    stage.at(THREE + HOUR)
    until(lambda: stage.target.noted, "a note")
    stage.target.held.set()

    skipped = (THREE + HOUR, Status.SKIPPED, "the run before was still at work")
    assert stage.target.noted == [skipped]
    assert stage.ticks() == [THREE]
    assert stage.shown.skips == 1
    assert stage.shown.seconds == [HOUR.total_seconds()]


def test_a_target_that_cannot_be_reached_at_the_start_has_its_ticks_all_the_same(
    stage: Stage,
) -> None:
    stage.target.broken = True
    stage.apply(stage.job())

    stage.at(THREE)

    until(lambda: stage.shown.ends, "the end")
    assert stage.shown.ends == [Failed(reason="connection refused")]


def test_a_tick_that_failed_is_not_run_again_when_the_target_can_be_reached(
    stage: Stage,
) -> None:
    stage.target.broken = True
    stage.target.last = record(HOURLY, THREE - HOUR)
    stage.apply(stage.job(), unchanged_for=LONG_AGO)
    stage.at(THREE)
    assert stage.ticks() == [THREE]

    stage.target.broken = False
    stage.attend()
    stage.at(THREE + MINUTE)
    assert stage.ticks() == [THREE]

    stage.at(THREE + HOUR)
    assert stage.ticks() == [THREE, THREE + HOUR]


def test_a_target_that_stays_out_of_reach_has_each_tick_once(stage: Stage) -> None:
    stage.target.broken = True
    stage.apply(stage.job())
    stage.at(THREE)
    assert stage.ticks() == [THREE]

    stage.attend_in_vain()
    stage.jobs.look()

    assert stage.ticks() == [THREE]


def test_a_tick_from_before_the_start_runs_when_the_target_can_be_reached(
    stage: Stage,
) -> None:
    stage.target.last = record(HOURLY, THREE - HOUR)
    stage.target.broken = True
    stage.clock.move(2 * MINUTE)
    stage.restart()
    stage.apply(stage.job(), unchanged_for=LONG_AGO)
    stage.at(THREE + 3 * MINUTE)
    assert stage.ticks() == []

    stage.target.broken = False
    stage.attend()
    stage.at(THREE + 4 * MINUTE)

    assert stage.ticks() == [THREE]


def test_a_job_that_is_gone_from_the_configuration_ticks_no_more(stage: Stage) -> None:
    stage.apply(stage.job())

    stage.apply()
    stage.at(THREE)

    assert stage.shown.coming == {}
    assert stage.ticks() == []


def test_the_ledger_is_shortened_from_time_to_time(stage: Stage) -> None:
    stage.apply(stage.job())

    until(lambda: stage.target.tidied, "a shorter ledger")
