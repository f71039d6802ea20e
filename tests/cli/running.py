"""Runs the command as users do: as a program of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

COMMAND = (sys.executable, "-m", "agent")
NO_ENVIRONMENT: Mapping[str, str] = {}
_SECONDS = 60

Ran = subprocess.CompletedProcess[str]


def environment(changes: Mapping[str, str] = NO_ENVIRONMENT) -> dict[str, str]:
    """What a shell would give, without what would change how output is written."""
    unwanted = {"COLUMNS", "FORCE_COLOR", "NO_COLOR", "PYTHONUNBUFFERED", "TERM"}
    kept = {key: value for key, value in os.environ.items() if key not in unwanted}
    return kept | {"TERM": "xterm-256color", "PYTHONUTF8": "1"} | dict(changes)


def sequence_agent(*arguments: str, env: Mapping[str, str] = NO_ENVIRONMENT) -> Ran:
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment(env),
        capture_output=True,
        encoding="utf-8",
        timeout=_SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
    )
