from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from agent.config import Config, Problem, SecretUnreadableError, Server, check_secrets
from agent.config.secrets import dsn, password
from agent.errors import AgentError
from agent.secret import Secret

NO_FILE = "cannot be read: no such file or directory; create it, and let the agent's user read it"


def server(**keys: object) -> Server:
    return Server.model_validate({"name": "a", **keys})


def written(folder: Path, content: bytes) -> Path:
    path = folder / "secret"
    path.write_bytes(content)
    return path


def test_a_dsn_may_stand_in_the_configuration() -> None:
    assert dsn(server(dsn="host=db"), {}) == Secret("host=db")


def test_a_dsn_may_stand_in_a_file(tmp_path: Path) -> None:
    path = written(tmp_path, b"postgresql://agent@db/app\n")

    assert dsn(server(dsn_file=path), {}) == Secret("postgresql://agent@db/app")


def test_a_dsn_may_stand_in_a_variable() -> None:
    assert dsn(server(dsn_env="DSN"), {"DSN": "host=db"}) == Secret("host=db")


def test_a_rotated_secret_is_seen_at_the_next_look(tmp_path: Path) -> None:
    path = written(tmp_path, b"one")
    subject = server(dsn="host=db", password_file=path)
    before = password(subject)

    path.write_bytes(b"two")

    assert (before, password(subject)) == (Secret("one"), Secret("two"))


def test_there_need_be_no_password_file() -> None:
    assert password(server(dsn="host=db")) is None


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"secret", "secret"),
        (b"secret\n", "secret"),
        (b"secret\r\n", "secret"),
        (b"secret\n\n", "secret\n"),
        (b" se cret ", " se cret "),
        ("sécret".encode(), "sécret"),
    ],
)
def test_one_line_end_is_left_out_and_nothing_else(
    tmp_path: Path, content: bytes, expected: str
) -> None:
    path = written(tmp_path, content)

    assert password(server(dsn="host=db", password_file=path)) == Secret(expected)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty; write the secret into it"),
        (b"\n", "is empty; write the secret into it"),
        (b"s\xe9cret", "is not UTF-8 text"),
    ],
)
def test_a_password_file_without_a_password_is_named(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = written(tmp_path, content)

    with pytest.raises(SecretUnreadableError) as caught:
        password(server(dsn="host=db", password_file=path))

    assert str(caught.value) == f"file '{path}' {reason}"
    assert isinstance(caught.value, AgentError)


def test_a_missing_file_is_named_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(SecretUnreadableError) as caught:
        dsn(server(dsn_file=tmp_path / "none"), {})

    assert str(caught.value) == f"file '{tmp_path}/none' {NO_FILE}"


def test_a_directory_is_no_secret(tmp_path: Path) -> None:
    with pytest.raises(SecretUnreadableError, match="cannot be read: is a directory"):
        dsn(server(dsn_file=tmp_path), {})


@pytest.mark.parametrize("environ", [{}, {"DSN": ""}], ids=["unset", "empty"])
def test_a_missing_variable_is_named_with_its_remedy(
    environ: Mapping[str, str],
) -> None:
    with pytest.raises(SecretUnreadableError) as caught:
        dsn(server(dsn_env="DSN"), environ)

    assert str(caught.value) == (
        "environment variable 'DSN' is not set; start the agent with it, or use dsn_file"
    )


def test_a_server_without_any_dsn_is_named() -> None:
    with pytest.raises(
        SecretUnreadableError, match="server 'a' has no dsn; give it one"
    ):
        dsn(server(), {})


def test_what_is_no_dsn_is_not_repeated(tmp_path: Path) -> None:
    path = written(tmp_path, b"postgresql+psycopg://u:secret@db/app")

    with pytest.raises(SecretUnreadableError) as caught:
        dsn(server(dsn_file=path), {})

    assert str(caught.value) == (
        f"file '{path}' holds no DSN: is an SQLAlchemy URL;"
        " remove '+psycopg' so that it begins with postgresql://"
    )
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_all_secrets_of_a_configuration_are_tried(tmp_path: Path) -> None:
    config = Config.model_validate(
        {
            "servers": [
                {"name": "good", "dsn_env": "DSN"},
                {
                    "name": "file",
                    "dsn_file": tmp_path / "none",
                    "password_file": tmp_path / "none",
                },
                {"name": "variable", "dsn_env": "NONE"},
            ]
        }
    )

    missing = f"file '{tmp_path}/none' {NO_FILE}"
    assert check_secrets(config, {"DSN": "host=db"}) == (
        Problem(None, "servers[1].dsn_file", missing),
        Problem(None, "servers[1].password_file", missing),
        Problem(
            None,
            "servers[2].dsn_env",
            "environment variable 'NONE' is not set; start the agent with it, or use dsn_file",
        ),
    )
