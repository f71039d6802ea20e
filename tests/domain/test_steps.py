from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.consumption.steps import Mark, Reason, Step, step, terms_of
from agent.domain.sequences import At, Position, SequenceDefinition, Unused
from tests.domain.statuses import BIGINT, NOON

MINUTE = timedelta(minutes=1)
PRIMARY, STANDBY = "7/00000001", "7/standby"


def mark(
    sequence: SequenceDefinition,
    position: Unused | At,
    *,
    after: timedelta = timedelta(0),
    line: str = PRIMARY,
) -> Mark:
    return Mark(
        at=NOON + after,
        oid=sequence.oid,
        filenode=sequence.filenode,
        terms=terms_of(sequence),
        position=position,
        line=line,
    )


def between(
    before: tuple[SequenceDefinition, Position],
    after: tuple[SequenceDefinition, Position],
    *,
    seconds: float = 60,
    fastest: float = 0.0,
    line: str = PRIMARY,
) -> Step:
    (first, start), (second, end) = before, after
    assert isinstance(start, Unused | At)
    assert isinstance(end, Unused | At)
    return step(
        mark(first, start),
        mark(second, end, after=timedelta(seconds=seconds), line=line),
        fastest=fastest,
    )


RESTARTED = replace(BIGINT, filenode=2)
RECREATED = replace(BIGINT, oid=2, filenode=2)
ALTERED = replace(BIGINT, filenode=2, cache=50)
TENS = replace(BIGINT, increment=10)
DOWN = replace(BIGINT, increment=-1, minimum=-100, maximum=-1, start=-1)
CYCLE = replace(BIGINT, maximum=100, cycle=True)
CYCLE_DOWN = replace(DOWN, cycle=True)
FROM_1000 = replace(BIGINT, start=1000, filenode=2)


@pytest.mark.parametrize(
    ("before", "after", "calls"),
    [
        pytest.param((BIGINT, At(5)), (BIGINT, At(5)), 0, id="nothing"),
        pytest.param((BIGINT, At(5)), (BIGINT, At(9)), 4, id="forward"),
        pytest.param((BIGINT, Unused(1)), (BIGINT, At(1)), 1, id="the first call"),
        pytest.param((BIGINT, Unused(7)), (BIGINT, At(9)), 3, id="from a set start"),
        pytest.param((TENS, At(1)), (TENS, At(51)), 5, id="increment"),
        pytest.param((DOWN, At(-5)), (DOWN, At(-9)), 4, id="descending"),
        pytest.param((CYCLE, At(99)), (CYCLE, At(3)), 4, id="cycle"),
        pytest.param((CYCLE, At(100)), (CYCLE, At(1)), 1, id="cycle from its end"),
        pytest.param((CYCLE_DOWN, At(-98)), (CYCLE_DOWN, At(-2)), 4, id="cycle down"),
        pytest.param((BIGINT, At(5)), (ALTERED, At(9)), 4, id="ALTER goes on"),
        pytest.param(
            (BIGINT, At(2**40)),
            (RESTARTED, At(2**40 + 9)),
            9,
            id="an ALTER that changed nothing, too high to be a restart",
        ),
        pytest.param((BIGINT, At(5)), (BIGINT, At(2**60)), 0, id="set far ahead"),
    ],
)
def test_calls_without_a_reset(
    before: tuple[SequenceDefinition, Position],
    after: tuple[SequenceDefinition, Position],
    calls: int,
) -> None:
    assert between(before, after) == Step(calls=calls)


