"""Configurations as people write them, and what is made of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.config import Config, ConfigError
from agent.config.loading import parse

SERVER = "servers: [{name: a, dsn: host=db, resets: {environment: test}}]\n"


def loaded(text: str, **environ: str) -> Config:
    return parse(text.encode(), Path("/etc/agent/config.yaml"), environ)


def problems(content: bytes, **environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(content, Path("config.yaml"), environ)
    return str(caught.value).splitlines()


def with_server(text: str) -> str:
    """A file whose first line is a good server; `text` begins on line 2."""
    return SERVER + text


def server(text: str) -> str:
    """A file with one server; `text`, its keys, begins on line 3."""
    return "servers:\n  - name: a\n    " + text.replace("\n", "\n    ")


def job(text: str) -> str:
    """A file with a good server and a job without work; `text` begins on line 4."""
    return f"{SERVER}jobs:\n  - {{name: j, kind: reset, server: a, database: app,\n{text}}}"
