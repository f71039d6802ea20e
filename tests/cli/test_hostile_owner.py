"""Whoever owns a database does not get the rights of whoever looks at it."""

from __future__ import annotations

from pathlib import Path

from tests.cli.resettable import JOB, Desk
from tests.cli.running import sequence_agent
from tests.hostile_schema import lay_on_path, ran
from tests.postgres_servers import Database
from tests.resets.target import unarmed_target

AS_SUPERUSER = (
    ("inspect", "--all"),
    ("inspect", "--all-databases", "--format", "json"),
    ("check",),
    ("arm", "--environment", "staging", "--for", "1h"),
    ("disarm",),
)


def test_no_command_runs_what_an_owner_named_like_the_catalogs_own(
    database: Database, tmp_path: Path
) -> None:
    target = unarmed_target(database)
    desk = Desk(target=target, folder=tmp_path)
    lay_on_path(database)

    codes = {
        arguments[0]: sequence_agent(*arguments, "--dsn", database.dsn).returncode
        for arguments in AS_SUPERUSER
    }
    target.arm()
    for name, *more in (("plan",), ("reset", "--yes")):
        command = sequence_agent(name, JOB, "--config", desk.config(), *more)
        codes[name] = command.returncode
    codes["jobs"] = desk.jobs().returncode
    for name in ("inspect", "check"):
        codes[f"{name} of a role"] = sequence_agent(
            name, "--dsn", target.dsn
        ).returncode

    assert not ran(database)
    assert codes == dict.fromkeys(codes, 0)
