from __future__ import annotations

from pathlib import Path

import pytest

from agent import __version__
from tests.cli.running import sequence_agent
from tests.goldens import golden

GOLDEN = Path(__file__).parent / "golden"
COMMANDS = (
    "",
    "demo",
    "run",
    "inspect",
    "check",
    "forecast",
    "backtest",
    "arm",
    "disarm",
    "plan",
    "reset",
    "jobs",
    "grants",
    "config",
    "config check",
    "config schema",
)


def file_of(command: str) -> Path:
    return GOLDEN / f"{'_'.join(['help', *command.split()])}.txt"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_as_it_was_agreed(command: str) -> None:
    ran = sequence_agent(*command.split(), "--help", env={"COLUMNS": "80"})

    assert ran.stdout == golden(file_of(command), ran.stdout)
    assert ran.stderr == ""
    assert ran.returncode == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples_and_fits_a_terminal(command: str) -> None:
    text = file_of(command).read_text()

    assert f"sequence-agent {command}".strip() in text.partition("Examples:")[2]
    assert max(map(len, text.splitlines())) <= 80
    assert text.isascii()


def test_short_help_is_the_same() -> None:
    short, long = (sequence_agent("inspect", option) for option in ("-h", "--help"))

    assert short.stdout == long.stdout != ""


def test_the_version_is_printed() -> None:
    ran = sequence_agent("--version")

    assert (ran.returncode, ran.stdout) == (0, f"sequence-agent {__version__}\n")
