"""Standard output and error: any encoding, closed early, a terminal or not."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterable
from io import TextIOWrapper

from rich.console import Console
from rich.segment import Segment, Segments

from agent.cli.paper import Paper
from agent.domain.wording import printable
from agent.secret import without_secrets

_PIECE = 1 << 16


def prepare() -> None:
    """Make every text writable to both streams, even where there is no stream."""
    # `sequence-agent inspect >&-` leaves None behind.
    if sys.stdout is None:
        sys.stdout = _nowhere()
    if sys.stderr is None:
        sys.stderr = _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _nowhere() -> TextIOWrapper:
    return TextIOWrapper(open(os.devnull, "wb"))  # noqa: PTH123 - it stays open


def let_go() -> None:
    """Drop what nobody takes any more, or Python complains of it when it ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device, no path
                os.dup2(nowhere.fileno(), stream.fileno())


def paper() -> Paper:
    """What standard output is written on."""
    console = _console()
    return Paper(
        width=console.width if console.is_terminal else None,
        encoding=sys.stdout.encoding,
    )


def write_styled(segments: Iterable[Segment]) -> None:
    """Write to standard output, in colour where somebody sees it."""
    _console().print(Segments(segments), soft_wrap=True, end="")


def write(text: str) -> None:
    """Write to standard output as it is."""
    # In pieces: with PYTHONUNBUFFERED, Python takes a write that the reader cut short
    # for a whole one.
    for start in range(0, len(text), _PIECE):
        sys.stdout.write(text[start : start + _PIECE])


def write_error(line: str) -> None:
    """Write one line to standard error."""
    sys.stderr.write(f"{printable(line)}\n")
    sys.stderr.flush()


def write_traceback(error: Exception) -> None:
    """Write to standard error where an error comes from, as its messages may be shown."""
    lines = "".join(traceback.format_exception(error)).splitlines()
    for line in lines:
        write_error(without_secrets(line))


def complain(sentence: str) -> None:
    """Write one line to standard error, in the program's name."""
    write_error(f"sequence-agent: error: {sentence}")


class _Screen(Console):
    """A console that leaves broken pipes to us."""

    def on_broken_pipe(self) -> None:
        raise  # noqa: PLE0704 - rich calls this while it handles the error


def _console() -> Console:
    # Whether there is a terminal is for isatty alone to say: environment variables
    # such as FORCE_COLOR would put escapes into pipes.
    return _Screen(
        file=sys.stdout,
        force_terminal=sys.stdout.isatty(),
        highlight=False,
        legacy_windows=False,
    )
