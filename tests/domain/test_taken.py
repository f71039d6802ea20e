"""Which of the values to come a column already holds: arithmetic, held against counting."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.limits import Range
from agent.domain.sequences import At, FedColumn, SequenceDefinition, Supply, Unused
from agent.domain.taken import (
    CLEAR,
    Sight,
    Taken,
    Unseen,
    behind,
    calls_until_past,
    coming,
    furthest,
    out_of_sight,
    worst,
)
from tests.domain.statuses import BIGINT, HUNDRED, USERS_ID

FED = replace(HUNDRED, columns=(USERS_ID,))
DOWN = replace(FED, increment=-1, minimum=-100, maximum=-1, start=-1)


def _values(sequence: SequenceDefinition, start: int) -> list[int]:
    last = sequence.maximum if sequence.ascending else sequence.minimum
    end = last + (1 if sequence.ascending else -1)
    return list(range(start, end, sequence.increment))


@given(st.integers(1, 100), st.integers(1, 100), st.sampled_from([1, 2, 7, -1, -3]))
def test_as_many_calls_as_return_the_value_or_one_before_it(
    start: int, value: int, increment: int
) -> None:
    sequence = replace(FED, increment=increment)
    sign = 1 if increment > 0 else -1

    counted = sum(sign * v <= sign * value for v in _values(sequence, start))

    assert calls_until_past(sequence, Unused(start), value) == counted


@pytest.mark.parametrize(
    ("sequence", "position", "value", "calls"),
    [
        pytest.param(FED, Unused(1), 50, 50, id="never called, 50 explicit ids"),
        pytest.param(FED, At(10), 10, 0, id="where it should be"),
        pytest.param(FED, At(10), 11, 1, id="the next one is taken"),
        pytest.param(FED, At(10), None, 0, id="an empty column"),
        pytest.param(FED, At(100), 100, 0, id="exhausted: no value comes"),
        pytest.param(DOWN, At(-3), -10, 7, id="descending"),
        pytest.param(DOWN, At(-10), -3, 0, id="descending and past it"),
        pytest.param(
            replace(FED, cycle=True), At(100), 100, 100, id="a cycle begins again"
        ),
        pytest.param(
            replace(FED, cycle=True, columns=()), At(10), 50, 0, id="a harmless cycle"
        ),
    ],
)
def test_how_far_behind(
    sequence: SequenceDefinition, position: Unused | At, value: int | None, calls: int
) -> None:
    assert calls_until_past(sequence, position, value) == calls


def test_values_that_the_sequence_steps_over_are_not_asked_for() -> None:
    odd = replace(FED, increment=2)

    near, far = coming(odd, At(11), USERS_ID)

    assert (near.within, near.origin, near.step) == (Range(13, 100), 13, 2)
    assert (near.greatest, far.greatest) == (False, True)


def test_a_descending_sequence_asks_for_the_other_end() -> None:
    near, far = coming(DOWN, At(-3), USERS_ID)

    assert near.within == far.within == Range(-100, -4)
    assert (near.greatest, far.greatest) == (True, False)
    assert furthest(DOWN, USERS_ID).greatest is False


def test_ids_beyond_the_bounds_of_the_sequence_do_not_count() -> None:
    assert furthest(FED, USERS_ID).within == Range(1, 100)


@pytest.mark.parametrize(
    ("column", "why"),
    [
        pytest.param(USERS_ID, None, id="an indexed integer"),
        pytest.param(replace(USERS_ID, base_type="numeric"), None, id="numeric"),
        pytest.param(replace(USERS_ID, locks=None), Unseen.NO_INDEX, id="no index"),
        pytest.param(
            replace(USERS_ID, readable=False), Unseen.NO_PRIVILEGE, id="denied"
        ),
        pytest.param(
            replace(USERS_ID, row_security=True, readable=False),
            Unseen.ROW_SECURITY,
            id="rows hidden, whatever is granted",
        ),
        pytest.param(
            replace(USERS_ID, untrusted=True, readable=False),
            Unseen.UNTRUSTED_CODE,
            id="not planned at all",
        ),
        pytest.param(
            replace(USERS_ID, supply=Supply.COMPUTED, locks=None),
            Unseen.COMPUTED,
            id="computed",
        ),
        pytest.param(
            replace(USERS_ID, supply=Supply.HANDED_OVER),
            Unseen.COMPUTED,
            id="a function",
        ),
        pytest.param(
            replace(USERS_ID, supply=Supply.ROUNDED), Unseen.COMPUTED, id="rounded"
        ),
        pytest.param(
            replace(USERS_ID, supply=Supply.LEFTOVER), Unseen.LEFTOVER, id="leftover"
        ),
        pytest.param(
            replace(USERS_ID, base_type="text"), Unseen.NOT_A_NUMBER, id="text"
        ),
        pytest.param(replace(USERS_ID, base_type="oid"), Unseen.NOT_A_NUMBER, id="oid"),
    ],
)
def test_which_columns_can_be_looked_at(column: FedColumn, why: Unseen | None) -> None:
    assert out_of_sight(column) is why


@pytest.mark.parametrize(
    ("sight", "calls"),
    [(CLEAR, 0), (Unseen.LOCKED, None), (Taken(nearest=20, furthest=30), 20)],
)
def test_what_is_not_seen_is_not_healthy(sight: Sight, calls: int | None) -> None:
    assert behind(FED, At(10), sight) == calls


@pytest.mark.parametrize(
    ("counts", "said"),
    [((0, 0), 0), ((0, None), None), ((), None), ((None, 3), 3), ((5, 3), 5)],
)
def test_the_worst_column_counts_and_an_unknown_one_hides_health(
    counts: tuple[int | None, ...], said: int | None
) -> None:
    assert worst(counts) == said


def test_the_whole_of_bigint_is_counted_exactly() -> None:
    whole = replace(BIGINT, minimum=-(2**63))

    assert calls_until_past(whole, Unused(-(2**63)), 2**63 - 1) == 2**64
    assert list(islice(_values(whole, 2**63 - 2), 3)) == [2**63 - 2, 2**63 - 1]
