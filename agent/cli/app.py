"""The tree of commands."""

from __future__ import annotations

from typing import Annotated

import typer

from agent import __version__
from agent.cli import (
    arm,
    backtest,
    check,
    config,
    demo,
    forecast,
    grants,
    inspect,
    plan,
    run,
    streams,
)

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


def app() -> typer.Typer:
    root = _group()
    root.callback(epilog=_EXAMPLES)(_root)
    root.command(epilog=demo.EXAMPLES)(demo.demo)
    root.command(epilog=run.EXAMPLES)(run.run)
    root.command(epilog=inspect.EXAMPLES)(inspect.inspect)
    root.command(epilog=check.EXAMPLES)(check.check)
    root.command(epilog=forecast.EXAMPLES)(forecast.forecast)
    root.command(epilog=backtest.EXAMPLES)(backtest.backtest)
    root.command(epilog=arm.EXAMPLES)(arm.arm)
    root.command(epilog=arm.DISARM_EXAMPLES)(arm.disarm)
    root.command(epilog=plan.EXAMPLES)(plan.plan)
    root.add_typer(
        _config(),
        name="config",
        help="Check a configuration, or print the schema of all.",
        epilog=config.EXAMPLES,
    )
    root.command(epilog=grants.EXAMPLES)(grants.grants)
    return root


def _config() -> typer.Typer:
    group = _group()
    group.command("check", epilog=config.CHECK_EXAMPLES)(config.check)
    group.command("schema", epilog=config.SCHEMA_EXAMPLES)(config.schema)
    return group
