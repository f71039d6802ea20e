from __future__ import annotations

from dataclasses import replace

from agent.domain.filters import NameFilter
from agent.domain.status import DatabaseStatus
from agent.errors import AgentError
from agent.services.surveying import Target, survey
from tests.domain.test_limits import SEQUENCE
from tests.services.fakes import FakeServer, stopped_clock


def fleet(*names: str) -> FakeServer:
    return FakeServer(contents={name: [SEQUENCE] for name in names})


def surveyed(*targets: Target) -> tuple[DatabaseStatus, ...]:
    return survey(
        targets, clock=stopped_clock(), concurrency=4, progress=lambda _done, _all: None
    )


def test_every_database_that_the_filter_admits_is_looked_at() -> None:
    target = Target(
        server=fleet("app", "billing", "template1"),
        databases=NameFilter(exclude=("template*",)),
    )

    assert [s.datname for s in surveyed(target)] == ["app", "billing"]


def test_without_a_filter_it_is_the_database_of_the_dsn() -> None:
    assert [
        s.datname for s in surveyed(Target(server=fleet("app"), databases=None))
    ] == ["app"]


def test_a_server_that_cannot_be_asked_is_shown_at_its_own_database() -> None:
    broken = replace(fleet("app"), broken=AgentError("no such host"))
    well = replace(fleet("shop"), name="well")

    found = surveyed(
        Target(server=broken, databases=NameFilter()),
        Target(server=well, databases=NameFilter()),
    )

    assert [(s.server, s.datname, s.error) for s in found] == [
        ("fake", "app", "no such host"),
        ("well", "shop", None),
    ]


def test_progress_ends_with_all_of_them() -> None:
    told: list[tuple[int, int]] = []
    target = Target(server=fleet("a", "b", "c"), databases=NameFilter())

    survey(
        [target],
        clock=stopped_clock(),
        concurrency=2,
        progress=lambda done, known: told.append((done, known)),
    )

    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]
