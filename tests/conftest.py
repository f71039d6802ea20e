"""Fixtures on real PostgreSQL servers, shared by the tests of one process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import cast
from zlib import crc32

import pytest
from hypothesis import HealthCheck, settings

from agent.demo.embedded import EmbeddedPostgres, Standby
from tests.postgres_servers import Database, Servers, Source, database_on

_MAJOR = "postgres_major"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgres",
        default="16,18",
        help="major versions of PostgreSQL to test on (default: %(default)s)",
    )
    parser.addoption(
        "--postgres-one-of",
        default="",
        help="and each test on one of these, so that all together meet all of them",
    )
    parser.addoption(
        "--postgres-from",
        choices=("wheel", "npm"),
        default="wheel",
        help="where 16 and 18 come from; the others always from .cache/postgres",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "postgres: runs once per PostgreSQL version")
    # A busy machine is no fault of the code, and CI has to say the same thing twice;
    # what chance finds, it finds on developers' machines.
    in_ci = os.environ.get("CI") == "true"
    settings.register_profile(
        "shared",
        deadline=None,
        derandomize=in_ci,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("shared")
    # The developer's own PGHOST or PGOPTIONS would speak for every test's client.
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if _MAJOR in metafunc.fixturenames:
        majors = majors_of(metafunc)
        ids = [f"pg{major}" for major in majors]
        metafunc.parametrize(_MAJOR, majors, ids=ids, scope="session")


def majors_of(metafunc: pytest.Metafunc) -> list[int]:
    """The versions that a test runs on."""
    every, one_of = (
        [int(major) for major in metafunc.config.getoption(option).split(",") if major]
        for option in ("--postgres", "--postgres-one-of")
    )
    lot = crc32(metafunc.definition.nodeid.encode())
    if metafunc.definition.get_closest_marker("any_postgres"):
        return [every[lot % len(every)]]
    return every + one_of[lot % len(one_of) :][:1] if one_of else every


@pytest.hookimpl(tryfirst=True)  # before -m is looked at
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and _MAJOR in item.fixturenames:
            item.add_marker("postgres")


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Iterator[Servers]:
    source = cast("Source", pytestconfig.getoption("--postgres-from"))
    with Servers(source) as started:
        yield started


@pytest.fixture(scope="session")
def postgres(servers: Servers, postgres_major: int) -> EmbeddedPostgres:
    """A server that other tests use too: leave its settings as they are."""
    return servers.primary(postgres_major)


@pytest.fixture
def database(postgres: EmbeddedPostgres) -> Iterator[Database]:
    """An empty database of this test's own."""
    with database_on(postgres) as fresh:
        yield fresh


@pytest.fixture(scope="session")
def standby(
    servers: Servers, postgres: EmbeddedPostgres, postgres_major: int
) -> tuple[EmbeddedPostgres, Standby]:
    """The primary of `postgres` and a standby following it: do not promote it."""
    return postgres, servers.standby(postgres_major)