@pytest.mark.parametrize(
    ("after", "reason", "calls"),
    [
        pytest.param((RESTARTED, Unused(1)), Reason.RESTART, 0, id="restart"),
        pytest.param((RESTARTED, At(40)), Reason.RESTART, 40, id="and calls"),
        pytest.param((RESTARTED, At(600)), Reason.RESTART, 600, id="beyond the old"),
        pytest.param(
            (FROM_1000, At(1004)), None, 504, id="a start changed, no restart"
        ),
        pytest.param((BIGINT, Unused(1)), Reason.SETVAL, 0, id="setval to the start"),
        pytest.param((BIGINT, At(40)), Reason.SETVAL, 40, id="setval and calls"),
        pytest.param((BIGINT, At(450)), Reason.SETVAL, 0, id="setval to elsewhere"),
        pytest.param((RECREATED, Unused(1)), Reason.RECREATED, 0, id="made anew"),
        pytest.param((RECREATED, At(7)), Reason.RECREATED, 7, id="anew and called"),
        pytest.param((RECREATED, At(2**50)), Reason.RECREATED, 0, id="anew, set"),
    ],
)
def test_how_a_sequence_at_500_is_put_back(
    after: tuple[SequenceDefinition, Position], reason: Reason | None, calls: int
) -> None:
    assert between((BIGINT, At(500)), after) == Step(calls=calls, reset=reason)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        pytest.param(
            (RESTARTED, At(60_000)),
            Step(calls=60_000, reset=Reason.RESTART),
            id="emptied and filled again",
        ),
        pytest.param((RESTARTED, At(5050)), Step(calls=50), id="altered to the same"),
        pytest.param(
            (RESTARTED, At(10**9)),
            Step(calls=0, reset=Reason.RESTART),
            id="restarted with a value of its own",
        ),
        pytest.param(
            (RECREATED, At(60_000)),
            Step(calls=60_000, reset=Reason.RECREATED),
            id="dropped, made and filled again",
        ),
        pytest.param(
            (RECREATED, At(5050)),
            Step(calls=50, reset=Reason.RECREATED),
            id="copied over",
        ),
    ],
)
def test_with_a_rate_that_is_known_the_likelier_story_is_believed(
    after: tuple[SequenceDefinition, Position], expected: Step
) -> None:
    assert between((BIGINT, At(5000)), after, fastest=1.0) == expected


def test_after_setval_as_many_calls_are_believed_as_the_rate_allows() -> None:
    put_back = ((BIGINT, At(5000)), (BIGINT, At(900)))

    assert between(*put_back, fastest=2.0).calls == 900
    assert between(*put_back, fastest=1.0).calls == 0


def test_a_cycle_that_began_again_too_soon_was_set() -> None:
    put_back = ((CYCLE, At(2)), (CYCLE, At(1)))

    assert between(*put_back, seconds=1, fastest=0.1) == Step(calls=99)
    wide = replace(BIGINT, maximum=10_000, cycle=True)
    assert between((wide, At(5000)), (wide, At(10)), fastest=0.1) == Step(
        calls=10, reset=Reason.SETVAL
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(132, Step(calls=0, ahead=True), id="it reads ahead"),
        pytest.param(100, Step(calls=0), id="the same"),
        pytest.param(68, Step(calls=0), id="the new primary is behind what was read"),
        pytest.param(1100, Step(calls=1000), id="it went on meanwhile"),
        pytest.param(20, Step(calls=20, reset=Reason.SETVAL), id="put back meanwhile"),
    ],
)
def test_another_line_of_history_is_no_consumption(value: int, expected: Step) -> None:
    taken = between((BIGINT, At(100)), (BIGINT, At(value)), line=STANDBY)

    assert taken == expected


def test_a_clock_that_steps_back_changes_no_count() -> None:
    assert between((BIGINT, At(5)), (BIGINT, At(9)), seconds=-3600) == Step(calls=4)


@given(
    start=st.integers(-(2**40), 2**40),
    increment=st.integers(-(2**20), 2**20).filter(bool),
    calls=st.integers(0, 10**6),
)
def test_calls_do_not_depend_on_direction_and_increment(
    start: int, increment: int, calls: int
) -> None:
    sequence = replace(BIGINT, increment=increment, minimum=-(2**63))

    taken = between((sequence, At(start)), (sequence, At(start + calls * increment)))

    assert taken == Step(calls=calls)
