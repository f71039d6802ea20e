"""Questions to an embedded server, and what is left of one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import psycopg


def ask(dsn: str, question: str) -> object:
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(question.encode())
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


def processes(parent: Path) -> list[int]:
    """Keepers, postmasters and initdb, by the directory in their command line."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = entry.read_bytes().split(b"\0")
        except (ProcessLookupError, FileNotFoundError):
            continue
        if any(each.startswith(os.fsencode(parent) + b"/pg-") for each in arguments):
            found.append(int(entry.parent.name))
    return found


def assert_nothing_left(parent: Path) -> None:
    assert processes(parent) == []
    assert list(parent.glob("pg-*")) == []


def assert_nothing_left_soon(parent: Path) -> None:
    poll(lambda: not processes(parent) and not any(parent.glob("pg-*")))


def poll(condition: Callable[[], bool]) -> None:
    deadline = time.perf_counter() + 30
    while not condition():
        assert time.perf_counter() < deadline
        time.sleep(0.005)
