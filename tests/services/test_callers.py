"""How a sequence that nobody seems to call is taken once it moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from agent.domain.sequences import Supply
from agent.domain.status import SequenceStatus
from agent.services.sampling import Sampler, SamplingPlan
from agent.services.tracking import Tracker
from tests.domain.statuses import BIGINT, USERS_ID
from tests.services.fakes import FakeServer, stopped_clock

MINUTE = timedelta(minutes=1)


def after(values: Sequence[int], supply: Supply) -> SequenceStatus:
    """What is said in the round after those in which the sequence had these values."""
    column = replace(USERS_ID, supply=supply)
    sequence = replace(BIGINT, oid=1, maximum=100, columns=(column,))
    server = FakeServer(contents={"app": [sequence]}, held={"public.users": [99]})
    clock, tracker = stopped_clock(), Tracker("fake", "app")
    sampler = Sampler(server, "app", plan=SamplingPlan(), clock=clock, tracker=tracker)
    for value in values:
        clock.move(MINUTE)
        server.values[1] = value
        sampler.sample()
    return sampler.sample().sequences[0]


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([10, 10, 10], id="stands"),
        pytest.param([10, 50, 50], id="put forward by hand, once"),
        pytest.param([10, 1, 1], id="put back"),
    ],
)
def test_a_leftover_that_is_not_called_counts_for_nothing(values: list[int]) -> None:
    status = after(values, Supply.LEFTOVER)

    assert [f.kind for f in status.findings] == ["leftover"]
    assert (status.capacity, status.behind) == (None, None)


def test_a_leftover_that_is_called_after_all_counts_as_fed() -> None:
    status = after([10, 11, 12, 13], Supply.LEFTOVER)

    assert {f.kind for f in status.findings} == {"behind_column", "burst"}
    assert status.behind == 86


def test_a_function_is_known_to_call_a_sequence_that_moves_up_to_its_end() -> None:
    status = after([98, 99, 100], Supply.HANDED_OVER)

    assert "exhausted" in [f.kind for f in status.findings]


def test_what_a_function_never_moved_may_be_at_its_end_on_purpose() -> None:
    status = after([100, 100, 100], Supply.HANDED_OVER)

    assert [f.kind for f in status.findings] == ["computed_default"]
