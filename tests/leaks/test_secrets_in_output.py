"""Whatever goes wrong wherever, no secret and no escape comes out of the program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from urllib.parse import urlsplit

import pytest

from agent.demo.embedded import free_port
from tests.agents import RunningAgent, agent_on, until
from tests.cli.running import environment
from tests.leaks.failing import IN_LOCAL, IN_MESSAGE
from tests.postgres_servers import Database
from tests.resets.target import Target, armed_target

pytestmark = pytest.mark.any_postgres

IN_ENVIRONMENT, IN_SEED = "CANARYenvironment", "CANARYseed"
SEED = f"INSERT INTO users (name) VALUES ('{IN_SEED}')"

# One or more of each layer that a daemon works with, each below a job of the timer or a
# request. Their callers hold settings, environments, seeds and URLs.
OF_THE_DAEMON = (
    "agent.config.secrets:checked_dsn",
    "agent.postgres.connect:conninfo_to_dict",
    "agent.postgres.connect:make_conninfo",
    "agent.services.sampling:Sampler.sample",
    "agent.history.store:SqlHistory.save",
    "agent.metrics.scrape:blocks_of",
    "agent.web.page:render",
    "agent.postgres.resets.attempt:Attempt.begin",
    "agent.bootstrap.seed_files:_check",
)
FAILING = ("tests.leaks.failing", *OF_THE_DAEMON, "--")
PAGES = ("/", "/metrics", "/readyz", "/healthz")
OF_COMMANDS = [
    ("agent.config.loading:broken_rules", ["config", "check"]),
    ("agent.postgres.connect:make_conninfo", ["check", "--config"]),
    ("agent.bootstrap.seed_files:_check", ["plan", "nightly-reset", "--config"]),
    (
        "agent.postgres.connect:make_conninfo",
        ["reset", "nightly-reset", "--yes", "--config"],
    ),
    ("agent.history.connect:make_url", ["forecast", "--config"]),
    ("agent.cli.jobs:listing", ["jobs", "--config"]),
]


def config(target: Target, log_format: str) -> str:
    history = target.database.dsn.replace("postgresql://", "postgresql+psycopg://", 1)
    return dedent(
        f"""\
        listen: {{host: 127.0.0.1, port: {free_port()}}}
        log: {{format: {log_format}}}
        sampling: {{interval: 300ms}}
        history: {{url: '{history}'}}
        servers:
          - name: staging
            dsn_env: STAGING_DSN
            password_file: password
            databases: {{include: ['{target.database.name}']}}
            resets: {{environment: staging}}
        jobs:
          - name: nightly-reset
            kind: reset
            server: staging
            database: {target.database.name}
            schedule: {{every: 1s}}
            tables: {{include: [public.users, public.orders]}}
            seed: [seed.sql]
        """
    )


def desk(folder: Path, target: Target, log_format: str) -> Path:
    """A folder with a configuration and what it names."""
    (folder / "password").write_text(password_of(target.dsn))
    (folder / "seed.sql").write_text(SEED)
    path = folder / "config.yaml"
    path.write_text(config(target, log_format))
    return path


def secrets_of(target: Target) -> set[str]:
    passwords = {password_of(target.dsn), password_of(target.database.dsn)}
    return passwords | {IN_LOCAL, IN_MESSAGE, IN_ENVIRONMENT, IN_SEED}


def password_of(dsn: str) -> str:
    password = urlsplit(dsn).password
    assert password
    return password


def acted_upon(output: str) -> set[str]:
    """The characters that a terminal would not just show."""
    return {each for each in output if each != "\n" and not each.isprintable()}


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_an_unforeseen_exception_anywhere_in_the_daemon_shows_no_secret(
    database: Database,
    tmp_path: Path,
    log_format: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target = armed_target(database)
    monkeypatch.setenv("STAGING_DSN", target.dsn)
    monkeypatch.setenv("OTHER_PASSWORD", IN_ENVIRONMENT)
    monkeypatch.setenv("SEQUENCE_AGENT_DEBUG", "1")
    path = desk(tmp_path, target, log_format)

    with agent_on(path, module=FAILING) as agent:

        def all_failed() -> bool:
            pages.extend(agent.get(page)[1] for page in PAGES)
            return all(
                f"unforeseen in {place}" in logged(agent) for place in OF_THE_DAEMON
            )

        pages: list[str] = []
        until(all_failed, "exception of each layer", seconds=60)
        agent.terminate()
        output = logged(agent) + "".join(pages)

    assert not {secret for secret in secrets_of(target) if secret in output}
    assert not acted_upon(output)


def logged(agent: RunningAgent) -> str:
    return agent.log.read_text()


def test_an_unforeseen_exception_in_a_command_shows_no_secret(
    database: Database, tmp_path: Path
) -> None:
    target = armed_target(database)
    path = desk(tmp_path, target, "json")
    secrets = {"STAGING_DSN": target.dsn, "OTHER_PASSWORD": IN_ENVIRONMENT}

    for place, command in OF_COMMANDS:
        output = ""
        for debug in ("", "1"):
            ran = subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "tests.leaks.failing",
                    place,
                    "--",
                    *command,
                    str(path),
                ],
                env=environment(secrets | {"SEQUENCE_AGENT_DEBUG": debug}),
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
            output += ran.stdout + ran.stderr

        assert f"unforeseen in {place}" in output, (command, output)
        assert "Traceback (most recent call last)" in output
        assert not {secret for secret in secrets_of(target) if secret in output}
        assert not acted_upon(output)
