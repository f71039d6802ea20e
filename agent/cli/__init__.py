"""The command line: one module for each command."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command that the arguments name, and exit with its code."""
    try:
        # A Ctrl-C while the modules load should be as quiet as later.
        from agent.cli.answering import answer  # noqa: PLC0415 - within the try

        code = answer(sys.argv[1:])
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)
