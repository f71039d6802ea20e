"""`sequence-agent demo`: everything on one machine, nothing to install."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from agent.cli.failures import UsageError
from agent.config.durations import parse_duration

EXAMPLES = """\
Examples:

\b
  sequence-agent demo
  sequence-agent demo --port 8080 --duration 5m
"""


def demo(
    *,
    port: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=65535,
            metavar="N",
            help="Where the HTTP pages are served.",
            show_default=False,
        ),
    ] = None,
    duration: Annotated[
        str | None,
        typer.Option(
            metavar="T",
            help="Stop after this long, such as 90s or 1h30m; else Ctrl-C does.",
        ),
    ] = None,
) -> int:
    """Watch an example application at work.

    Starts a PostgreSQL of its own, an application's traffic in it, and the daemon, which
    resets some of its tables every minute. Ctrl-C stops all of it and leaves nothing
    behind.
    """
    length = None if duration is None else _duration(duration)
    # The application's SQLAlchemy takes as long to load as all the rest together.
    from agent.demo.show import run_demo  # noqa: PLC0415 - slow to load

    return run_demo(port, length)


def _duration(text: str) -> timedelta:
    try:
        parsed = parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--duration {error}, not {text!r}") from None
    if not parsed:
        raise UsageError("--duration must be longer than nothing")
    return parsed
