from __future__ import annotations

import re

import pytest

from tests.cli.running import Ran, sequence_agent
from tests.postgres_servers import Database, role_name

PREFIX = "sequence-agent: error: "
NOWHERE = "postgresql://nobody@127.0.0.1:1/app"


def arm(dsn: str, *more: str, environment: str = "staging", length: str = "30d") -> Ran:
    return sequence_agent(
        "arm", "--dsn", dsn, "--environment", environment, "--for", length, *more
    )


def schemas(database: Database) -> list[tuple[object, ...]]:
    return database.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname = 'sequence_agent'"
    )


def test_arming_tells_what_was_done_and_what_comes_next(database: Database) -> None:
    agent = role_name(database.role("agent"))

    ran = arm(database.dsn, "--grant", agent)

    assert (ran.returncode, ran.stderr) == (0, "")
    first, environment, until, by, schema, granted, following = ran.stdout.splitlines()
    assert first == f"armed database {database.name}"
    assert environment == "  environment  staging"
    assert re.fullmatch(
        r"  until        \d{4}(-\d\d){2} (\d\d:){2}\d\d UTC, in 30d", until
    )
    assert re.fullmatch(r"  by           .+ \(.+ from 127\.0\.0\.1\)", by)
    assert schema.startswith("  schema       sequence_agent, created, owned by ")
    assert granted == f"  granted to   {agent}"
    assert following.startswith("next: run what 'sequence-agent grants --for resets'")


def test_arming_without_a_role_says_that_nobody_can_reset_yet(
    database: Database,
) -> None:
    ran = arm(database.dsn, length="1h30m")

    assert ran.returncode == 0
    assert "UTC, in 1h30m\n" in ran.stdout
    assert "  granted to   nobody yet\n" in ran.stdout
    assert ran.stdout.splitlines()[-1].startswith("next: arm again with --grant ROLE")


def test_disarming_tells_what_it_found(database: Database) -> None:
    runs = [sequence_agent("disarm", "--dsn", database.dsn)]
    arm(database.dsn)
    runs += [sequence_agent("disarm", "--dsn", database.dsn) for _ in range(2)]

    assert [(ran.returncode, ran.stderr) for ran in runs] == [(0, "")] * 3
    never, ended, again = (ran.stdout for ran in runs)
    name = database.name
    assert never == f"database {name} was not armed: nothing to do\n"
    assert ended.startswith(f"disarmed database {name}, environment staging, which was")
    assert "its ledger and what was granted are kept" in ended
    assert again.startswith(f"database {name} was not armed any more: that ended 2")


@pytest.mark.parametrize(
    ("environment", "length", "more", "says"),
    [
        ("staging", "soon", (), "--for is not a duration; write it like"),
        ("staging", "30", (), "--for needs a unit, such as 60s, not '30'"),
        ("staging", "0s", (), "--for must be from 1ms to 400d, not '0s'"),
        ("staging", "401d", (), "--for must be from 1ms to 400d, not '401d'"),
        ("staging", "-1d", (), "--for is not a duration"),
        (" ", "1d", (), "--environment must be a name of one line"),
        ("a\nb", "1d", (), "--environment must be a name of one line"),
        ("staging", "1d", ("--grant", ""), "--grant is not the name of a role: ''"),
        ("staging", "1d", ("--grant", "\udcff"), "--grant is not the name of a role"),
    ],
)
def test_wrong_usage_is_told_before_any_connection(
    environment: str, length: str, more: tuple[str, ...], says: str
) -> None:
    ran = arm(NOWHERE, *more, environment=environment, length=length)

    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith(PREFIX + says)
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["arm", "disarm"])
def test_what_is_no_dsn_is_wrong_usage(command: str) -> None:
    more = ("--environment", "staging", "--for", "1d") if command == "arm" else ()

    ran = sequence_agent(command, "--dsn", "mysql://u:s3cret@db/app", *more)

    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == PREFIX + "the DSN must begin with postgresql://\n"


def test_production_is_refused_before_any_connection() -> None:
    ran = arm(NOWHERE, environment="Production")

    assert (ran.returncode, ran.stdout) == (3, "")
    assert ran.stderr == (
        f"{PREFIX}the environment 'Production' means production, which is never armed\n"
    )


def test_a_database_that_says_production_is_refused(database: Database) -> None:
    database.execute(f"COMMENT ON DATABASE \"{database.name}\" IS 'PRODUCTION'")

    ran = arm(database.dsn)

    assert (ran.returncode, ran.stdout) == (3, "")
    assert "is production, says its comment ('PRODUCTION')" in ran.stderr
    assert schemas(database) == []


def test_a_role_that_could_arm_by_itself_is_refused(database: Database) -> None:
    agent = role_name(database.role("agent", attributes="SUPERUSER"))

    ran = arm(database.dsn, "--grant", agent)

    assert (ran.returncode, ran.stdout) == (3, "")
    assert ran.stderr.startswith(
        f"{PREFIX}role '{agent}' could arm this database itself"
    )
    assert schemas(database) == []


def test_an_unknown_role_costs_one_sentence(database: Database) -> None:
    ran = arm(database.dsn, "--grant", "no\nbody")

    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith(f"{PREFIX}there is no role 'no\\nbody' to grant to")
    assert ran.stderr.count("\n") == 1
    assert schemas(database) == []


def test_an_administrator_who_is_none_costs_one_sentence(database: Database) -> None:
    somebody = database.role("somebody")

    ran = arm(somebody)

    assert (ran.returncode, ran.stdout) == (1, "")
    assert "only a superuser and its owner 'postgres' may" in ran.stderr
    assert ran.stderr.count("\n") == 1
