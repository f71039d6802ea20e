"""What servers are called that nobody gave a name, and what is said of odd strings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.bootstrap.targets import servers_from_dsns, survey
from agent.domain.pace import Thresholds
from agent.domain.status import DatabaseStatus
from agent.postgres.connect import parse_conninfo
from agent.postgres.errors import DsnError
from agent.postgres.places import address, resolved
from tests.postgres_servers import Database


def looked_at(*dsns: str) -> Sequence[DatabaseStatus]:
    return survey(
        servers_from_dsns(dsns, all_databases=False),
        thresholds=Thresholds(),
        concurrency=2,
        progress=lambda _done, _all: None,
    )


@pytest.fixture
def services(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two services on one server, as a file of libpq names them."""
    file = tmp_path / "pg_service.conf"
    file.write_text(
        "".join(
            f"[{name}]\nhost=127.0.0.1\nport={database.server.port}\nuser=postgres\n"
            f"password={database.server.password}\ndbname={database.name}\n"
            for name in ("east", "west")
        )
    )
    monkeypatch.setenv("PGSERVICEFILE", str(file))


@pytest.mark.usefixtures("services")
def test_no_two_servers_have_one_name_and_each_is_where_it_was_found(
    database: Database,
) -> None:
    port = database.server.port
    address, dsn = f"127.0.0.1:{port}", database.dsn
    several = dsn.replace(address, f"127.0.0.1:1,127.0.0.1:{port}")

    found = looked_at(
        "service=east",
        "service=west",
        "service=nowhere",
        several,
        database.server.socket_dsn(database.name),
        dsn,
        dsn,
    )

    assert [(s.server, s.datname) for s in found] == [
        ("east", database.name),
        ("west", database.name),
        ("nowhere", "service=nowhere"),
        (address, database.name),
        (f"{database.server.home.sockets}:{port}", database.name),
        (f"{address} #2", database.name),
        (f"{address} #3", database.name),
    ]
    assert "nowhere" in str(found[2].error)
    assert [s.up for s in found] == [True, True, False, True, True, True, True]


@pytest.mark.parametrize(
    ("dsn", "name"),
    [
        ("host=db", "db:5432"),
        ("host=a,b port=1,2", "a:1,b:2"),
        ("host=a,b port=7", "a:7,b:7"),
        ("hostaddr=10.0.0.1", "10.0.0.1:5432"),
        ("postgresql://u@[::1]:7/x", "::1:7"),
        ("service=east host=db", "db:5432"),
        ("service=east port=7", "east"),
    ],
)
def test_a_server_is_called_by_its_service_or_its_hosts(dsn: str, name: str) -> None:
    assert address(parse_conninfo(dsn)) == name


def test_what_the_environment_and_libpq_say_is_what_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PGPORT", "7")
    bare = address({})
    monkeypatch.setenv("PGHOST", "elsewhere")
    of_environment = address({})
    assert resolved({"host": "db", "dbname": "app"})["dbname"] == "app"
    monkeypatch.setenv("PGSERVICE", "east")

    assert bare.startswith("/")  # a folder of sockets, and not localhost
    assert bare.endswith(":7")
    assert of_environment == "elsewhere:7"
    assert address({}) == "east"


@pytest.mark.parametrize(
    ("dsn", "said"),
    [
        ("postgresql://u:canary@db/app?schema=public", "no parameter 'schema'"),
        (
            "postgresql://u:canary@db/app?pgbouncer=true&connection_limit=1&sslmode=canary",
            "no parameters 'pgbouncer' and 'connection_limit'",
        ),
        ("host=db password='can ary' pool=5", "no parameter 'pool'"),
        ("postgresql://db/app?ary=can@ary", "write postgresql://"),
        ("host=db password=can ary=1 pool", "write postgresql://"),
    ],
)
def test_parameters_of_other_tools_are_named_by_their_keys_alone(
    dsn: str, said: str
) -> None:
    with pytest.raises(DsnError) as raised:
        parse_conninfo(dsn)

    assert said in str(raised.value)
    assert "ary" not in str(raised.value).replace("'ary'", "")
