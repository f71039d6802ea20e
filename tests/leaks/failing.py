"""The program with unforeseen exceptions in it: python -m tests.leaks.failing PLACE… -- ARG…

A PLACE is `module:name` or `module:Class.method`. Its first call ends with an exception whose
message, arguments and local variables hold what nobody may see; later calls are as usual.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from threading import Lock
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

IN_MESSAGE = "CANARYmessage"
IN_LOCAL = "CANARYlocal"
ESCAPES = "\x1b]0;owned\x07\x1b[2J\u202e\x9b"


class UnforeseenError(Exception):
    """What no layer knows."""


def main() -> None:
    end = sys.argv.index("--")
    for place in sys.argv[1:end]:
        make_fail(place)
    sys.argv = ["sequence-agent", *sys.argv[end + 1 :]]
    from agent.cli import main as run  # noqa: PLC0415 - after the places were changed

    run()


def make_fail(place: str) -> None:
    module, _, path = place.partition(":")
    *owners, name = path.split(".")
    owner: object = import_module(module)
    for each in owners:
        owner = getattr(owner, each)
    setattr(owner, name, _failing_once(getattr(owner, name), place))


def _failing_once(call: Callable[P, R], place: str) -> Callable[P, R]:
    first = Lock()

    @wraps(call)
    def failing(*args: P.args, **kwargs: P.kwargs) -> R:
        if first.acquire(blocking=False):
            _fail(place, dict(os.environ))
        return call(*args, **kwargs)

    return failing


def _fail(place: str, environ: dict[str, str]) -> None:
    password = IN_LOCAL
    raise UnforeseenError(
        f"unforeseen in {place}: postgresql://agent:{IN_MESSAGE}@db/app {ESCAPES}"
        f" password='{IN_MESSAGE}'",
        len(environ),
        len(password),
    )


if __name__ == "__main__":
    main()
