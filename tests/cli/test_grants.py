from __future__ import annotations

import subprocess

import pytest

from agent.demo.embedded import wheel_binaries
from tests.cli.running import sequence_agent
from tests.postgres_servers import Database, role_name


def psql(database: Database, script: str) -> subprocess.CompletedProcess[str]:
    # The newest speaks with every server, and not every package of a server brings one.
    client = wheel_binaries(18) / "psql"
    return subprocess.run(
        [client, "-X", "-d", database.dsn],
        input=script,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )


@pytest.mark.parametrize("purpose", [(), ("--for", "sampling")])
def test_what_is_printed_goes_straight_into_psql(
    database: Database, purpose: tuple[str, ...]
) -> None:
    database.execute("CREATE SEQUENCE numbers")
    sampler = database.role('O\'Brien "größe" $grants$'.replace('"', ""))

    ran = sequence_agent("grants", "--role", role_name(sampler), *purpose)
    answer = psql(database, ran.stdout)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert (answer.stdout, answer.stderr) == ("DO\n", "")
    looked = sequence_agent("inspect", "--dsn", sampler)
    assert "1 unused" in looked.stdout


def test_what_is_printed_for_resets_goes_straight_into_psql(database: Database) -> None:
    resetter = database.role('O\'Brien "größe" $grants$'.replace('"', ""))
    owner = role_name(database.role("owner"))
    database.execute(f'CREATE SCHEMA app AUTHORIZATION "{owner}"')
    database.execute(
        f'CREATE TABLE app.t (id serial); ALTER TABLE app.t OWNER TO "{owner}"'
    )

    ran = sequence_agent("grants", "--role", role_name(resetter), "--for", "resets")
    answer = psql(database, ran.stdout)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert (answer.stdout, answer.stderr) == ("DO\n", "")
    with database.connect(resetter) as connection:
        connection.execute("TRUNCATE app.t RESTART IDENTITY")


def test_psql_says_when_the_role_is_missing(database: Database) -> None:
    ran = sequence_agent("grants", "--role", "nobody there")

    answer = psql(database, ran.stdout)

    first = answer.stderr.splitlines()[0]
    assert first.endswith('ERROR:  role "nobody there" does not exist')


@pytest.mark.parametrize("purpose", ["sampling", "resets"])
@pytest.mark.parametrize("role", ["", "\udcff"])
def test_what_is_no_name_of_a_role_is_refused(role: str, purpose: str) -> None:
    ran = sequence_agent("grants", "--role", role, "--for", purpose)

    assert (ran.returncode, ran.stdout) == (2, "")
    assert "--role is not the name of a role" in ran.stderr
