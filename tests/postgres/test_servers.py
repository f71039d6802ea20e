from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from agent.demo.embedded import EmbeddedPostgres
from agent.domain.databases import Exclusion
from agent.domain.filters import NameFilter
from agent.domain.status import DatabaseStatus
from agent.errors import DatabaseWantedError
from agent.postgres.errors import PoolerConsoleError
from agent.services.sampling import Sampler, SamplingPlan
from agent.services.surveying import Target, discover, survey
from tests.agents import until
from tests.pooling import pooling
from tests.postgres_servers import Database, database_on
from tests.sampled import CLOCK, sample, server_at

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


def test_what_nobody_can_connect_to_is_left_out_with_its_reason_and_what_is_named_is_not(
    database: Database,
) -> None:
    stranger = database.role("stranger").replace(f"/{database.name}", "/postgres")
    names = {each: f"{database.name} {each}" for each in Exclusion}
    names[Exclusion.TEMPLATE] = "shop" + database.name
    plain = "template_" + database.name
    for name in (*names.values(), plain):
        database.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    for exclusion, statement in CLOSING.items():
        database.execute(statement.format(f'"{names[exclusion]}"'))
    with database.connect() as catalog:
        catalog.execute(
            "UPDATE pg_database SET datconnlimit = -2 WHERE datname = %s",
            [names[Exclusion.INVALID]],
        )
    try:
        found = looked_at(stranger, NameFilter(include=(f"*{database.name}*",)))
        by_superuser = looked_at(
            database.dsn, NameFilter(include=(f"*{database.name}*",))
        )
        named = looked_at(stranger, NameFilter(include=tuple(names.values())))
    finally:
        template = f"shop{database.name}"
        database.execute(f'ALTER DATABASE "{template}" IS_TEMPLATE false')
        for name in (*names.values(), plain, template):
            database.execute(f'DROP DATABASE IF EXISTS "{name}"')

    del names[Exclusion.PG_HBA]
    for exclusion, name in names.items():
        assert found[name].exclusion is exclusion
        assert found[name].error is None
        assert named[name].exclusion is None
    assert found[plain].up
    for exclusion in (Exclusion.CONNECTION_LIMIT, Exclusion.NO_PRIVILEGE):
        assert by_superuser[names[exclusion]].up
    assert named[names[Exclusion.TEMPLATE]].up
    assert "permission denied" in str(named[names[Exclusion.NO_PRIVILEGE]].error)


def test_a_database_is_reached_whatever_encoding_its_name_has_and_the_first_one_has(
    database: Database,
) -> None:
    latin = f"{database.name}_latin"
    names = {
        f"{database.name} größe \\ '": f"{database.name} größe \\ '".encode(),
        f"{database.name} gr\\xf6\\xdfe": f"{database.name} größe".encode("latin-1"),
    }
    with psycopg.connect(database.dsn, autocommit=True) as plain:
        plain.execute(
            f"CREATE DATABASE {latin} TEMPLATE template0 ENCODING LATIN1"
            " LC_COLLATE 'C' LC_CTYPE 'C'".encode()
        )
    elsewhere = database.server.dsn(latin)
    with psycopg.connect(elsewhere, autocommit=True) as raw:
        raw.execute("SET client_encoding TO SQL_ASCII")
        for name in names.values():
            raw.execute(b'CREATE DATABASE "' + name + b'"')
    pattern = NameFilter(include=(f"{database.name} *",))
    try:
        found = [looked_at(dsn, pattern) for dsn in (database.dsn, elsewhere)]
    finally:
        with psycopg.connect(elsewhere, autocommit=True) as raw:
            raw.execute("SET client_encoding TO SQL_ASCII")
            for name in names.values():
                raw.execute(b'DROP DATABASE "' + name + b'"')
        database.execute(f"DROP DATABASE {latin}")

    for statuses in found:
        assert {name: s.error for name, s in statuses.items()} == dict.fromkeys(names)


