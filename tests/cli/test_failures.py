from __future__ import annotations

import pytest

from agent.cli.failures import exit_code, sentences
from agent.config import ConfigError, Problem
from agent.errors import AgentError
from agent.postgres.errors import DsnError
from agent.secret import without_secrets


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://agent:s3cret@db/app",
        "postgresql://:s3cret@db/app",
        "postgresql://agent:a@s3cret@db/app",
        "postgresql://agent:a/s3cret@db/app",
        "postgresql://agent:a s3cret@db/app",
        "postgresql://user@tenant:s3cret@db/app",
        "postgresql+psycopg://agent:s3cret@db/app",
        "postgresql://db/app?password=s3cret&sslmode=require",
        "host=db password=s3cret user=agent",
        "host=db password = s3cret",
        "host=db password='a s3cret b' user=agent",
        r"host=db password='a\' s3cret' user=agent",
        "host=db password='s3cret",
        "PASSWORD=s3cret",
        "sslpassword=s3cret",
        "two://a:s3cret@b and://c:s3cret@d",
    ],
)
def test_a_password_is_blotted_out(text: str) -> None:
    shown = without_secrets(f"unexpected ({text})")

    assert "s3cret" not in shown
    assert "***" in shown
    assert shown.startswith("unexpected (")


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://agent@db:5432/app",
        'FATAL: password authentication failed for user "agent"',
        "config.yaml:3: servers[0].password_file: cannot be read",
        'connection to server at "127.0.0.1", port 5432 failed',
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert without_secrets(text) == text


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (AgentError("no"), 1),
        (DsnError("no"), 2),
        (ConfigError([Problem(1, "a", "no")]), 2),
        (RuntimeError("no"), 1),
        (OSError(28, "No space left on device"), 1),
    ],
)
def test_the_exit_code_tells_mistakes_from_trouble(error: Exception, code: int) -> None:
    assert exit_code(error) == code


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (AgentError("cannot\nconnect\x1b"), [r"cannot\nconnect\x1b"]),
        (
            ConfigError([Problem(2, "b", "no"), Problem(1, "a", "no")], "f"),
            ["f:1: a: no", "f:2: b: no"],
        ),
        (FileNotFoundError(2, "No such file", "x.sql"), ["x.sql: no such file"]),
        (OSError(28, "No space left on device"), ["no space left on device"]),
        (
            KeyError(),
            [
                "KeyError (this is a bug; SEQUENCE_AGENT_DEBUG=1 shows where it comes from)"
            ],
        ),
    ],
)
def test_every_problem_is_one_printable_line(error: Exception, told: list[str]) -> None:
    assert sentences(error) == told
