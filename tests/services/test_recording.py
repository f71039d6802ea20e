from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from agent.domain.sequences import At
from agent.services.recording import Recorder
from agent.services.tracking import Seen, Tracker
from tests.domain.statuses import BIGINT
from tests.services.fakes import FakeHistory, stopped_clock
from tests.stopped_clock import StoppedClock


@dataclass
class Desk:
    """A recorder with its history and clock, and how often it failed."""

    history: FakeHistory = field(default_factory=FakeHistory)
    clock: StoppedClock = field(default_factory=stopped_clock)
    failures: list[None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.recorder = self.restarted()

    def restarted(self) -> Recorder:
        """Another agent on the same history."""
        return Recorder(
            self.history,
            clock=self.clock,
            on_failure=lambda: self.failures.append(None),
        )

    def see(self, tracker: Tracker, value: int) -> None:
        self.clock.move(timedelta(minutes=1))
        tracker.follow(
            Seen(
                at=self.clock.now(),
                order=self.clock.monotonic(),
                line="7/1",
                positions=[(BIGINT, At(value))],
            )
        )

    def consumed(self, tracker: Tracker) -> int:
        usage = tracker.usage(BIGINT, 10, self.clock.now())
        assert usage is not None
        return usage.consumed


def test_a_restarted_agent_goes_on_counting() -> None:
    desk = Desk()
    tracker = desk.recorder.tracker("s", "app")
    desk.see(tracker, 10)
    desk.see(tracker, 15)
    desk.recorder.write()

    again = desk.restarted().tracker("s", "app")
    desk.see(again, 18)

    assert desk.consumed(again) == 8


def test_a_database_that_comes_back_has_its_tracker_again() -> None:
    desk = Desk()
    tracker = desk.recorder.tracker("s", "app")

    desk.recorder.forget("s", "app")

    assert desk.recorder.tracker("s", "app") is tracker


def test_a_database_that_is_gone_is_written_and_let_go() -> None:
    desk = Desk()
    tracker = desk.recorder.tracker("s", "app")
    desk.see(tracker, 10)
    desk.recorder.forget("s", "app")

    desk.recorder.write()

    assert ("s", "app") in desk.history.chapters
    assert desk.recorder.tracker("s", "app") is not tracker


def test_nothing_is_written_where_no_round_came() -> None:
    desk = Desk()
    desk.see(desk.recorder.tracker("s", "app"), 10)
    desk.recorder.write()
    calls = desk.history.calls

    desk.recorder.write()

    assert desk.history.calls == calls


def test_what_could_not_be_written_is_written_later() -> None:
    desk = Desk()
    tracker = desk.recorder.tracker("s", "app")
    desk.see(tracker, 10)
    desk.recorder.write()
    desk.history.broken = True
    desk.see(tracker, 15)
    desk.recorder.write()
    desk.see(tracker, 17)
    desk.recorder.write()

    desk.history.broken = False
    desk.clock.move(timedelta(minutes=1))
    desk.recorder.write()

    (record,) = desk.history.chapters["s", "app"].values()
    assert record.consumed == 7
    assert len(desk.failures) == 2


def test_sampling_begins_without_a_history_that_cannot_be_read() -> None:
    desk = Desk()
    desk.see(desk.recorder.tracker("s", "app"), 10)
    desk.recorder.write()
    desk.history.broken = True
    later = desk.restarted()
    tracker = later.tracker("s", "app")
    desk.see(tracker, 15)
    desk.see(tracker, 16)
    assert desk.consumed(tracker) == 1

    desk.history.broken = False
    desk.clock.move(timedelta(minutes=1))
    later.write()

    assert desk.consumed(tracker) == 6


def test_a_history_that_fails_is_asked_once_for_all_new_databases() -> None:
    desk = Desk()
    desk.history.broken = True

    for number in range(100):
        desk.recorder.tracker("s", f"database_{number}")

    assert desk.history.calls == 1


def test_a_failure_is_logged_when_it_begins_and_when_it_ends() -> None:
    desk = Desk()
    desk.see(desk.recorder.tracker("s", "app"), 10)
    desk.history.broken = True

    with capture_logs() as logged:
        for broken in (True, True, False, False):
            desk.history.broken = broken
            desk.clock.move(timedelta(minutes=1))
            desk.recorder.write()

    assert [entry["event"] for entry in logged] == [
        "history_failed",
        "history_works_again",
    ]
    assert logged[0]["error"] == "disk is full"


@pytest.mark.parametrize(("days", "pruned"), [(0.5, 1), (1.5, 2)])
def test_old_history_is_pruned_once_a_day(days: float, pruned: int) -> None:
    desk = Desk()

    desk.recorder.write()
    desk.recorder.write()
    desk.clock.move(timedelta(days=days))
    desk.recorder.write()

    assert desk.history.calls == pruned


@pytest.mark.parametrize("step", [timedelta(days=-1), timedelta(days=1000)], ids=str)
def test_a_day_that_only_the_clock_leapt_over_prunes_nothing(step: timedelta) -> None:
    desk = Desk()
    desk.recorder.write()

    desk.clock.step(step)
    desk.recorder.write()

    assert desk.history.calls == 1


def test_a_history_that_fails_is_tried_ever_more_seldom_up_to_once_a_minute() -> None:
    desk = Desk()
    desk.history.broken = True
    tries = []

    for second in range(600):
        before = desk.history.calls
        desk.recorder.write()
        if desk.history.calls > before:
            tries.append(second)
        desk.clock.move(timedelta(seconds=1))

    waits = [after - before for before, after in pairwise(tries)]
    assert waits[0] <= 2
    assert max(waits[:3]) < 8
    assert all(30 <= wait <= 61 for wait in waits[6:])
    assert len(waits[6:]) >= 5


def test_the_last_words_are_written_whatever_the_wait() -> None:
    desk = Desk()
    desk.see(desk.recorder.tracker("s", "app"), 10)
    desk.history.broken = True
    desk.recorder.write()

    desk.history.broken = False
    desk.recorder.write(last=True)

    assert ("s", "app") in desk.history.chapters
