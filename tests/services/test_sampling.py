from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from agent.domain.filters import NameFilter
from agent.domain.pace import Thresholds
from agent.domain.sequences import At
from agent.errors import AgentError
from agent.services.sampling import Sampler, SamplingPlan
from agent.services.selection import Selection
from tests.domain.test_limits import SEQUENCE
from tests.services.fakes import FakeServer, stopped_clock
from tests.stopped_clock import StoppedClock

HUNDRED = replace(SEQUENCE, maximum=100)


def server_with(*names: str) -> FakeServer:
    listed = [replace(HUNDRED, oid=i, name=name) for i, name in enumerate(names)]
    return FakeServer(contents={"app": listed})


def sampler_of(
    server: FakeServer,
    clock: StoppedClock | None = None,
    plan: SamplingPlan | None = None,
) -> Sampler:
    return Sampler(
        server, "app", plan=plan or SamplingPlan(), clock=clock or stopped_clock()
    )


def test_the_catalog_is_not_read_again_while_it_is_young_and_untouched() -> None:
    server, clock = server_with("a"), stopped_clock()
    sampler = sampler_of(server, clock)

    for _ in range(5):
        sampler.sample()
        clock.move(timedelta(minutes=1))

    assert server.inventories == 1


def test_the_catalog_is_read_again_when_it_is_old() -> None:
    server, clock = server_with("a"), stopped_clock()
    sampler = sampler_of(server, clock)

    sampler.sample()
    clock.move(timedelta(minutes=10))
    sampler.sample()

    assert server.inventories == 2


def test_the_catalog_is_read_again_as_soon_as_it_was_touched() -> None:
    server = server_with("a")
    sampler = sampler_of(server)

    sampler.sample()
    server.fingerprint = "second"
    server.contents["app"].append(replace(HUNDRED, oid=7, name="new"))
    status = sampler.sample()

    assert [s.sequence.name for s in status.sequences] == ["a", "new"]


def test_what_did_not_change_keeps_its_status_object() -> None:
    server = server_with("still", "moving")
    sampler = sampler_of(server)

    before = sampler.sample().sequences
    server.values[1] = 50
    after = sampler.sample().sequences

    assert after[0] is before[0]
    assert after[1].position == At(50)


def test_another_role_gets_remedies_of_its_own() -> None:
    server = server_with("a")
    sampler = sampler_of(server)

    before = sampler.sample().sequences
    server.role = "somebody_else"
    after = sampler.sample().sequences

    assert after[0] is not before[0]


def test_what_is_left_out_is_counted() -> None:
    selection = Selection(sequences=NameFilter(exclude=("*.tmp_*",)))

    status = sampler_of(
        server_with("a", "tmp_b", "tmp_c"), plan=SamplingPlan(selection=selection)
    ).sample()

    assert (len(status.sequences), status.excluded) == (1, 2)


def test_thresholds_decide_what_is_near_its_limit() -> None:
    server = server_with("a")
    server.values[0] = 40
    strict = SamplingPlan(
        thresholds=Thresholds(warning_used_ratio=0.3, critical_used_ratio=0.4)
    )

    status = sampler_of(server, plan=strict).sample()

    assert status.sequences[0].findings[0].severity.value == "critical"


def test_trouble_with_the_database_is_part_of_the_status() -> None:
    server = server_with("a")
    server.broken = AgentError("cannot connect to 'app': gone")

    status = sampler_of(server).sample()

    assert status.error == "cannot connect to 'app': gone"
    assert status.sequences == ()


def test_an_empty_database_is_connected_to_all_the_same() -> None:
    server = server_with()

    status = sampler_of(server).sample()

    assert server.sessions == 1
    assert (status.error, status.sequences) == (None, ())


@pytest.mark.parametrize(("sequences", "sessions"), [(10_000, 1), (10_001, 2)])
def test_a_connection_is_not_used_for_more_sequences_than_its_memory_bears(
    sequences: int, sessions: int
) -> None:
    server = server_with(*(f"s{i}" for i in range(sequences)))

    sampler_of(server).sample()

    assert server.sessions == sessions


def test_a_database_that_was_left_to_somebody_is_read_when_he_is_done() -> None:
    server = FakeServer(contents={"app": [SEQUENCE]}, wanted=3)

    status = Sampler(server, "app", plan=SamplingPlan(), clock=stopped_clock()).sample()

    assert status.up
    assert server.wanted == 0


def test_a_database_that_is_wanted_all_the_time_is_down_with_the_reason() -> None:
    server = FakeServer(contents={"app": [SEQUENCE]}, wanted=1000)

    status = Sampler(server, "app", plan=SamplingPlan(), clock=stopped_clock()).sample()

    assert "somebody copies" in str(status.error)
