from __future__ import annotations

import pytest

from agent.demo.embedded import EmbeddedPostgres
from agent.domain.filters import NameFilter
from agent.services.surveying import Target, survey
from tests.postgres_servers import Database
from tests.sampled import CLOCK, server_at

ODD_NAMES = ["host=elsewhere port=1", "a 'b' \"c\" \\d", "postgresql://x@y/z", "Größe"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_database_is_reached_whatever_its_name_looks_like(
    database: Database, name: str
) -> None:
    unique = f"{name} {database.name}"
    quoted = '"' + unique.replace('"', '""') + '"'
    database.execute(f"CREATE DATABASE {quoted} TEMPLATE template0")
    try:
        target = Target(
            server=server_at(database.dsn),
            databases=NameFilter(include=(f"*{database.name}",)),
        )

        found = survey(
            [target], clock=CLOCK, concurrency=2, progress=lambda _done, _all: None
        )
    finally:
        database.execute(f"DROP DATABASE {quoted} WITH (FORCE)")

    assert {(s.datname, s.error) for s in found} == {
        (unique, None),
        (database.name, None),
    }


def test_a_database_that_may_not_be_connected_to_is_listed_with_its_refusal(
    database: Database,
) -> None:
    database.execute(f'REVOKE CONNECT ON DATABASE "{database.name}" FROM PUBLIC')
    dsn = database.role("stranger").replace(f"/{database.name}", "/postgres")
    target = Target(
        server=server_at(dsn), databases=NameFilter(include=(database.name,))
    )

    (found,) = survey(
        [target], clock=CLOCK, concurrency=2, progress=lambda _done, _all: None
    )

    assert found.error is not None
    assert "permission denied for database" in found.error


def test_databases_that_nobody_can_connect_to_are_not_listed(
    postgres: EmbeddedPostgres,
) -> None:
    assert "template0" not in server_at(postgres.dsn()).databases()
    assert "postgres" in server_at(postgres.dsn()).databases()


def test_a_session_tells_which_server_it_reached(database: Database) -> None:
    with server_at(database.dsn).open(None) as session:
        facts = session.facts()

    assert facts.datname == database.name
    assert facts.version == database.server.version.split()[0]
    assert facts.role == "postgres"
    assert not facts.in_recovery
