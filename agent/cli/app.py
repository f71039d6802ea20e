"""The tree of commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any

import typer

from agent import __version__
from agent.cli import streams

NAME = "sequence-agent"

_EXAMPLES = """\
Examples:

\b
  sequence-agent inspect --dsn postgresql://agent@db.staging/app
  sequence-agent run --config config.yaml
"""


def _group() -> typer.Typer:
    return typer.Typer(
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )


def _print_version(*, wanted: bool) -> None:
    if wanted:
        streams.write(f"{NAME} {__version__}\n")
        raise typer.Exit


def _root(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Print the version and exit.",
        ),
    ] = False,
) -> None:
    """Know, for every PostgreSQL sequence, how much is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Command:
    """Where a command is: its module of agent.cli, and the names in it."""

    module: str
    function: str
    examples: str = "EXAMPLES"

    def add_to(self, typer_group: typer.Typer) -> None:
        found = import_module(f"agent.cli.{self.module}")
        call: Callable[..., Any] = getattr(found, self.function)
        typer_group.command(self.function, epilog=getattr(found, self.examples))(call)


_CONFIG = "config"
_COMMANDS = (
    _Command(module="demo", function="demo"),
    _Command(module="run", function="run"),
    _Command(module="inspect", function="inspect"),
    _Command(module="check", function="check"),
    _Command(module="forecast", function="forecast"),
    _Command(module="backtest", function="backtest"),
    _Command(module="arm", function="arm"),
    _Command(module="arm", function="disarm", examples="DISARM_EXAMPLES"),
    _Command(module="plan", function="plan"),
    _Command(module="reset", function="reset"),
    _Command(module="jobs", function="jobs"),
    _Command(module="grants", function="grants"),
)
_OF_CONFIG = (
    _Command(module="config", function="check", examples="CHECK_EXAMPLES"),
    _Command(module="config", function="schema", examples="SCHEMA_EXAMPLES"),
)


def app(wanted: str | None = None) -> typer.Typer:
    """The commands; only the wanted one if there is such, for each takes time to load."""
    names = {each.function for each in _COMMANDS} | {_CONFIG, "--version"}
    root = _group()
    root.callback(epilog=_EXAMPLES)(_root)
    for command in _COMMANDS:
        if command.function == wanted or wanted not in names:
            command.add_to(root)
    if wanted == _CONFIG or wanted not in names:
        _add_config(root)
    return root


def _add_config(root: typer.Typer) -> None:
    group = _group()
    for command in _OF_CONFIG:
        command.add_to(group)
    root.add_typer(
        group,
        name=_CONFIG,
        help="Check a configuration, or print the schema of all.",
        epilog=import_module("agent.cli.config").EXAMPLES,
    )
