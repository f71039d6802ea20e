from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise

import pytest

from agent.clock import SystemClock
from agent.scheduling.timer import Timer
from tests.agents import until
from tests.stepping_clock import WallClock, stepping_clock

SOON = timedelta(milliseconds=50)
DAY = timedelta(days=1)
STEPS = [
    *(timedelta(seconds=2), timedelta(seconds=90), timedelta(hours=5)),
    *(DAY, 400 * DAY, 20_000 * DAY),
]
BOTH_WAYS = [sign * step for step in STEPS for sign in (-1, 1)]
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


@pytest.fixture
def wall() -> Iterator[WallClock]:
    with stepping_clock() as wall:
        yield wall


def ticks_go_on(calls: Sequence[object]) -> None:
    seen = len(calls)
    # A second of it for a tick that was being waited for by the clock as it was.
    until(lambda: len(calls) > seen + 2, "further ticks", seconds=2.0)


@pytest.mark.parametrize("step", BOTH_WAYS, ids=str)
def test_a_clock_that_is_set_stops_no_ticks(
    wall: WallClock, timer: Timer, step: timedelta
) -> None:
    calls: list[int] = []
    timer.every(SOON, lambda: calls.append(1), name="tick", pool=POOL)
    until(lambda: len(calls) > 2, "ticks before")

    wall.step(step)

    ticks_go_on(calls)


def test_a_clock_that_is_set_while_the_scheduler_looks_at_it_stops_no_ticks(
    wall: WallClock, timer: Timer
) -> None:
    calls: list[int] = []
    timer.every(SOON, lambda: calls.append(1), name="tick", pool=POOL)

    for _ in range(3):
        wall.step_after_reading(-DAY)
        ticks_go_on(calls)


@pytest.mark.parametrize("step", BOTH_WAYS, ids=str)
def test_a_clock_that_is_set_brings_no_tick_before_its_interval(
    wall: WallClock, timer: Timer, step: timedelta
) -> None:
    calls: list[int] = []
    beats: list[int] = []
    timer.every(timedelta(hours=1), lambda: calls.append(1), name="hourly", pool=POOL)
    timer.every(SOON, lambda: beats.append(1), name="beat", pool=POOL)
    until(lambda: calls and beats, "the first ticks")

    wall.step(step)
    ticks_go_on(beats)

    assert len(calls) == 1


@pytest.mark.parametrize("step", BOTH_WAYS, ids=str)
def test_what_is_asked_for_after_the_clock_was_set_comes_at_once(
    wall: WallClock, timer: Timer, step: timedelta
) -> None:
    called, again = threading.Event(), threading.Event()
    timer.every(timedelta(hours=1), called.set, name="tick", pool=POOL)
    assert called.wait(2)

    wall.step(step)
    timer.every(timedelta(hours=1), again.set, name="tick", pool=POOL)

    assert again.wait(2)


@pytest.mark.parametrize("step", BOTH_WAYS, ids=str)
def test_what_is_to_come_soon_comes_though_the_clock_is_set_meanwhile(
    wall: WallClock, step: timedelta
) -> None:
    timer, called = Timer(SystemClock()), threading.Event()
    timer.add_pool(POOL, threads=1)
    timer.soon(called.set, name="once", pool=POOL)

    wall.step(step)
    timer.start()

    assert called.wait(2)
    assert timer.stop(within=timedelta(seconds=5))


def test_an_interval_holds_whatever_is_done_to_the_clock(
    wall: WallClock, timer: Timer
) -> None:
    clock, called_at = SystemClock(), list[float]()
    interval = timedelta(milliseconds=200)
    timer.every(
        interval, lambda: called_at.append(clock.monotonic()), name="tick", pool=POOL
    )

    for step in (DAY, -2 * DAY, 20_000 * DAY):
        wall.step(step)
        ticks_go_on(called_at)

    apart = [later - earlier for earlier, later in pairwise(called_at)]
    assert min(apart) > 0.15
