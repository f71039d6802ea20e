"""What is wrong with a configuration, and where."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from agent.errors import MistakeError

Place = tuple[str | int, ...]
"""The keys and positions that lead to a value."""

_PLAIN_KEY = re.compile(r"[\w-]{1,40}|<<")


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: its line in the file, its path such as `servers[0].dsn`, its text."""

    line: int | None
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class ConfigError(MistakeError):
    """A configuration that cannot be used; the text has one line for each problem."""

    def __init__(
        self, problems: Iterable[Problem], source: str = "configuration"
    ) -> None:
        self.problems = tuple(sorted(problems, key=_order))
        self.source = source
        super().__init__("\n".join(located(self.problems, source)))


def located(problems: Iterable[Problem], source: str) -> list[str]:
    """Write problems the way that editors and terminals make clickable.

    >>> located([Problem(12, "servers[0].databse", "unknown key")], "config.yaml")
    ['config.yaml:12: servers[0].databse: unknown key']
    """
    return [
        f"{source}: {problem}"
        if problem.line is None
        else f"{source}:{problem.line}: {problem}"
        for problem in problems
    ]


def written(place: Place) -> str:
    """Write a place as a path; what cannot be a key's name is not repeated.

    A missing space after a colon makes a key of a whole DSN.

    >>> written(("servers", 0, "dsn:postgresql://agent:secret@db"))
    'servers[0].?'
    """
    path = ""
    for step in place:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            path += f".{step}" if _PLAIN_KEY.fullmatch(step) else ".?"
    return path.removeprefix(".")


def _order(problem: Problem) -> tuple[int, str, str]:
    return (problem.line or 0, problem.path, problem.message)
