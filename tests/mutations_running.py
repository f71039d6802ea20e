"""Running tests on a copy of the tree in which one thing is different.

The tests of a mutant run in a process of their own, forked from one that has loaded the
libraries already and nothing of ours. One that takes too long is killed; the servers
that it has started end with it.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pytest

from tests.mutations_python import Mutant

ROOT = Path(__file__).resolve().parent.parent
_LIBRARIES = (
    "alembic",
    "apscheduler.schedulers.background",
    "hypothesis",
    "jinja2",
    "prometheus_client",
    "psycopg",
    "pydantic",
    "sqlalchemy.orm",
    "starlette.applications",
    "structlog",
    "typer",
    "yaml",
)
_LEFT_BEHIND = shutil.ignore_patterns(
    ".*", "__pycache__", "node_modules", "dashboards", "compose"
)
_POLL_SECONDS = 0.02
_OPTIONS = (
    *("-x", "-q", "-n", "0", "--no-header", "--tb=line", "--assert=plain"),
    *("-p", "no:randomly", "-p", "no:cacheprovider"),
)


class Result(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    TIMEOUT = "timeout"


@dataclass(frozen=True, kw_only=True)
class Change:
    """A mutant of a file of ours; two of one text have one key."""

    path: str
    mutant: Mutant

    @property
    def key(self) -> str:
        text = f"{self.path}\n{self.mutant.text}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What became of a change; `stage` is which tests decided."""

    key: str
    path: str
    line: int
    what: str
    result: str
    stage: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.result} ({self.stage}): {self.what}"


@dataclass(frozen=True, kw_only=True)
class Tests:
    """Where tests are, and whether those on servers are meant or the others."""

    paths: tuple[str, ...]
    servers: bool
    major: int = 18

    def options(self, mutated: str) -> list[str]:
        """A module's own examples come first."""
        own = [mutated] if mutated.endswith(".py") and not self.servers else []
        kind = "postgres" if self.servers else "not postgres"
        return [*_OPTIONS, f"--postgres={self.major}", "-m", kind, *own, *self.paths]


def load_libraries() -> None:
    for name in _LIBRARIES:
        importlib.import_module(name)


def copy_of_the_tree() -> Path:
    """A directory to be removed by whoever asked for it."""
    copy = Path(tempfile.mkdtemp(prefix="mutants-"))
    shutil.copytree(ROOT, copy, ignore=_LEFT_BEHIND, dirs_exist_ok=True)
    if (fetched := ROOT / ".cache" / "postgres").is_dir():
        (copy / ".cache").mkdir()
        (copy / ".cache" / "postgres").symlink_to(fetched)
    return copy


def run_tests(
    copy: Path, tests: Tests, mutated: str, *, limit: float
) -> tuple[Result, str]:
    """What they say of the copy as it is, with the end of their output."""
    output = copy / "output.txt"
    process = os.fork()
    if process == 0:
        with surroundings(copy, output):
            sys.exit(pytest.main(tests.options(mutated)))
    code = ending(process, limit)
    words = output.read_text(errors="replace")[-2000:] if output.exists() else ""
    if code is None:
        return Result.TIMEOUT, words
    # 5: there are no tests of that kind.
    return (Result.SURVIVED if code in {0, 5} else Result.KILLED), words


@contextmanager
def surroundings(copy: Path, output: Path) -> Iterator[None]:
    """Ends the process that enters: with 70, or as what is within exits."""
    code = 70
    try:
        os.setsid()
        os.chdir(copy)
        written = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(written, stream)
        sys.path[:] = [str(copy), *(p for p in sys.path if p not in {"", str(ROOT)})]
        sys.dont_write_bytecode = True
        for name in [n for n in sys.modules if n.split(".")[0] in {"agent", "tests"}]:
            del sys.modules[name]
        yield
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:  # noqa: BLE001 - nobody else would hear of it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def ending(process: int, limit: float) -> int | None:
    """How a process ends; None of one that had to be killed, with its whole session."""
    deadline = time.perf_counter() + limit
    while time.perf_counter() < deadline:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(_POLL_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return None