def looked_at(dsn: str, databases: NameFilter) -> dict[str, DatabaseStatus]:
    target = Target(server=server_at(dsn), databases=databases)
    found = survey(
        [target], clock=CLOCK, concurrency=2, progress=lambda _done, _all: None
    )
    return {status.datname: status for status in found}


CLOSING = {
    Exclusion.TEMPLATE: "ALTER DATABASE {} IS_TEMPLATE true",
    Exclusion.CONNECTIONS_FORBIDDEN: "ALTER DATABASE {} ALLOW_CONNECTIONS false",
    Exclusion.CONNECTION_LIMIT: "ALTER DATABASE {} CONNECTION LIMIT 0",
    Exclusion.NO_PRIVILEGE: "REVOKE CONNECT ON DATABASE {} FROM PUBLIC",
}


def test_what_pg_hba_rejects_is_left_out_unless_it_is_named_or_was_read_before(
    postgres: EmbeddedPostgres,
) -> None:
    own = EmbeddedPostgres(postgres.binaries)
    with own, database_on(own) as database:
        dsn = database.role("guest")
        elsewhere = dsn.replace(f"/{database.name}", "/postgres")
        sampler = Sampler(
            server_at(dsn), None, plan=SamplingPlan(), clock=CLOCK, needed=False
        )
        before = sampler.sample()
        hba = own.data / "pg_hba.conf"
        hba.write_text(f"host {database.name} all all reject\n{hba.read_text()}")
        own.restart()

        left_out = looked_at(elsewhere, NameFilter(include=(f"{database.name}*",)))
        named = looked_at(elsewhere, NameFilter(include=(database.name,)))
        after = sampler.sample()

    assert before.up
    assert left_out[database.name].exclusion is Exclusion.PG_HBA
    for status in (named[database.name], after):
        assert status.exclusion is None
        assert "pg_hba.conf" in str(status.error)


def test_a_session_tells_which_server_it_reached(database: Database) -> None:
    with server_at(database.dsn).open(None) as session:
        facts = session.facts()

    assert facts.datname == database.name
    assert facts.version == database.server.version.split()[0]
    assert facts.role == "postgres"
    assert not facts.in_recovery


def test_whoever_copies_a_database_is_made_way_for(database: Database) -> None:
    copy = f"{database.name}_copy"
    statement = f'CREATE DATABASE "{copy}" TEMPLATE "{database.name}"'
    with ThreadPoolExecutor(1) as others:
        try:
            with server_at(database.dsn).open(None) as session:
                copying = others.submit(run, database.server.dsn(), statement)
                with pytest.raises(DatabaseWantedError):
                    until(lambda: session.facts() is None, "way to be made")
            copying.result()
            again = sample(database.dsn)
        finally:
            database.execute(f'DROP DATABASE IF EXISTS "{copy}"')

    assert again.up


def run(dsn: str, statement: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement.encode())


def test_a_function_that_is_refused_is_not_called(database: Database) -> None:
    control = "pg_catalog.pg_control_system()"
    dsn = database.role("sampler")
    database.execute(f"REVOKE EXECUTE ON FUNCTION {control} FROM PUBLIC")

    denied = _denied(database)
    with server_at(dsn).open(None) as session:
        facts = session.facts()

    assert facts.line == "primary"
    assert _denied(database) == denied


def _denied(database: Database) -> int:
    """Calls refused so far in any database of the server, which tests share."""
    log = database.server.home.log.read_text()
    return log.count("permission denied for function pg_control_system")


def test_the_console_of_a_pooler_is_named_as_what_it_is(database: Database) -> None:
    with pooling(database.dsn) as through:
        console = through.replace(f"/{database.name}", "/pgbouncer")
        target = Target(server=server_at(console), databases=NameFilter())

        with pytest.raises(PoolerConsoleError, match="admin console"):
            discover(target)
        found, behind = sample(console), sample(through)

    assert "admin console" in str(found.error)
    assert behind.up
