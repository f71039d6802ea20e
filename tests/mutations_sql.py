"""Statements with one condition less."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.mutations_python import Mutant

_JOINED = re.compile(r"^\s*(AND|OR)\b")
_OPENED = re.compile(r"\b(WHERE|HAVING|ON)$")
# What a statement may do with or without.
_PARTS = (
    re.compile(r"\bFOR UPDATE( OF \w+)?( SKIP LOCKED)?"),
    re.compile(r"\bSKIP LOCKED\b"),
    re.compile(r"\bONLY\b"),
    re.compile(r"^\s*LIMIT\b.*$"),
    re.compile(r"\bON CONFLICT\b.*$"),
    re.compile(r"(?<=\S)\s+AND\b.*$"),
    re.compile(r"\bWHERE\b\s+\S.*$"),
)


def sql_mutants(text: str) -> Iterator[Mutant]:
    """Each without one condition, or one part that makes it careful."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if line.lstrip().startswith("--"):
            continue
        end = _end(lines, number)
        if _JOINED.match(line) and end is not None:
            yield _without(lines, number, end, [])
        before = lines[number - 1] if number else ""
        if _OPENED.search(before) and end is not None:
            # What is joined to it follows in lines of their own.
            yield _without(lines, number, end, ["TRUE"])
        for part in _PARTS:
            shorter = part.sub("", line)
            if shorter != line and not _JOINED.match(line):
                yield _without(lines, number, number + 1, [shorter])


def _without(lines: list[str], start: int, end: int, instead: list[str]) -> Mutant:
    text = "\n".join([*lines[:start], *instead, *lines[end:], ""])
    gone = " ".join(" ".join(lines[start:end]).split())
    what = f"{gone} -> {instead[0].strip()}" if instead else f"without {gone}"
    return Mutant(line=start + 1, what=what, text=text)


def _end(lines: list[str], start: int) -> int | None:
    """Behind the line that closes all parentheses that were opened from here on."""
    depth = 0
    for number in range(start, len(lines)):
        depth += lines[number].count("(") - lines[number].count(")")
        if depth < 0:
            return None
        if depth == 0:
            return number + 1
    return None
