"""What goes wrong, in one readable sentence and an exit code; never a secret in it."""

from __future__ import annotations

import re
from enum import IntEnum

import typer

from agent.domain.wording import printable
from agent.errors import AgentError, MistakeError
from agent.secret import without_secrets


class ExitCode(IntEnum):
    """The exit codes of the public contract, for all commands but `check`."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    PARTLY = 4
    INTERRUPTED = 130  # as a shell counts SIGINT
    PIPE_BROKEN = 141  # and SIGPIPE


class UsageError(MistakeError):
    """Wrong usage that only the command itself can see."""


def exit_code(error: Exception) -> int:
    if isinstance(error, MistakeError):
        return ExitCode.USAGE
    if isinstance(error, typer.TyperException):
        return error.exit_code
    return ExitCode.FAILED


def sentences(error: Exception) -> list[str]:
    """One for each problem, on one line each."""
    if isinstance(error, MistakeError):
        told = str(error).splitlines()
    elif isinstance(error, AgentError):
        told = [str(error)]
    elif isinstance(error, typer.TyperException):
        told = [_usage(error)]
    else:
        told = [_surprise(error)]
    return [printable(without_secrets(sentence)) for sentence in told]


_PLAIN_WORDS = (
    (r"Value error, ", ""),
    (r"Input should be", "must be"),
    (r"\. Did you mean", ", did you mean"),
    (r" \(Possible options: (.*)\)$", r", did you mean \1?"),
)


def _usage(error: typer.TyperException) -> str:
    said = error.format_message().rstrip(".")
    for pattern, words in _PLAIN_WORDS:
        said = re.sub(pattern, words, said)
    context = getattr(error, "ctx", None)
    where = f" (see {context.command_path} --help)" if context else ""
    return said[:1].lower() + said[1:] + where


def _surprise(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        named = f"{error.filename}: " if error.filename else ""
        return f"{named}{error.strerror.lower()}"
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return f"{said} (this is a bug; SEQUENCE_AGENT_DEBUG=1 shows where it comes from)"
