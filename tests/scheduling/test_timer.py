from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from agent.clock import SystemClock
from agent.scheduling.timer import Timer
from tests.agents import until

SOON = timedelta(milliseconds=50)
POOL = "work"


@pytest.fixture
def timer() -> Iterator[Timer]:
    timer = Timer(SystemClock())
    timer.start()
    timer.add_pool(POOL, threads=2)
    yield timer
    timer.stop(within=timedelta(seconds=5))


def test_the_first_call_does_not_wait_for_the_interval(timer: Timer) -> None:
    called = threading.Event()

    timer.every(timedelta(hours=1), called.set, name="tick", pool=POOL)

    assert called.wait(5)


def test_a_tick_that_raises_is_followed_by_the_next(timer: Timer) -> None:
    calls: list[int] = []

    def fail() -> None:
        calls.append(1)
        raise RuntimeError("a bug")

    timer.every(SOON, fail, name="tick", pool=POOL)

    until(lambda: len(calls) > 2, "further ticks")


def test_a_tick_whose_predecessor_still_runs_is_skipped(timer: Timer) -> None:
    other, release, running = threading.Event(), threading.Event(), [0]

    def work() -> None:
        running[0] += 1
        release.wait(10)

    timer.every(SOON, work, name="slow", pool=POOL)
    timer.every(SOON * 10, other.set, name="other", pool=POOL)
    until(other.is_set, "ticks of others meanwhile")

    assert running == [1]
    release.set()


def test_a_cancelled_tick_is_not_called_again(timer: Timer) -> None:
    calls: list[int] = []
    timer.every(SOON, lambda: calls.append(1), name="tick", pool=POOL)
    until(lambda: calls, "a call")

    timer.cancel("tick")
    timer.cancel("tick")
    seen = len(calls)
    marker = threading.Event()
    timer.every(SOON * 4, marker.set, name="later", pool=POOL)
    until(marker.is_set, "a later tick")

    assert len(calls) <= seen + 1


def test_a_pool_that_is_busy_holds_up_no_other(timer: Timer) -> None:
    release, called = threading.Event(), threading.Event()

    def hang() -> None:
        release.wait(10)

    timer.add_pool("other", threads=1)
    for i in range(4):
        timer.every(timedelta(hours=1), hang, name=f"busy {i}", pool=POOL)

    timer.every(timedelta(hours=1), called.set, name="free", pool="other")

    assert called.wait(5)
    release.set()


def test_stopping_tells_whether_all_calls_ended() -> None:
    timer, release = Timer(SystemClock()), threading.Event()
    started = threading.Event()

    def hang() -> None:
        started.set()
        release.wait(10)

    timer.start()
    timer.add_pool(POOL, threads=1)
    timer.every(timedelta(hours=1), hang, name="hang", pool=POOL)
    started.wait(5)

    assert not timer.stop(within=timedelta(milliseconds=50))
    release.set()
