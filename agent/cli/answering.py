"""From arguments to an exit code, whatever happens on the way."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer

from agent.cli import streams
from agent.cli.app import NAME, app
from agent.cli.failures import ExitCode, exit_code, sentences


def answer(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name; its exit code."""
    streams.prepare()
    try:
        return _reported(arguments)
    except BrokenPipeError:
        return ExitCode.PIPE_BROKEN
    finally:
        streams.let_go()


def _reported(arguments: Sequence[str]) -> int:
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - no traceback reaches a user
        if os.environ.get("SEQUENCE_AGENT_DEBUG"):
            streams.write_traceback(error)
        return _report(error, to_monitor=list(arguments[:1]) == ["check"])
    return code


def _run(arguments: Sequence[str]) -> int:
    command = typer.main.get_command(app(next(iter(arguments), None)))
    try:
        with command.make_context(NAME, list(arguments)) as context:
            return int(command.invoke(context))
    except typer.Exit as end:  # --help and --version
        return end.exit_code


def _report(error: Exception, *, to_monitor: bool) -> int:
    told = sentences(error)
    if to_monitor:
        from agent.domain.verdict import Level, Verdict  # noqa: PLC0415 - seldom needed

        # A monitor reads one line of standard output, and would take 2 for CRITICAL.
        line = Verdict(level=Level.UNKNOWN, summary="; ".join(told))
        streams.write(f"{line}\n")
        sys.stdout.flush()
        return Level.UNKNOWN
    for sentence in told:
        streams.complain(sentence)
    return exit_code(error)
